import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Adapter } from 'lowdb'
import { Fault } from '../model/fault.ts'

/**
 * One JSON document in one file (mode 0600), as lowdb reads and writes it. A write is whole or not there: written
 * beside, flushed to disk, renamed over, the folder flushed.
 */
export class DocumentFile implements Adapter<unknown> {
  readonly #path: string

  constructor(path: string) {
    this.#path = path
  }

  /** Null when there is no file. Throws ERR_STATE when it cannot be read or is no JSON object; it is then left as it is. */
  async read(): Promise<unknown> {
    const text = await this.#text()
    if (text === undefined) return null
    const document = parse(this.#path, text)
    if (typeof document !== 'object' || document === null) throw broken(this.#path, 'is not a JSON object')
    return document
  }

  async write(document: unknown): Promise<void> {
    const beside = `${this.#path}.new`
    try {
      await writeDurably(beside, JSON.stringify(document))
      await rename(beside, this.#path)
      await flushFolder(dirname(this.#path))
    } catch (cause) {
      await rm(beside, { force: true }).catch(() => undefined)
      throw unusable(this.#path, 'cannot be written', cause)
    }
  }

  async #text(): Promise<string | undefined> {
    try {
      return await readFile(this.#path, 'utf8')
    } catch (cause) {
      if (errorCode(cause) === 'ENOENT') return undefined
      throw unusable(this.#path, 'cannot be read', cause)
    }
  }
}

/** Makes the folder with mode 0700 when it is not there. Throws ERR_STATE. */
export async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
  } catch (cause) {
    throw unusable(folder, 'cannot be made', cause)
  }
}

/** ERR_STATE for a file whose content nobody can trust. */
export function broken(path: string, problem: string, cause?: unknown): Fault {
  return new Fault('ERR_STATE', `The state file ${path} ${problem}.`, {
    advice: 'Nothing was overwritten. Restore it from a backup, or move it away to start without what it held.',
    cause,
  })
}

function parse(path: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw broken(path, 'is not JSON', cause)
  }
}

async function writeDurably(path: string, text: string): Promise<void> {
  const file = await open(path, 'w', 0o600)
  try {
    await file.chmod(0o600)
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
}

async function flushFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

const advices: Readonly<Record<string, string>> = {
  ENOSPC: 'The disk is full: free some space.',
  EDQUOT: 'Your disk quota is used up: free some space.',
  EROFS: 'The file system is read-only: choose another folder with --state DIR.',
  EACCES: 'Permission is missing: choose a folder that you may write with --state DIR.',
  EPERM: 'Permission is missing: choose a folder that you may write with --state DIR.',
}

function unusable(path: string, problem: string, cause: unknown): Fault {
  const code = errorCode(cause)
  return new Fault('ERR_STATE', `The state ${path} ${problem} (${code}).`, {
    advice: advices[code] ?? 'Check the state folder, or choose another with --state DIR.',
    cause,
  })
}

function errorCode(cause: unknown): string {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown error'
}
