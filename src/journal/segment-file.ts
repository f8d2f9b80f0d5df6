import { constants } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault } from '../model/fault.ts'
import { segmentName, syncFolder } from './segments.ts'

/** The segment that is written now. Only `keep` makes what was written count; anything else is overwritten. */
export class SegmentFile {
  readonly number: number
  readonly #handle: FileHandle
  #kept: number
  #written: number

  private constructor(number: number, handle: FileHandle, kept: number) {
    this.number = number
    this.#handle = handle
    this.#kept = kept
    this.#written = kept
  }

  /** Opens (0600) a segment whose whole lines take `bytes`; makes it when it is not there. */
  static async open(folder: string, number: number, bytes: number): Promise<SegmentFile> {
    const { O_RDWR, O_CREAT, O_NOFOLLOW } = constants
    const handle = await open(join(folder, segmentName(number)), O_RDWR | O_CREAT | O_NOFOLLOW, 0o600)
    try {
      const { size } = await handle.stat()
      if (size !== bytes) throw new Fault('ERR_JOURNAL', `${segmentName(number)} changed while it was opened.`)
      await syncFolder(folder)
      return new SegmentFile(number, handle, bytes)
    } catch (cause) {
      await handle.close()
      throw cause
    }
  }

  /** Bytes of all kept lines. */
  get bytes(): number {
    return this.#kept
  }

  /** Writes after the kept lines and waits for the disk. After a failure, the next write starts at the same place. */
  async write(lines: Uint8Array): Promise<void> {
    if (this.#written > this.#kept) await this.#handle.truncate(this.#kept)
    this.#written = this.#kept
    let rest = lines
    while (rest.length > 0) {
      this.#written = this.#kept + lines.length
      const { bytesWritten } = await this.#handle.write(rest, 0, rest.length, this.#written - rest.length)
      rest = rest.subarray(bytesWritten)
    }
    await this.#handle.datasync()
    if ((await this.#handle.stat()).nlink === 0) throw new Error(`${segmentName(this.number)} was removed`)
  }

  keep(): void {
    this.#kept = this.#written
  }

  async close(): Promise<void> {
    await this.#handle.close()
  }
}
