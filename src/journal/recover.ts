import { appendFile, open } from 'node:fs/promises'
import { join } from 'node:path'
import type { AuditEvent } from '../model/audit.ts'
import { Fault } from '../model/fault.ts'
import { isGenuine, type CheckpointKey } from './checkpoint.ts'
import { anchorPath, readAnchor, readHead, type AnchorFolder } from './head.ts'
import { emptyChain, hashLine, parseLine, type ChainTip } from './line.ts'
import { anchorFile, headFile, listSegments, readSegment, segmentName, syncFolder } from './segments.ts'

/** Where an earlier writer stopped. */
export interface Tail {
  /** Number of the last segment; 0 when there is none. */
  readonly segment: number
  /** Whole lines of the last segment, in bytes. */
  readonly bytes: number
  readonly tip: ChainTip
  /** Bytes of an incomplete last line, now in a `.torn` file. */
  readonly tornBytes: number
  /** Requests that were received and never completed. */
  readonly unfinished: readonly AuditEvent[]
}

/**
 * Finds the end of the journal and repairs a last line that was written in part. Reads back only to where the last
 * writer started.
 *
 * @throws Fault ERR_JOURNAL when the end does not fit together, or was cut off: nothing is added to such a journal.
 */
export async function recoverTail(folder: string, key: CheckpointKey | undefined, anchor: AnchorFolder): Promise<Tail> {
  const numbers = await listSegments(folder)
  const head = parseHead(folder, await readHead(folder), key)
  const anchored = parseHead(folder, await readAnchor(anchor), key)
  const kept = [head, anchored].filter((one) => one !== undefined)
  const last = numbers.at(-1) ?? 0
  let tip: ChainTip | undefined
  let end: SegmentState | undefined
  let signed = false
  const completed = new Set<string>()
  const unfinished: AuditEvent[] = []
  for (const number of numbers.toReversed()) {
    const state = await readState(folder, number, kept)
    end ??= state
    tip ??= state.tip
    signed ||= state.signed
    unfinished.unshift(...state.received.values().filter((event) => !completed.has(event.auditID)))
    for (const id of state.completed) completed.add(id)
    if (tip !== undefined && (state.closed || state.started)) break
  }
  const found = { tip: tip ?? emptyChain, signed, key }
  assertNotCut(folder, { ...found, head, file: join(folder, headFile) })
  if (anchor !== undefined) assertNotCut(folder, { ...found, head: anchored, file: anchorPath(anchor) })
  if (end !== undefined && end.tornBytes > 0) await moveTornLine(join(folder, segmentName(last)), end)
  return {
    segment: last,
    bytes: end?.wholeBytes ?? 0,
    tip: tip ?? emptyChain,
    tornBytes: end?.tornBytes ?? 0,
    unfinished,
  }
}

interface SegmentState {
  readonly tip: ChainTip | undefined
  readonly wholeBytes: number
  readonly tornBytes: number
  /** By audit ID; only those not completed within the segment. */
  readonly received: ReadonlyMap<string, AuditEvent>
  readonly completed: ReadonlySet<string>
  /** The last line closes the journal in order. */
  readonly closed: boolean
  readonly signed: boolean
  /** A writer started in this segment; it closed what was open before. */
  readonly started: boolean
}

interface Head {
  readonly seq: number
  readonly bytes: Uint8Array
}

async function readState(folder: string, number: number, kept: readonly Head[]): Promise<SegmentState> {
  const received = new Map<string, AuditEvent>()
  const completed = new Set<string>()
  let tip: ChainTip | undefined
  let closed = false
  let started = false
  let signed = false
  const lines = readSegment(folder, number)
  let next = await lines.next()
  for (; next.done !== true; next = await lines.next()) {
    const { bytes, text } = next.value
    const line = parseLine(text)
    if (line === undefined || (tip !== undefined && (line.seq !== tip.seq + 1 || line.prev !== tip.hash))) {
      throw unfit(folder, `line ${next.value.number} of ${segmentName(number)} does not continue the chain`)
    }
    if (kept.some((one) => one.seq === line.seq && Buffer.compare(one.bytes, bytes) !== 0)) {
      throw unfit(folder, `line ${next.value.number} of ${segmentName(number)} is not the checkpoint that was kept`)
    }
    tip = { seq: line.seq, hash: hashLine(bytes) }
    signed ||= 'checkpoint' in line
    closed = 'checkpoint' in line && line.checkpoint.reason === 'close'
    if ('checkpoint' in line && line.checkpoint.reason === 'start') {
      started = true
      received.clear()
    }
    if ('event' in line) note(line.event, received, completed)
  }
  return { tip, ...next.value, received, completed, closed, signed, started }
}

function note(event: AuditEvent, received: Map<string, AuditEvent>, completed: Set<string>): void {
  if (event.stage === 'RequestReceived') received.set(event.auditID, event)
  if (!isFinal(event)) return
  received.delete(event.auditID)
  completed.add(event.auditID)
}

/** True for the last line of a request. */
export function isFinal(event: AuditEvent): boolean {
  return event.stage === 'ResponseComplete' || event.stage === 'Panic'
}

function parseHead(folder: string, bytes: Uint8Array | undefined, key: CheckpointKey | undefined): Head | undefined {
  if (bytes === undefined) return undefined
  const line = parseLine(Buffer.from(bytes).toString('utf8').trimEnd())
  if (line === undefined || !('checkpoint' in line)) throw unfit(folder, 'the copy of its last checkpoint is broken')
  if (key !== undefined && (line.checkpoint.keyID !== key.keyID || !isGenuine(key.publicKey, line, bytes))) {
    throw unfit(folder, 'the copy of its last checkpoint is not signed with this broker’s key')
  }
  return { seq: line.seq, bytes }
}

interface End {
  readonly tip: ChainTip
  /** The lines that were read hold a checkpoint. */
  readonly signed: boolean
  readonly head: Head | undefined
  /** Where `head` is kept. */
  readonly file: string
  readonly key: CheckpointKey | undefined
}

/**
 * The copy is written after its checkpoint, so it may be behind, never ahead; and it can be missing only when the very
 * first writer ended between the two.
 */
function assertNotCut(folder: string, { tip, signed, head, file, key }: End): void {
  if (head !== undefined && head.seq > tip.seq) {
    throw unfit(folder, `its end after line ${tip.seq} was cut off, as ${file} shows`)
  }
  const isFirstStart = tip.seq === 0 || (tip.seq === 1 && signed)
  if (head === undefined && !isFirstStart && (signed || key !== undefined)) {
    throw unfit(folder, `${file}, the copy of its last checkpoint, is missing`)
  }
}

/** Kept, not deleted: it is evidence, though never acknowledged to anyone. */
async function moveTornLine(path: string, { wholeBytes, tornBytes }: SegmentState): Promise<void> {
  await using file = await open(path, 'r+')
  const torn = Buffer.alloc(tornBytes)
  await file.read(torn, 0, tornBytes, wholeBytes)
  await appendFile(`${path}.torn`, torn, { mode: 0o600, flush: true })
  await file.truncate(wholeBytes)
  await file.sync()
  await syncFolder(join(path, '..'))
}

function unfit(folder: string, what: string): Fault {
  return new Fault('ERR_JOURNAL', `The journal in ${folder} cannot be continued: ${what}.`, {
    advice:
      `Bring it back as it was. If that cannot be, keep it as evidence (see \`chaperone journal verify\`): move the folder ` +
      `and ${anchorFile} of the trust folder aside, and a new journal begins.`,
  })
}
