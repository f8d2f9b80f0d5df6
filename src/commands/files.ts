import { open, readFile, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { fileProblem } from '../config/file-problem.ts'
import { Fault } from '../model/fault.ts'

/** Writes a 0600 file so that a reader sees the old or the new content, never a half. Throws ERR_STATE. */
export async function writePrivateFile(path: string, content: string): Promise<void> {
  const temporary = `${path}.${process.pid}.new`
  try {
    const file = await open(temporary, 'w', 0o600)
    try {
      await file.writeFile(content)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (cause) {
    await rm(temporary, { force: true })
    throw new Fault('ERR_STATE', `Cannot write ${path}: ${fileProblem(cause)}.`, {
      advice: `Make ${dirname(path)} writable, free some space, or choose another place.`,
      cause,
    })
  }
}

/** The file's text, or undefined when it does not exist. Throws ERR_STATE for every other failure. */
export async function readOptional(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code
    if (code === 'ENOENT') return undefined
    throw new Fault('ERR_STATE', `Cannot read ${path}: ${fileProblem(cause)}.`, { cause })
  }
}
