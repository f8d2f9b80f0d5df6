import type { KeyObject } from 'node:crypto'
import { isGenuine } from './checkpoint.ts'
import { keysByID, publishedKeys, readAnchor, readHead } from './head.ts'
import { emptyChain, hashLine, parseLine, type ChainTip, type JournalLine } from './line.ts'
import { livingWriter } from './lock.ts'
import { anchorFile, headFile, listSegments, readSegment, segmentName, type SegmentLine } from './segments.ts'

/** After this many a journal is beyond repair, and a report that is longer helps nobody. */
const maxProblems = 100

export interface JournalProblem {
  readonly file: string
  /** From 1; 0 = the file as a whole. */
  readonly line: number
  readonly problem: string
}

export interface JournalReport {
  readonly ok: boolean
  readonly segments: number
  readonly events: number
  readonly problems: readonly JournalProblem[]
  /** Sequence number up to which a signature vouches for every line. */
  readonly signedThrough: number
  /** Events after it: the chain holds them together, but who can write the folder could have cut or rewritten them. */
  readonly unsignedEvents: number
  /** True when the last writer ended in order: then nothing is missing at the end. */
  readonly closed: boolean
}

/**
 * Follows the hash chain through all segments and checks every signed checkpoint. Without `keys` the public keys found
 * beside the journal are used, which finds accidents but not a forger who replaced them. With `anchorFolder` the journal
 * must also hold the checkpoint that is kept there.
 *
 * @throws Fault ERR_JOURNAL when the folder cannot be read.
 */
export async function verifyJournal(
  folder: string,
  options: { readonly keys?: readonly KeyObject[] | undefined; readonly anchorFolder?: string | undefined } = {},
): Promise<JournalReport> {
  const anchor = await readAnchor(options.anchorFolder)
  const head = await readHead(folder)
  const keys = options.keys === undefined ? await publishedKeys(folder) : keysByID(options.keys)
  const numbers = await listSegments(folder)
  const check = new ChainCheck(keys, [
    { file: headFile, bytes: head, expected: true },
    { file: anchorFile, bytes: anchor, expected: options.anchorFolder !== undefined && options.keys !== undefined },
  ])
  for (const [index, number] of numbers.entries()) {
    const file = segmentName(number)
    if ((numbers[index - 1] ?? 0) !== number - 1) {
      check.report(file, 0, 'the segment before this one is missing')
    }
    const lines = readSegment(folder, number)
    let next = await lines.next()
    for (; next.done !== true; next = await lines.next()) check.take(file, next.value)
    const isBeingWritten = index === numbers.length - 1 && (await livingWriter(folder)) !== undefined
    if (next.value.tornBytes > 0 && !isBeingWritten) check.report(file, check.line + 1, 'the last line is incomplete')
  }
  return check.finish(numbers.length)
}

/** A checkpoint line that is kept beside the chain. */
interface KeptCopy {
  readonly file: string
  readonly bytes: Uint8Array | undefined
  /** Missing it is a problem, once anything was signed. */
  readonly expected: boolean
}

class ChainCheck {
  /** Of the line read last. */
  line = 0
  readonly #keys: ReadonlyMap<string, KeyObject>
  readonly #copies: readonly KeptCopy[]
  readonly #seen = new Set<KeptCopy>()
  readonly #problems: JournalProblem[] = []
  #tip: ChainTip = emptyChain
  #events = 0
  #signedThrough = 0
  #eventsSigned = 0
  #checkpoints = 0
  #closed = false

  constructor(keys: ReadonlyMap<string, KeyObject>, copies: readonly KeptCopy[]) {
    this.#keys = keys
    this.#copies = copies
  }

  report(file: string, line: number, problem: string): void {
    if (this.#problems.length < maxProblems) this.#problems.push({ file, line, problem })
  }

  take(file: string, { number, bytes, text }: SegmentLine): void {
    this.line = number
    const line = parseLine(text)
    const tip = this.#tip
    this.#tip = { seq: line?.seq ?? tip.seq + 1, hash: hashLine(bytes) }
    if (line === undefined) {
      this.report(file, number, 'this is no journal line')
      return
    }
    if (line.seq !== tip.seq + 1) this.report(file, number, `line ${line.seq} follows line ${tip.seq}`)
    if (line.prev !== tip.hash) this.report(file, number, 'the line before this one was changed or removed')
    this.#closed = 'checkpoint' in line && line.checkpoint.reason === 'close'
    if ('event' in line) this.#events++
    else this.#takeCheckpoint(file, line, number, bytes)
  }

  finish(segments: number): JournalReport {
    this.#checkCopies()
    if (segments === 0) this.report('', 0, 'there is no journal here')
    else if (this.#checkpoints === 0 && this.#keys.size > 0) this.report('', 0, 'the journal was never signed')
    return {
      ok: this.#problems.length === 0,
      segments,
      events: this.#events,
      problems: this.#problems,
      signedThrough: this.#signedThrough,
      unsignedEvents: this.#events - this.#eventsSigned,
      closed: this.#closed,
    }
  }

  #takeCheckpoint(
    file: string,
    line: Extract<JournalLine, { checkpoint: unknown }>,
    number: number,
    bytes: Uint8Array,
  ): void {
    this.#checkpoints++
    for (const copy of this.#copies) {
      if (copy.bytes !== undefined && Buffer.compare(copy.bytes, bytes) === 0) this.#seen.add(copy)
    }
    const key = this.#keys.get(line.checkpoint.keyID)
    if (key === undefined) {
      this.report(file, number, 'the checkpoint is signed by a key that is not known')
    } else if (!isGenuine(key, line, bytes)) {
      this.report(file, number, 'the signature of the checkpoint is wrong')
    } else if (this.#problems.length === 0) {
      this.#signedThrough = line.seq
      this.#eventsSigned = this.#events
    }
  }

  #checkCopies(): void {
    for (const copy of this.#copies) {
      if (copy.bytes === undefined) {
        if (copy.expected && this.#checkpoints > 0) {
          this.report(copy.file, 0, 'the copy of the last checkpoint is missing')
        }
      } else if (!this.#seen.has(copy)) {
        const problem = 'the journal lacks the checkpoint that is kept here: its end was cut off or rewritten'
        this.report(copy.file, 1, problem)
      }
    }
  }
}
