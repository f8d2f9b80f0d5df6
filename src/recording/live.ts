import { open } from 'node:fs/promises'
import { castLines } from './lines.ts'
import { carriesEvent, EventClock, parseCast, parseEvent, type Cast, type CastEvent } from './read.ts'
import { tailFile } from './tail.ts'

/** A recording that may still be written: what is there, and what comes. */
export interface LiveCast {
  readonly cast: Cast
  /** Ends with the recording, or when `signal` aborts. */
  readonly more: (signal: AbortSignal) => AsyncIterable<readonly CastEvent[]>
  /** True when its end is written: nothing will come. */
  readonly isEnded: boolean
}

/** Reads the whole lines of a recording, and follows it from there. Throws as `parseCast` does. */
export async function openLive(path: string): Promise<LiveCast> {
  await using file = await open(path, 'r')
  const bytes = await file.readFile()
  const whole = bytes.subarray(0, bytes.lastIndexOf(0x0a) + 1)
  const cast = await parseCast(whole.toString('utf8'))
  const last = cast.events.at(-1)
  return {
    cast,
    isEnded: last?.code === 'x',
    more: (signal) => follow(path, whole.length, new EventClock(cast.header.version, last?.seconds ?? 0), cast, signal),
  }
}

async function* follow(
  path: string,
  from: number,
  clock: EventClock,
  { header }: Cast,
  signal: AbortSignal,
): AsyncGenerator<readonly CastEvent[]> {
  for await (const { text } of castLines(tailFile(path, from, signal))) {
    const stored = carriesEvent(text, header.version) ? parseEvent(text) : undefined
    if (stored === undefined) continue
    yield [{ seconds: clock.advance(stored.time), code: stored.code, data: stored.data }]
    if (stored.code === 'x') return
  }
}
