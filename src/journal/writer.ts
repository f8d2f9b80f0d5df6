import type { AuditEvent } from '../model/audit.ts'
import { Fault } from '../model/fault.ts'
import { signCheckpoint, type CheckpointKey } from './checkpoint.ts'
import { writeHead } from './head.ts'
import { eventLine, hashLine, type ChainTip, type CheckpointReason } from './line.ts'
import type { Durability } from './port.ts'
import { isFinal, type Tail } from './recover.ts'
import { isDiskFull, type Reserve } from './reserve.ts'
import { SegmentFile } from './segment-file.ts'

/** More than this accepted and not on disk: `soon` waits like `durable`, so that a slow disk does not fill memory. */
const maxAcceptedBytes = 8 * 1024 * 1024

/**
 * Lines that nobody waits for are gathered this long, a fifth of the 100 ms within which reads are promised to be on disk:
 * the disk is asked fifty times a second at most, not once for each read.
 */
const gatherMs = 20

/** No honest event comes near; a line must stay readable in one piece. */
const maxEventChars = 1024 * 1024

export interface WriterLimits {
  /** A segment is left once it is this large. */
  readonly segmentBytes: number
  readonly checkpointLines: number
  readonly checkpointMs: number
}

interface WriterOptions {
  readonly folder: string
  readonly signingKey?: CheckpointKey
  readonly anchorFolder?: string
  readonly clock: { now(): Date }
  readonly onFailure?: (failure: Fault) => void
  readonly limits: WriterLimits
  /** Room for `reserved` lines; absent = they are as good as any. */
  readonly reserve?: Reserve | undefined
  readonly tail: Tail
}

/** One waiting line, or (without event) a wish for everything before it to be on disk. */
interface Entry {
  readonly event?: AuditEvent
  readonly json: string
  readonly checkpoint?: CheckpointReason
  /** True for what may use the room that is kept. */
  readonly reserved?: boolean
  /** Undefined when nobody waits: such a line is kept for the next try when writing fails. */
  readonly settle?: { resolve(): void; reject(failure: Fault): void }
}

/**
 * Group commit without a timer for whoever waits: while one batch is on its way to the disk the next one gathers. A failed batch leaves no
 * trace in the file; whoever waited for it is told, and the next append tries again.
 */
export class JournalWriter {
  readonly #options: WriterOptions
  readonly #unfinished = new Map<string, AuditEvent>()
  #segment: SegmentFile
  #tip: ChainTip
  #queue: Entry[] = []
  #queuedBytes = 0
  #running: Promise<void> | undefined
  #gathering: NodeJS.Timeout | undefined
  #failure: Fault | undefined
  #unsignedLines = 0
  /** A copy of a checkpoint may be in place whose line was taken back: the next lines have to be signed at once. */
  #copiesAhead = false
  #timer: NodeJS.Timeout | undefined
  #ended = false

  private constructor(options: WriterOptions, segment: SegmentFile) {
    this.#options = options
    this.#segment = segment
    this.#tip = options.tail.tip
  }

  static async open(options: WriterOptions): Promise<JournalWriter> {
    const { folder, tail } = options
    return new JournalWriter(options, await SegmentFile.open(folder, Math.max(1, tail.segment), tail.bytes))
  }

  get failure(): Fault | undefined {
    return this.#failure
  }

  /** Closing lines of what was left unfinished, and the first checkpoint. */
  async start(closing: readonly AuditEvent[]): Promise<void> {
    for (const event of closing) this.#enqueue({ event, json: JSON.stringify(event) })
    await this.flush('start')
  }

  append(event: AuditEvent, durability: Durability): Promise<void> {
    if (this.#ended) return Promise.reject(new Fault('ERR_JOURNAL', 'The journal is closed.'))
    const entry = { event, json: JSON.stringify(event), reserved: durability === 'reserved' }
    if (entry.json.length > maxEventChars) {
      return Promise.reject(new Fault('ERR_JOURNAL', 'An event is larger than the journal takes (1 MiB).'))
    }
    const isFull = this.#queuedBytes > maxAcceptedBytes
    if (durability !== 'soon' || isFull || this.#failure !== undefined) return this.#wait(entry)
    this.#enqueue(entry)
    return Promise.resolve()
  }

  /** Resolves once all that was accepted is on disk, signed when a reason is given. */
  flush(checkpoint?: CheckpointReason): Promise<void> {
    return this.#wait({ json: '', ...(checkpoint === undefined ? {} : { checkpoint }) })
  }

  /** Accepts nothing more, adds a closing line for each unfinished request, and signs the end. */
  async finish(closing: (event: AuditEvent) => AuditEvent): Promise<void> {
    this.#ended = true
    await this.flush()
    for (const event of [...this.#unfinished.values()].map(closing))
      this.#enqueue({ event, json: JSON.stringify(event) })
    await this.flush('close')
  }

  /** Gives the file up. */
  async dispose(): Promise<void> {
    this.#ended = true
    await this.#running
    clearTimeout(this.#gathering)
    clearTimeout(this.#timer)
    await this.#segment.close()
  }

  #wait(entry: Omit<Entry, 'settle'>): Promise<void> {
    return new Promise((resolve, reject) => this.#enqueue({ ...entry, settle: { resolve, reject } }))
  }

  #enqueue(entry: Entry): void {
    this.#queue.push(entry)
    this.#queuedBytes += entry.json.length
    if (this.#running !== undefined) return
    if (entry.settle === undefined) this.#gathering ??= setTimeout(() => this.#begin(), gatherMs)
    else this.#begin()
  }

  #begin(): void {
    clearTimeout(this.#gathering)
    this.#gathering = undefined
    this.#running ??= this.#run()
  }

  async #run(): Promise<void> {
    await Promise.resolve()
    while (this.#queue.some((entry) => entry.settle !== undefined || this.#failure === undefined)) {
      const batch = this.#queue
      this.#queue = []
      this.#queuedBytes = 0
      try {
        await this.#options.reserve?.keep()
        await this.#commit(batch)
        this.#failure = undefined
        for (const entry of batch) entry.settle?.resolve()
      } catch (cause) {
        await this.#rescue(batch, cause)
      }
      if (this.#failure === undefined && this.#queue.every((entry) => entry.settle === undefined)) break
    }
    this.#running = undefined
    if (this.#queue.length > 0 && this.#failure === undefined)
      this.#gathering ??= setTimeout(() => this.#begin(), gatherMs)
  }

  /** What failed on a full disk is tried once more for those of the batch that may use the reserve. */
  async #rescue(batch: readonly Entry[], cause: unknown): Promise<void> {
    const reserved = batch.filter((entry) => entry.reserved === true)
    const others = batch.filter((entry) => entry.reserved !== true)
    if (reserved.length === 0 || !isDiskFull(cause) || this.#options.reserve === undefined) {
      this.#fail(batch, cause)
      return
    }
    try {
      await this.#options.reserve.give()
      await this.#commit(reserved)
      for (const entry of reserved) entry.settle?.resolve()
      this.#fail(others, cause)
    } catch (again) {
      this.#fail(batch, again)
    }
  }

  async #commit(batch: readonly Entry[]): Promise<void> {
    if (this.#segment.bytes >= this.#options.limits.segmentBytes) await this.#rotate()
    const events = batch.flatMap((entry) => (entry.event === undefined ? [] : [entry.event]))
    await this.#write(
      batch.flatMap((entry) => (entry.event === undefined ? [] : [entry.json])),
      batch.findLast((entry) => entry.checkpoint !== undefined)?.checkpoint,
    )
    for (const event of events) this.#track(event)
  }

  async #write(jsons: readonly string[], asked: CheckpointReason | undefined): Promise<void> {
    const { folder, signingKey, anchorFolder, clock, limits } = this.#options
    const lines: string[] = []
    let tip = this.#tip
    const add = (line: string) => {
      lines.push(line)
      tip = { seq: tip.seq + 1, hash: hashLine(line) }
    }
    for (const json of jsons) add(eventLine(tip, json))
    const unsigned = this.#unsignedLines + jsons.length
    const isDue = unsigned >= limits.checkpointLines || this.#copiesAhead
    const reason = asked ?? (isDue ? 'progress' : undefined)
    const signs = signingKey !== undefined && reason !== undefined && (unsigned > 0 || reason !== 'progress')
    if (signs) add(signCheckpoint(signingKey, tip, reason, clock.now().toISOString()))
    if (lines.length === 0) return
    await this.#segment.write(Buffer.from(lines.join('')))
    this.#copiesAhead ||= signs
    if (signs) await writeHead(folder, anchorFolder, lines.at(-1) ?? '')
    this.#segment.keep()
    this.#tip = tip
    this.#copiesAhead = false
    this.#unsignedLines = signs ? 0 : unsigned
    this.#scheduleCheckpoint()
  }

  /** Signs the old segment's end, then goes on in a new one. */
  async #rotate(): Promise<void> {
    await this.#write([], 'rotation')
    const next = await SegmentFile.open(this.#options.folder, this.#segment.number + 1, 0)
    const old = this.#segment
    this.#segment = next
    await old.close()
  }

  /** An idle journal is signed too: lines stay without a signature for a bounded time. */
  #scheduleCheckpoint(): void {
    if (this.#unsignedLines === 0) {
      clearTimeout(this.#timer)
      this.#timer = undefined
      return
    }
    if (this.#options.signingKey === undefined || this.#ended) return
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      this.#enqueue({ json: '', checkpoint: 'progress' })
    }, this.#options.limits.checkpointMs).unref()
  }

  #track(event: AuditEvent): void {
    if (event.stage === 'RequestReceived') this.#unfinished.set(event.auditID, event)
    else if (isFinal(event)) this.#unfinished.delete(event.auditID)
  }

  #fail(batch: readonly Entry[], cause: unknown): void {
    const code = (cause as NodeJS.ErrnoException).code ?? (cause as Error).message
    const failure = new Fault('ERR_JOURNAL', `The journal cannot be written (${code}).`, {
      advice: 'Requests are refused until it can: check the free space and the mode of the journal folder.',
      cause,
    })
    const isNew = this.#failure === undefined
    this.#failure = failure
    const kept = batch.filter((entry) => entry.settle === undefined && entry.event !== undefined)
    this.#queue = [...kept, ...this.#queue]
    this.#queuedBytes = this.#queue.reduce((sum, entry) => sum + entry.json.length, 0)
    for (const entry of batch) entry.settle?.reject(failure)
    if (isNew) this.#options.onFailure?.(failure)
  }
}
