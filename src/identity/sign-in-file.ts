import { constants } from 'node:fs'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { randomBytes } from 'node:crypto'
import { dirname } from 'node:path'
import { z } from 'zod'
import { Fault } from '../model/fault.ts'

const signInSchema = z.strictObject({
  issuer: z.string(),
  clientID: z.string(),
  idToken: z.string(),
  /** Null where the provider gives none. */
  refreshToken: z.string().nullable(),
})

/** What is kept of a person who signed in. */
export type SignIn = z.output<typeof signInSchema>

export interface Stored<T> {
  /** Names this sign-in, through all its refreshes. */
  readonly id: string
  readonly signIn: T
}

export type StoredSignIn = Stored<SignIn>

/** A new name: 192 random bits, base64url. */
export function newSignInID(): string {
  return randomBytes(24).toString('base64url')
}

/**
 * The sign-in in the file, or undefined when there is none. Throws ERR_STATE when others could read it or it is not ours: the
 * first line is the name, for scripts; the second is JSON.
 */
export function readSignIn(path: string): Promise<StoredSignIn | undefined> {
  return readSignInAs(signInSchema, path)
}

/** The same for a sign-in of another shape. */
export async function readSignInAs<T>(schema: z.ZodType<T>, path: string): Promise<Stored<T> | undefined> {
  try {
    await using file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW)
    const { uid, mode } = await file.stat()
    if (uid !== process.getuid?.() || (mode & 0o077) !== 0) {
      throw unusable(path, 'others may read or change it', 'Remove it, and run `chaperone login` again.')
    }
    const [id = '', json = ''] = (await file.readFile('utf8')).split('\n')
    if (!/^[A-Za-z0-9_-]{32}$/.test(id)) throw damaged(path)
    return { id, signIn: schema.parse(JSON.parse(json)) }
  } catch (thrown) {
    if (thrown instanceof Fault) throw thrown
    const { code } = thrown as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    // The cause would quote the file, and so a token.
    if (code === undefined) throw damaged(path)
    throw unusable(path, `it cannot be read (${code})`, 'Remove it, and run `chaperone login` again.')
  }
}

/** Replaces the file whole (0600). Throws ERR_STATE. */
export async function writeSignIn(path: string, { id, signIn }: Stored<unknown>): Promise<void> {
  const temporary = `${path}.${randomBytes(9).toString('base64url')}.new`
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    {
      await using file = await open(temporary, 'wx', 0o600)
      await file.writeFile(`${id}\n${JSON.stringify(signIn)}\n`)
      await file.sync()
    }
    await rename(temporary, path)
  } catch (thrown) {
    await rm(temporary, { force: true })
    const { code = 'unknown error' } = thrown as NodeJS.ErrnoException
    throw unusable(path, `it cannot be written (${code})`, 'Check the free space and the mode of its folder.')
  }
}

/** Throws ERR_STATE when it is there and cannot be removed. */
export async function removeSignIn(path: string): Promise<void> {
  try {
    await rm(path, { force: true })
  } catch (thrown) {
    const { code = 'unknown error' } = thrown as NodeJS.ErrnoException
    throw unusable(path, `it cannot be removed (${code})`, 'Remove it yourself.')
  }
}

function damaged(path: string): Fault {
  return unusable(path, 'it holds no sign-in', 'Remove it, and run `chaperone login` again.')
}

function unusable(path: string, what: string, advice: string): Fault {
  return new Fault('ERR_STATE', `The sign-in ${path} cannot be used: ${what}.`, { advice })
}
