import { open } from 'node:fs/promises'
import { fromVersionOne, isPacked, unpack } from './foreign.ts'
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

/**
 * Reads a recording of any version, compressed or not, as far as it goes, and follows it from there: damaged lines are
 * left out and noted. Throws ERR_RECORDING when there is no header.
 */
export async function openLive(path: string): Promise<LiveCast> {
  await using file = await open(path, 'r')
  const stored = await file.readFile()
  const text = (isPacked(stored) ? unpack(stored) : stored).toString('utf8')
  const converted = fromVersionOne(text)
  const cast = await parseCast(converted ?? text, 'skip')
  const last = cast.events.at(-1)
  return {
    cast,
    isEnded: last?.code === 'x' || converted !== undefined || isPacked(stored),
    more: (signal) =>
      follow(path, wholeLines(stored), new EventClock(cast.header.version, last?.seconds ?? 0), cast, signal),
  }
}

/** Bytes up to where the next event begins: a last line that is no event yet will be completed. */
function wholeLines(stored: Buffer): number {
  const end = stored.lastIndexOf(0x0a) + 1
  return parseEvent(stored.subarray(end).toString('utf8')) === undefined ? end : stored.length
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
