import { mkdir, stat } from 'node:fs/promises'
import { annotation, type AuditEvent } from '../model/audit.ts'
import { Fault } from '../model/fault.ts'
import { publishKey } from './head.ts'
import { lockFolder } from './lock.ts'
import type { JournalPort } from './port.ts'
import { searchJournal, verifyJournal, type JournalQuery } from './reader.ts'
import { recoverTail } from './recover.ts'
import type { CheckpointKey } from './checkpoint.ts'
import { Reserve } from './reserve.ts'
import type { JournalReport } from './verify.ts'
import { JournalWriter, type WriterLimits } from './writer.ts'

/** A segment's size bounds what a start has to read, and what a rotation has to copy away. */
const segmentBytes = 16 * 1024 * 1024
/** A checkpoint costs a signature and one more fsync: this many lines, or this long, may be without one. */
const checkpointLines = 1000
const checkpointMs = 10_000

export interface JournalOptions {
  /** Made with mode 0700. */
  readonly folder: string
  /** Without it the chain is not signed, and a cut end is not found. */
  readonly signingKey?: CheckpointKey
  /** Another folder (0700, there already) that keeps the last signed line too: a journal that lacks it is refused. */
  readonly anchorFolder?: string
  readonly clock: { now(): Date }
  /** Told once each time writing starts to fail; appends reject until one succeeds again. */
  readonly onFailure?: (failure: Fault) => void
  readonly limits?: Partial<WriterLimits>
  /** A file that keeps room for `reserved` lines on the journal's disk; not in the journal's folder. */
  readonly reserve?: string
}

export interface Journal extends JournalPort {
  /** What was found and repaired at the start; one sentence each. */
  readonly notices: readonly string[]
  /** Undefined while the last write succeeded. */
  readonly failure: Fault | undefined
  /** Accepted events included. */
  search(query: JournalQuery): AsyncIterable<AuditEvent>
  /** All events of one request, in order; none when it is not known. */
  get(auditID: string): Promise<readonly AuditEvent[]>
  /** Signs what is there, then verifies all of it. */
  verify(): Promise<JournalReport>
  /** Writes what was accepted, marks unfinished requests as `unknown`, signs the end. Rejects with ERR_JOURNAL. */
  close(): Promise<void>
}

/**
 * Opens the journal of `folder` for writing, as its only writer. The chain continues where it ended; requests that the
 * last writer left unfinished get a closing line.
 *
 * @throws Fault ERR_JOURNAL when another process writes it, when it cannot be written, or when its end was tampered with.
 */
export async function openJournal(options: JournalOptions): Promise<Journal> {
  const { folder, signingKey, anchorFolder, clock } = options
  await using parts = new AsyncDisposableStack()
  const { opened, notices } = await asJournalFault(folder, async () => {
    await prepareFolder(folder)
    parts.defer(await lockFolder(folder))
    const tail = await recoverTail(folder, signingKey, anchorFolder)
    if (signingKey !== undefined) await publishKey(folder, signingKey)
    const reserve = options.reserve === undefined ? undefined : new Reserve(options.reserve)
    parts.defer(async () => void (await reserve?.give()))
    const opened = await JournalWriter.open({ ...options, tail, limits: limitsOf(options), reserve })
    parts.defer(() => opened.dispose())
    await opened.start(tail.unfinished.map((event) => unknownOutcome(event, clock.now())))
    return { opened, notices: noticesOf(tail) }
  })
  const held = parts.move()
  const flushed = async () => {
    if (opened.failure === undefined) await opened.flush()
  }
  return {
    notices,
    get failure() {
      return opened.failure
    },
    append: (event, durability) => opened.append(event, durability),
    search: (query) => afterwards(flushed, () => searchJournal(folder, query)),
    get: async (auditID) => {
      await flushed()
      return collect(searchJournal(folder, { auditID }))
    },
    verify: async () => {
      await opened.flush('progress')
      return verifyJournal(folder, { keys: signingKey && [signingKey.publicKey], anchorFolder })
    },
    close: async () => {
      try {
        await opened.finish((event) => unknownOutcome(event, clock.now()))
      } finally {
        await held.disposeAsync()
      }
    },
  }
}

async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const one of source) found.push(one)
  return found
}

async function* afterwards<T>(first: () => Promise<void>, then: () => AsyncIterable<T>): AsyncGenerator<T> {
  await first()
  yield* then()
}

function limitsOf(options: JournalOptions): WriterLimits {
  return { segmentBytes, checkpointLines, checkpointMs, ...options.limits }
}

async function prepareFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const found = await stat(folder)
  if (found.uid === process.getuid?.() && (found.mode & 0o077) === 0) return
  throw new Fault('ERR_JOURNAL', `Others may read or write the journal folder ${folder}.`, {
    advice: `Run: chmod 700 ${folder}, as its owner.`,
  })
}

async function asJournalFault<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    if (cause instanceof Fault) throw cause
    const why = (cause as NodeJS.ErrnoException).code ?? (cause as Error).message
    throw new Fault('ERR_JOURNAL', `The journal in ${folder} cannot be opened (${why}).`, {
      advice: 'Check the free space and the mode of the folder.',
      cause,
    })
  }
}

function noticesOf(tail: { readonly tornBytes: number; readonly unfinished: readonly AuditEvent[] }): string[] {
  const { tornBytes, unfinished } = tail
  return [
    ...(tornBytes === 0 ? [] : [`An incomplete last line of ${tornBytes} bytes was moved to a .torn file.`]),
    ...(unfinished.length === 0 ? [] : [`${unfinished.length} requests were unfinished; their outcome is unknown.`]),
  ]
}

/** The closing line of a request whose writer ended before it did. */
function unknownOutcome(event: AuditEvent, now: Date): AuditEvent {
  return {
    ...event,
    stage: 'Panic',
    stageTimestamp: now.toISOString().replace('Z', '000Z'),
    annotations: {
      ...event.annotations,
      [annotation.outcome]: 'unknown',
      [annotation.message]: 'The broker ended before this request did; whether it took effect is not known here.',
    },
  }
}
