import { basename, join } from 'node:path'
import { Fault } from '../model/fault.ts'
import type { RecordingInfo } from '../model/recording.ts'
import { CastFile } from './cast-file.ts'
import { CastEncoder, type EventCode } from './encode.ts'
import type { RecordingOptions, RecordingWriter } from './port.ts'

/** Wall time names the recording; event times are monotonic, so that a clock that is set does not bend them. */
export interface RecordingClock {
  now(): Date
  monotonicMs(): number
}

const systemClock: RecordingClock = { now: () => new Date(), monotonicMs: () => performance.now() }

/**
 * Starts `<UTC yyyymmddThhmmssZ>-<session id>.cast`; its header is on disk when this resolves.
 *
 * @throws Fault ERR_RECORDING when the file cannot be made or others may read its folder.
 */
export async function openRecording(
  options: RecordingOptions,
  clock: RecordingClock = systemClock,
): Promise<CrashSafeWriter> {
  const startedAt = clock.now()
  const path = join(options.folder, `${fileStamp(startedAt)}-${options.sessionID}.cast`)
  const failures = new Failures()
  const encoder = new CastEncoder(options.version)
  const file = await CastFile.create(path, encoder.header(options, startedAt), (failure) => failures.report(failure))
  return new Writer({ path, options, startedAt, clock, encoder, file, failures })
}

/** A RecordingWriter with a way to end it from a crash handler. */
export interface CrashSafeWriter extends RecordingWriter {
  /** As `end`, without waiting; throws ERR_RECORDING when something could not be written. */
  endSync(exitStatus: number): RecordingInfo
  /** Brings the file up to the last call; its length then (bytes). */
  flush(): number
}

/** The first failure, and who is told of it. */
class Failures {
  first: Fault | undefined
  readonly #listeners = new Set<(failure: Error) => void>()

  report(failure: Fault): void {
    if (this.first !== undefined) return
    this.first = failure
    for (const listener of this.#listeners) listener(failure)
  }

  listen(listener: (failure: Error) => void): void {
    if (this.first === undefined) this.#listeners.add(listener)
    else listener(this.first)
  }
}

interface WriterParts {
  readonly path: string
  readonly options: RecordingOptions
  readonly startedAt: Date
  readonly clock: RecordingClock
  readonly encoder: CastEncoder
  readonly file: CastFile
  readonly failures: Failures
}

class Writer implements CrashSafeWriter {
  readonly #parts: WriterParts
  readonly #startMs: number
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  readonly #markers: { seconds: number; label: string }[] = []
  #size: { cols: number; rows: number }
  #lastMs = 0
  #info: RecordingInfo | undefined

  constructor(parts: WriterParts) {
    this.#parts = parts
    this.#startMs = parts.clock.monotonicMs()
    this.#size = { cols: parts.options.cols, rows: parts.options.rows }
  }

  get path(): string {
    return this.#parts.path
  }

  get failed(): Error | undefined {
    return this.#parts.failures.first
  }

  onFailure(listener: (failure: Error) => void): void {
    this.#parts.failures.listen(listener)
  }

  output(bytes: Uint8Array): void {
    if (this.#info !== undefined) throw new Fault('ERR_RECORDING', 'Output came after the end of its recording.')
    const text = this.#decoder.decode(bytes, { stream: true })
    if (text !== '') this.#event('o', text)
  }

  resize(cols: number, rows: number): void {
    if (cols === this.#size.cols && rows === this.#size.rows) return
    this.#size = { cols, rows }
    this.#event('r', `${cols}x${rows}`)
  }

  marker(label: string): void {
    if (this.#info !== undefined) return
    this.#event('m', label)
    this.#markers.push({ seconds: Math.round(this.#lastMs) / 1000, label })
  }

  async end(exitStatus: number): Promise<RecordingInfo> {
    return this.endSync(exitStatus)
  }

  flush(): number {
    if (this.#info === undefined) this.#parts.file.flush()
    return this.#parts.file.bytes
  }

  endSync(exitStatus: number): RecordingInfo {
    if (this.#info === undefined) {
      const tail = this.#decoder.decode()
      if (tail !== '') this.#event('o', tail)
      this.#event('x', String(exitStatus))
      this.#parts.file.close()
      this.#info = this.#describe(exitStatus)
    }
    if (this.#parts.failures.first !== undefined) throw this.#parts.failures.first
    return this.#info
  }

  #event(code: EventCode, data: string): void {
    const { clock, encoder, file, failures } = this.#parts
    if (failures.first !== undefined || this.#info !== undefined) return
    this.#lastMs = Math.max(this.#lastMs, clock.monotonicMs() - this.#startMs)
    file.append(encoder.event(this.#lastMs, code, data))
  }

  #describe(exitStatus: number): RecordingInfo {
    const { sessionID, version, cols, rows, command, title } = this.#parts.options
    return {
      file: basename(this.#parts.path),
      sessionID,
      version,
      cols,
      rows,
      command,
      title,
      startedAt: wholeSeconds(this.#parts.startedAt),
      durationSeconds: Math.round(this.#lastMs) / 1000,
      bytes: this.#parts.file.bytes,
      markers: this.#markers,
      exitStatus,
    }
  }
}

function wholeSeconds(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`
}

function fileStamp(date: Date): string {
  return wholeSeconds(date).replaceAll(/[-:]/g, '')
}
