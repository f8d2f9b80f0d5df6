import { Fault } from '../model/fault.ts'
import { splitLines } from '../stream/lines.ts'

/** No terminal writes a line this long at once; a file that has one is no recording, and must not fill memory. */
const maxLineBytes = 64 * 1024 * 1024

export interface CastLine {
  /** From 1. */
  readonly number: number
  readonly text: string
  /** False for a last line without its newline: writing stopped inside it. */
  readonly complete: boolean
}

/** The lines of a recording, decoded; invalid UTF-8 becomes U+FFFD. Throws ERR_RECORDING when reading fails. */
export async function* castLines(source: AsyncIterable<Uint8Array>): AsyncGenerator<CastLine> {
  const watched = new WatchedEnd(source)
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  let number = 0
  try {
    for await (const line of splitLines(watched, maxLineBytes)) {
      yield { number: ++number, text: decoder.decode(line), complete: !watched.endedInsideLine }
    }
  } catch (cause) {
    const why = cause instanceof Fault ? 'a line is too long' : (cause as Error).message
    throw new Fault('ERR_RECORDING', `The recording cannot be read after line ${number}: ${why}.`, { cause })
  }
}

/** Passes a stream on and knows, once it has ended, whether its last byte was a newline. */
class WatchedEnd implements AsyncIterable<Uint8Array> {
  readonly #source: AsyncIterable<Uint8Array>
  endedInsideLine = false

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    let last = 0x0a
    for await (const chunk of this.#source) {
      yield chunk
      last = chunk.at(-1) ?? last
    }
    this.endedInsideLine = last !== 0x0a
  }
}
