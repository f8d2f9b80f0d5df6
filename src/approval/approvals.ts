import type { ReasonCode } from '../model/decision.ts'
import { Fault, toFault } from '../model/fault.ts'
import type { HeldRequest, HeldState } from '../model/held.ts'
import type { Subject } from '../model/subject.ts'
import type { Approvals, HoldAsk, HoldOutcome } from './port.ts'
import { newRecord, parseRecord } from './record.ts'
import { assertInitiator, assertPending, confirmed, isFinal, reviewed, withdrawn } from './transitions.ts'

/** A caller with more open requests than this is a loop, not a person; more would only hide the others from reviewers. */
const maxOpenPerSubject = 100
/** Ended requests kept for `held list`; the journal keeps all of them. */
const maxEnded = 500

interface Entry {
  held: HeldRequest
  revision: number
  /** The client that waits for the outcome. */
  waiter: ((outcome: HoldOutcome) => void) | undefined
  expiry: NodeJS.Timeout | undefined
}

/** What is needed of the store room's Collection, held requests by id. */
interface HeldCollection {
  list(): Promise<readonly { readonly key: string; readonly revision: number; readonly value: HeldRequest }[]>
  put(key: string, value: HeldRequest, seen: number): Promise<{ readonly revision: number }>
  delete(key: string, seen: number): Promise<void>
}

export interface ApprovalParts {
  readonly store: {
    collection(name: string, parse: (value: unknown) => HeldRequest): Promise<HeldCollection>
  }
  readonly clock: { now(): Date }
  readonly random: (bytes: number) => Uint8Array
}

/** Opens the held requests of this broker; what an earlier broker left behind is settled first. */
export async function createApprovals(parts: ApprovalParts): Promise<Approvals & { close(): void }> {
  const counter = new Counter(parts, await parts.store.collection('held', parseRecord))
  await counter.recover()
  return counter
}

/**
 * Where requests wait. Changes run one after the other, each kept by the store before anyone hears of it, so that two
 * verdicts, an expiry and a leaving client can never both win.
 */
class Counter implements Approvals {
  readonly #parts: ApprovalParts
  readonly #collection: HeldCollection
  readonly #entries = new Map<string, Entry>()
  readonly #listeners = new Set<(held: HeldRequest) => void>()
  #last: Promise<unknown> = Promise.resolve()

  constructor(parts: ApprovalParts, collection: HeldCollection) {
    this.#parts = parts
    this.#collection = collection
  }

  readonly park = async (ask: HoldAsk, signal: AbortSignal): Promise<HoldOutcome> => {
    const { promise, resolve } = Promise.withResolvers<HoldOutcome>()
    const entry = await this.#serially(() => this.#place(ask, resolve))
    const leave = () => this.#background(entry, (held) => withdrawn(held, 'The client went away.'))
    if (signal.aborted) leave()
    signal.addEventListener('abort', leave, { once: true })
    const { waitMs } = ask.session
    const patience =
      waitMs === undefined || waitMs === 0 ? undefined : setTimeout(() => this.#detachLater(entry, resolve), waitMs)
    try {
      return await promise
    } finally {
      clearTimeout(patience)
      signal.removeEventListener('abort', leave)
    }
  }

  list(state?: HeldState): readonly HeldRequest[] {
    const all = Array.from(this.#entries.values(), ({ held }) => held)
    return state === undefined ? all : all.filter((held) => held.state === state)
  }

  get(id: string): HeldRequest {
    return this.#entry(id).held
  }

  review(id: string, review: Parameters<Approvals['review']>[1]): Promise<HeldRequest> {
    const at = this.#parts.clock.now().toISOString()
    return this.#change(id, (held) => reviewed(this.#unexpired(held), { ...review, at }))
  }

  confirm(id: string, by: Subject, digest: string): Promise<HeldRequest> {
    return this.#change(id, (held) => confirmed(this.#unexpired(held), by, digest))
  }

  withdraw(id: string, by: Subject): Promise<HeldRequest> {
    return this.#change(id, (held) => {
      assertInitiator(held, by)
      return withdrawn(held, `${by.name} took it back.`)
    })
  }

  comment(id: string, by: Subject, comment: string): Promise<HeldRequest> {
    return this.#change(id, (held) => {
      assertInitiator(held, by)
      assertPending(held)
      return { ...held, comment }
    })
  }

  async endSession(sessionID: string): Promise<void> {
    const open = this.list('pending').filter((held) => held.sessionID === sessionID && held.waiting)
    for (const { id } of open) {
      await this.#change(id, (held) => (held.state === 'pending' ? withdrawn(held, 'Its session ended.') : held))
    }
  }

  subscribe(listener: (held: HeldRequest) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Stops the clocks. What still waits is settled by `recover` of the next broker. */
  close(): void {
    for (const { expiry } of this.#entries.values()) clearTimeout(expiry)
  }

  /** Nobody waits any more for what an earlier broker held; what it had released may or may not have happened. */
  async recover(): Promise<void> {
    for (const { key, revision, value } of await this.#collection.list()) {
      const entry: Entry = { held: value, revision, waiter: undefined, expiry: undefined }
      this.#entries.set(key, entry)
      if (value.state === 'executing') {
        const outcome = 'The broker ended while it was executed: nobody can know whether it happened.'
        await this.#store(entry, { ...value, state: 'unknown', waiting: false, outcome })
      } else if (value.state === 'pending' && value.waiting) {
        await this.#store(entry, withdrawn(value, 'The broker ended while it waited.'))
      } else if (!isFinal(value.state)) {
        this.#armExpiry(entry)
      }
    }
  }

  /** Joins what waits for just this, consumes an approval given meanwhile, or opens a new request. */
  async #place(ask: HoldAsk, resolve: (outcome: HoldOutcome) => void): Promise<Entry> {
    const detached = this.#findDetached(ask)
    if (detached?.held.state === 'approved') {
      await this.#store(detached, { ...detached.held, state: 'executing', auditID: ask.auditID })
      resolve(this.#approvedOutcome(detached))
      return detached
    }
    const stays = ask.session.waitMs === 0
    if (detached !== undefined) {
      await this.#store(detached, { ...detached.held, waiting: !stays, auditID: ask.auditID })
      this.#seat(detached, resolve, stays)
      return detached
    }
    const held = newRecord(ask, this.#parts.clock.now(), this.#parts.random)
    const entry: Entry = { held, revision: 0, waiter: undefined, expiry: undefined }
    const open = this.list().filter((other) => !isFinal(other.state) && other.subject.name === ask.subject.name)
    if (open.length >= maxOpenPerSubject) {
      const outcome = `${ask.subject.name} already has ${open.length} requests waiting.`
      await this.#add(entry, { ...held, state: 'denied', waiting: false, outcome })
      resolve({ kind: 'denied', held: entry.held, reason: { code: 'review-denied', message: outcome } })
      return entry
    }
    await this.#add(entry, { ...held, waiting: !stays })
    this.#armExpiry(entry)
    this.#seat(entry, resolve, stays)
    return entry
  }

  #seat(entry: Entry, resolve: (outcome: HoldOutcome) => void, stays: boolean): void {
    if (stays) resolve(stillHeld(entry.held))
    else entry.waiter = resolve
  }

  #findDetached(ask: HoldAsk): Entry | undefined {
    for (const entry of this.#entries.values()) {
      const { held } = entry
      const same = held.subject.name === ask.subject.name && held.digest === ask.canonical.digest
      if (same && entry.waiter === undefined && !isFinal(held.state) && held.state !== 'executing') {
        if (!this.#isExpired(held)) return entry
      }
    }
    return undefined
  }

  /** After a change: a waiting client whose request is approved executes it at once; other ends are handed to it. */
  async #settle(entry: Entry): Promise<void> {
    const { waiter } = entry
    if (waiter === undefined || entry.held.state === 'pending') return
    entry.waiter = undefined
    if (entry.held.state === 'approved') {
      await this.#store(entry, { ...entry.held, state: 'executing' })
      waiter(this.#approvedOutcome(entry))
      return
    }
    waiter(refusedOutcome(entry.held))
  }

  #approvedOutcome(entry: Entry): HoldOutcome {
    return {
      kind: 'approved',
      held: entry.held,
      complete: async ({ ok, summary }) => {
        const state = ok ? 'completed' : 'failed'
        await this.#serially(() => this.#store(entry, { ...entry.held, state, waiting: false, outcome: summary }))
      },
    }
  }

  async #change(id: string, change: (held: HeldRequest) => HeldRequest): Promise<HeldRequest> {
    return this.#serially(async () => {
      const entry = this.#entry(id)
      const next = change(entry.held)
      if (next !== entry.held) await this.#store(entry, next)
      await this.#settle(entry)
      return entry.held
    })
  }

  /** A change nobody asked for: the client left, time is up. When it cannot be kept, the client is refused all the same. */
  #background(entry: Entry, change: (held: HeldRequest) => HeldRequest): void {
    const work = this.#change(entry.held.id, (held) => (held.state === 'pending' ? change(held) : held))
    work.catch((thrown: unknown) => {
      const { waiter } = entry
      entry.waiter = undefined
      entry.held = { ...entry.held, state: 'failed', waiting: false, outcome: toFault(thrown).message }
      waiter?.(refusedOutcome(entry.held))
      this.#announce(entry.held)
    })
  }

  #detachLater(entry: Entry, resolve: (outcome: HoldOutcome) => void): void {
    const work = this.#serially(async () => {
      if (entry.waiter !== resolve || entry.held.state !== 'pending') return
      entry.waiter = undefined
      await this.#store(entry, { ...entry.held, waiting: false })
      resolve(stillHeld(entry.held))
    })
    work.catch(() => resolve(stillHeld(entry.held)))
  }

  #armExpiry(entry: Entry): void {
    const left = Date.parse(entry.held.expiresAt) - this.#parts.clock.now().getTime()
    entry.expiry = setTimeout(() => this.#expire(entry), Math.max(0, left))
    entry.expiry.unref()
  }

  #expire(entry: Entry): void {
    const work = this.#change(entry.held.id, (held) =>
      isFinal(held.state) || held.state === 'executing'
        ? held
        : { ...held, state: 'expired', waiting: false, outcome: 'Nobody decided in time.' },
    )
    work.catch(() => this.#background(entry, (held) => held))
  }

  /** A timer may be late: a verdict after the deadline is no verdict. */
  #unexpired(held: HeldRequest): HeldRequest {
    if (!this.#isExpired(held)) return held
    throw new Fault('ERR_CONFLICT', `${held.id} has expired.`, { advice: 'It has to be asked for again.' })
  }

  #isExpired(held: HeldRequest): boolean {
    return this.#parts.clock.now().getTime() >= Date.parse(held.expiresAt)
  }

  async #add(entry: Entry, held: HeldRequest): Promise<void> {
    await this.#store(entry, held)
    this.#entries.set(held.id, entry)
    const ended = Array.from(this.#entries.values()).filter((other) => isFinal(other.held.state))
    for (const old of ended.slice(0, Math.max(0, ended.length - maxEnded))) {
      await this.#collection.delete(old.held.id, old.revision)
      this.#entries.delete(old.held.id)
    }
  }

  async #store(entry: Entry, held: HeldRequest): Promise<void> {
    const kept = await this.#collection.put(held.id, held, entry.revision)
    entry.held = held
    entry.revision = kept.revision
    if (isFinal(held.state)) clearTimeout(entry.expiry)
    this.#announce(held)
  }

  #announce(held: HeldRequest): void {
    for (const listener of this.#listeners) listener(held)
  }

  #entry(id: string): Entry {
    const entry = this.#entries.get(id)
    if (entry === undefined) throw new Fault('ERR_NOT_FOUND', `There is no held request ${id}.`)
    return entry
  }

  #serially<T>(work: () => Promise<T>): Promise<T> {
    const run = this.#last.then(work, work)
    this.#last = run.catch(() => undefined)
    return run
  }
}

const refusals: Partial<Record<HeldState, { kind: 'denied' | 'expired' | 'withdrawn'; code: ReasonCode }>> = {
  denied: { kind: 'denied', code: 'review-denied' },
  expired: { kind: 'expired', code: 'approval-expired' },
  withdrawn: { kind: 'withdrawn', code: 'withdrawn' },
}

/** Any end that is not an approval refuses; an unforeseen state refuses as a denial. */
function refusedOutcome(held: HeldRequest): HoldOutcome {
  const { kind, code } = refusals[held.state] ?? { kind: 'denied', code: 'internal' }
  return { kind, held, reason: { code, message: held.outcome || `It is ${held.state}.` } }
}

function stillHeld(held: HeldRequest): HoldOutcome {
  const message = `${held.id} still waits for a decision, until ${held.expiresAt}. Repeat the same command once it is approved.`
  return { kind: 'still-held', held, reason: { code: 'still-held', message } }
}
