import { createReadStream } from 'node:fs'
import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault } from '../model/fault.ts'
import { splitLines } from '../stream/lines.ts'

/** The signed last checkpoint, kept beside the segments so that a cut tail is missed. */
export const headFile = 'head.json'
/** The same line once more in the anchor folder, so that who cuts the journal cannot make up for it here. */
export const anchorFile = 'journal-head.json'
/** The public key, for whoever verifies without the broker's own. */
export const publicKeyFile = 'signing-key.pub'

/** Longer than any event: the longest URI and message the broker lets through are far below. */
const maxLineBytes = 16 * 1024 * 1024
const namePattern = /^journal-(\d{8})\.jsonl$/

export function segmentName(number: number): string {
  return `journal-${String(number).padStart(8, '0')}.jsonl`
}

/** Numbers of the segments in a folder, ascending. Throws ERR_JOURNAL when the folder cannot be read. */
export async function listSegments(folder: string): Promise<number[]> {
  try {
    const names = await readdir(folder)
    const numbers = names.flatMap((name) => namePattern.exec(name)?.[1] ?? []).map(Number)
    return numbers.sort((a, b) => a - b)
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT') return []
    throw new Fault('ERR_JOURNAL', `The journal folder ${folder} cannot be read (${code ?? 'unknown error'}).`, {
      advice: 'Check its owner and mode.',
      cause,
    })
  }
}

export interface SegmentLine {
  /** From 1. */
  readonly number: number
  /** As on disk, newline included. */
  readonly bytes: Uint8Array
  readonly text: string
}

export interface SegmentEnd {
  /** Bytes after the last newline: writing stopped inside a line, or goes on right now. */
  readonly tornBytes: number
  /** Bytes up to and including the last newline. */
  readonly wholeBytes: number
}

/** The whole lines of one segment; returns what is left behind the last newline. Throws ERR_JOURNAL. */
export async function* readSegment(folder: string, number: number): AsyncGenerator<SegmentLine, SegmentEnd> {
  const name = segmentName(number)
  const watched = new WatchedEnd(createReadStream(join(folder, name), { highWaterMark: 256 * 1024 }))
  let at = 0
  let wholeBytes = 0
  try {
    for await (const line of splitLines(watched, maxLineBytes)) {
      if (watched.endedInsideLine) return { tornBytes: line.length, wholeBytes }
      const bytes = Buffer.concat([line, newline])
      wholeBytes += bytes.length
      yield { number: ++at, bytes, text: bytes.toString('utf8', 0, line.length) }
    }
  } catch (cause) {
    throw new Fault('ERR_JOURNAL', `${name} cannot be read after line ${at}: ${(cause as Error).message}`, { cause })
  }
  return { tornBytes: 0, wholeBytes }
}

/** Makes a file's creation or rename survive a power cut. */
export async function syncFolder(folder: string): Promise<void> {
  await using handle = await open(folder)
  await handle.sync()
}

const newline = Buffer.from('\n')

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
