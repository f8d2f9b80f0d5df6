import { randomBytes } from 'node:crypto'
import { link, lstat, mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Fault } from '../model/fault.ts'

/** Makes `folder` (0700), or checks that an existing one is ours alone. Throws ERR_STATE. */
export async function preparePrivateFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
  } catch (cause) {
    throw unusable(folder, 'it cannot be made', 'Give a state folder that you may write.', cause)
  }
  const found = await lstat(folder)
  if (!found.isDirectory()) throw unusable(folder, 'it is not a folder', `Remove ${folder} and start again.`)
  assertOurs(folder, found, `Run: chmod 700 ${folder}`)
}

/** The content of a private file, or undefined when there is none. Throws ERR_STATE when others could read or swap it. */
export async function readPrivateFile(path: string): Promise<Buffer | undefined> {
  try {
    const found = await lstat(path)
    if (!found.isFile()) throw unusable(path, 'it is not a plain file', `Remove ${path} and start again.`)
    assertOurs(path, found, `If nobody else read it, run: chmod 600 ${path}. Else remove it, and a new one is made.`)
    return await readFile(path)
  } catch (cause) {
    if (cause instanceof Fault) throw cause
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw unusable(path, 'it cannot be read', `Check its owner and mode, or remove it.`, cause)
  }
}

/**
 * Creates the file whole (0600) unless it exists, and returns what is there afterwards: when two processes start at
 * once, both get the same content.
 */
export async function createPrivateFile(path: string, content: Uint8Array): Promise<Buffer> {
  const temporary = await writeTemporary(path, content, 0o600)
  try {
    await link(temporary, path)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw unwritable(path, cause)
  } finally {
    await rm(temporary, { force: true })
  }
  const found = await readPrivateFile(path)
  if (found === undefined) throw unusable(path, 'it vanished while it was made', 'Start again.')
  return found
}

/** Replaces the file whole: a reader sees the old content or the new, never a part. */
export async function replaceFile(path: string, content: Uint8Array, mode: number): Promise<void> {
  const temporary = await writeTemporary(path, content, mode)
  try {
    await rename(temporary, path)
  } catch (cause) {
    await rm(temporary, { force: true })
    throw unwritable(path, cause)
  }
}

/** A file of the trust folder that is there but is not what it should be. */
export function broken(path: string, what: string, cause?: unknown): Fault {
  return unusable(path, what, `Restore ${path} from a backup, or remove it and a new one is made.`, cause)
}

async function writeTemporary(path: string, content: Uint8Array, mode: number): Promise<string> {
  const temporary = join(dirname(path), `.${randomBytes(9).toString('base64url')}.new`)
  try {
    await using file = await open(temporary, 'wx', mode)
    await file.writeFile(content)
    await file.sync()
    return temporary
  } catch (cause) {
    await rm(temporary, { force: true })
    throw unwritable(path, cause)
  }
}

function assertOurs(path: string, found: { readonly uid: number; readonly mode: number }, advice: string): void {
  if (found.uid !== process.getuid?.()) throw unusable(path, 'it belongs to another user', `Remove ${path}.`)
  if ((found.mode & 0o077) !== 0) throw unusable(path, 'others may read it', advice)
}

function unwritable(path: string, cause: unknown): Fault {
  const code = (cause as NodeJS.ErrnoException).code ?? 'unknown error'
  return unusable(path, `it cannot be written (${code})`, 'Check the free space and the mode of its folder.', cause)
}

function unusable(path: string, what: string, advice: string, cause?: unknown): Fault {
  return new Fault('ERR_STATE', `${path} cannot be used: ${what}.`, { advice, cause })
}
