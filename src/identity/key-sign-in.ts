import { randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { z } from 'zod'
import { Fault } from '../model/fault.ts'
import { newSignInID, readSignInAs, removeSignIn, writeSignIn } from './sign-in-file.ts'
import { readSubjectKey, subjectToken } from './subject-token.ts'

const keySignInSchema = z.strictObject({
  /** Of the subjects file. */
  audience: z.string(),
  name: z.string(),
  /** Absolute path of the private key, which stays where it is. */
  keyFile: z.string(),
  /** RFC 3339: then it takes another sign-in. */
  until: z.iso.datetime(),
})

/** What is kept of somebody who signed in with a key. */
export type KeySignIn = z.output<typeof keySignInSchema>

const login = 'Run `chaperone login --name NAME --key FILE`.'

/** Keeps it in place of what was there. Rejects with ERR_STATE. */
export async function keepKeySignIn(path: string, signIn: KeySignIn): Promise<void> {
  await writeSignIn(path, { id: newSignInID(), signIn })
}

/** A token of whoever signed in, made now. Rejects with ERR_UNAUTHENTICATED when nobody did or the time is over, ERR_STATE, ERR_USAGE. */
export async function keyToken(path: string, audience: string, now: () => number): Promise<string> {
  const stored = await readSignInAs(keySignInSchema, path)
  if (stored === undefined) throw new Fault('ERR_UNAUTHENTICATED', 'Nobody is signed in.', { advice: login })
  const { signIn } = stored
  if (Date.parse(signIn.until) <= now()) {
    await removeSignIn(path)
    throw new Fault('ERR_UNAUTHENTICATED', 'Your sign-in is over.', { advice: login })
  }
  if (signIn.audience !== audience) {
    throw new Fault('ERR_UNAUTHENTICATED', 'The sign-in is one for another subjects file.', { advice: login })
  }
  const key = readSubjectKey(await readKeyFile(signIn.keyFile), signIn.keyFile)
  return subjectToken({ name: signIn.name, audience, key }, now(), randomUUID)
}

/** Who is signed in; undefined when nobody is. Rejects with ERR_STATE. */
export async function keySignIn(path: string): Promise<KeySignIn | undefined> {
  return (await readSignInAs(keySignInSchema, path))?.signIn
}

/** The text of a private key's file. Rejects with ERR_USAGE, also when others may read it. */
export async function readKeyFile(path: string): Promise<string> {
  try {
    await using file = await open(path, constants.O_RDONLY)
    const { uid, mode } = await file.stat()
    if (uid === process.getuid?.() && (mode & 0o077) === 0) return await file.readFile('utf8')
  } catch (thrown) {
    const { code = 'unknown error' } = thrown as NodeJS.ErrnoException
    throw new Fault('ERR_USAGE', `The key ${path} cannot be read (${code}).`, { advice: login, cause: thrown })
  }
  throw new Fault('ERR_USAGE', `Others may read or change the key ${path}, so it is not used.`, {
    advice: `Run chmod 600 ${path}; if others did read it: chaperone subject rekey NAME.`,
  })
}
