import { once } from 'node:events'
import { createWriteStream, type WriteStream } from 'node:fs'
import type { AuditEvent } from './audit-log.ts'

/** Audit events as JSON lines at the end of a file. */
export class AuditFile {
  readonly #stream: WriteStream
  #failure: Error | undefined

  private constructor(stream: WriteStream, path: string) {
    this.#stream = stream
    stream.on('error', (failure) => {
      if (this.#failure === undefined) {
        process.emitWarning(`the practice cluster cannot write its audit log ${path}: ${failure.message}`)
      }
      this.#failure ??= failure
    })
  }

  /** Rejects with the file system's error when the file cannot be opened. */
  static async open(path: string): Promise<AuditFile> {
    const stream = createWriteStream(path, { flags: 'a', mode: 0o600 })
    await once(stream, 'open')
    return new AuditFile(stream, path)
  }

  append(event: AuditEvent): void {
    if (this.#stream.writable) this.#stream.write(`${JSON.stringify(event)}\n`)
  }

  /** Rejects with the first error of writing; nothing was appended after it. */
  async close(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure
    const finished = once(this.#stream, 'close')
    this.#stream.end()
    await finished
    if (this.#failure !== undefined) throw this.#failure as Error
  }
}
