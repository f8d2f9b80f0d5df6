import { closeSync, fsyncSync, ftruncateSync, openSync, writeSync } from 'node:fs'
import { mkdir, open, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Fault } from '../model/fault.ts'

/** Longest time an event stays in memory; half of the 100 ms promised, so that a busy event loop keeps the promise. */
const maxDelayMs = 50
/** A batch this large is written at once: it bounds memory when a program writes flat out. */
const maxBatchChars = 64 * 1024

/**
 * An append-only file of whole lines, written in batches. Writing is synchronous: a disk that cannot keep up slows the
 * session instead of filling memory, and no crash handler has to wait.
 */
export class CastFile {
  readonly #fd: number
  readonly #onFailure: (failure: Fault) => void
  #pending = ''
  #bytes = 0
  #timer: NodeJS.Timeout | undefined

  private constructor(fd: number, onFailure: (failure: Fault) => void) {
    this.#fd = fd
    this.#onFailure = onFailure
  }

  /** Creates `path` (0600, its folder 0700) with `header` on disk. Throws ERR_RECORDING, also when the file exists. */
  static async create(path: string, header: string, onFailure: (failure: Fault) => void): Promise<CastFile> {
    const folder = dirname(path)
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 })
    } catch (cause) {
      throw unwritable('The folder of the recordings cannot be made', cause)
    }
    const found = await stat(folder)
    if (found.uid !== process.getuid?.() || (found.mode & 0o077) !== 0) {
      throw new Fault('ERR_RECORDING', `Others may read the recordings in ${folder}.`, {
        advice: `Run: chmod 700 ${folder}, as its owner.`,
      })
    }
    const failed = (cause: unknown) => unwritable(`The recording ${path} cannot be started`, cause)
    const file = new CastFile(openNew(path, failed), onFailure)
    try {
      file.#writeWhole(header)
      fsyncSync(file.#fd)
      await syncFolder(folder)
      return file
    } catch (cause) {
      closeSync(file.#fd)
      await rm(path, { force: true })
      throw failed(cause)
    }
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Adds one line; on disk within 100 ms. */
  append(line: string): void {
    this.#pending += line
    if (this.#pending.length >= maxBatchChars) this.flush()
    else this.#timer ??= setTimeout(() => this.flush(), maxDelayMs)
  }

  /** Writes what is pending; a failure goes to `onFailure`. */
  flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const batch = this.#pending
    this.#pending = ''
    if (batch === '') return
    try {
      this.#writeWhole(batch)
    } catch (cause) {
      this.#onFailure(this.#cutBack(cause))
    }
  }

  /** Flushes, fsyncs and closes. A failure goes to `onFailure`. */
  close(): void {
    this.flush()
    try {
      fsyncSync(this.#fd)
    } catch (cause) {
      this.#onFailure(unwritable('The recording cannot be written', cause))
    } finally {
      closeSync(this.#fd)
    }
  }

  #writeWhole(text: string): void {
    const buffer = Buffer.from(text)
    for (let at = 0; at < buffer.length;) at += writeSync(this.#fd, buffer, at)
    this.#bytes += buffer.length
  }

  /** A batch that was written in part ends inside a line: the file goes back to its last whole batch. */
  #cutBack(cause: unknown): Fault {
    try {
      ftruncateSync(this.#fd, this.#bytes)
      return unwritable('The recording cannot be written', cause)
    } catch (second) {
      return unwritable(
        'The recording cannot be written, and its last line is incomplete',
        new AggregateError([cause, second]),
      )
    }
  }
}

function openNew(path: string, failed: (cause: unknown) => Fault): number {
  try {
    return openSync(path, 'wx', 0o600)
  } catch (cause) {
    throw failed(cause)
  }
}

async function syncFolder(folder: string): Promise<void> {
  await using handle = await open(folder)
  await handle.sync()
}

function unwritable(what: string, cause: unknown): Fault {
  const code = (cause as NodeJS.ErrnoException).code ?? 'unknown error'
  return new Fault('ERR_RECORDING', `${what} (${code}).`, {
    advice: 'Check the free space and the mode of the recordings folder.',
    cause,
  })
}
