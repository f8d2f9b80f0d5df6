import { Fault } from '../model/fault.ts'
import { parseHeader, type CastHeader } from './header.ts'
import { castLines } from './lines.ts'

export interface CastEvent {
  /** Since the start, whatever the version stores. Never less than the event before. */
  readonly seconds: number
  /** `o`, `i`, `r`, `m`, `x`, or one that this version does not know: pass it through or ignore it. */
  readonly code: string
  readonly data: string
}

export interface Cast {
  readonly header: CastHeader
  readonly events: readonly CastEvent[]
  /** One sentence when lines were left out: the last one, inside which it was cut short, or damaged ones. */
  readonly notice?: string
}

/**
 * Reads a whole asciicast v2 or v3 recording.
 *
 * @param damaged what becomes of lines that are no events: `refuse`, or `skip` to have what is there.
 * @throws Fault ERR_RECORDING, naming the line, for anything but a cut last line or what is skipped.
 */
export async function parseCast(
  source: string | AsyncIterable<Uint8Array>,
  damaged: 'refuse' | 'skip' = 'refuse',
): Promise<Cast> {
  const lines = castLines(typeof source === 'string' ? oneChunk(source) : source)
  const first = await lines.next()
  if (first.done === true) throw new Fault('ERR_RECORDING', 'The recording is empty.')
  const header = parseHeader(first.value.text)
  const clock = new EventClock(header.version)
  const events: CastEvent[] = []
  const skipped: number[] = []
  for await (const { text, number, complete } of lines) {
    if (!carriesEvent(text, header.version)) continue
    const stored = parseEvent(text)
    if (stored !== undefined) {
      events.push({ seconds: clock.advance(stored.time), code: stored.code, data: stored.data })
      continue
    }
    if (complete && damaged === 'refuse') throw malformed(number)
    skipped.push(number)
    if (complete) continue
    if (skipped.length > 1) break
    return { header, events, notice: `The recording was cut short inside line ${number}, which is left out.` }
  }
  return skipped.length === 0 ? { header, events } : { header, events, notice: damage(skipped) }
}

/** Blank lines and, in v3, comments carry none. */
export function carriesEvent(line: string, version: CastHeader['version']): boolean {
  return line.trim() !== '' && !(version === 3 && line.startsWith('#'))
}

/** Turns stored times into seconds since the start: v3 stores intervals, v2 absolute times. */
export class EventClock {
  readonly #version: CastHeader['version']
  #seconds = 0

  /** `from`: seconds at which the times go on, for events after others. */
  constructor(version: CastHeader['version'], from = 0) {
    this.#version = version
    this.#seconds = from
  }

  advance(time: number): number {
    this.#seconds = this.#version === 3 ? this.#seconds + time : Math.max(this.#seconds, time)
    return this.#seconds
  }
}

export interface StoredEvent {
  /** Seconds as stored: interval or absolute. */
  readonly time: number
  readonly code: string
  readonly data: string
}

/** One event line, or undefined when it is none. */
export function parseEvent(line: string): StoredEvent | undefined {
  let value: unknown
  try {
    value = JSON.parse(line) as unknown
  } catch (failure) {
    if (failure instanceof SyntaxError) return undefined
    throw failure
  }
  if (!Array.isArray(value) || value.length !== 3) return undefined
  const [time, code, data] = value as unknown[]
  if (typeof time !== 'number' || !Number.isFinite(time) || time < 0) return undefined
  if (typeof code !== 'string' || code === '' || typeof data !== 'string') return undefined
  return { time, code, data }
}

function damage([first, ...others]: readonly number[]): string {
  if (others.length === 0) return `Line ${first} of the recording is damaged and left out; times after it may be short.`
  return `${others.length + 1} lines of the recording are damaged and left out, the first is line ${first}; times after it may be short.`
}

function malformed(number: number): Fault {
  return new Fault('ERR_RECORDING', `Line ${number} of the recording is not an event [time, code, data].`)
}

async function* oneChunk(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text)
}
