import type { Reason } from '../model/decision.ts'
import { toFault } from '../model/fault.ts'
import type { HeldRequest, HeldState, Review } from '../model/held.ts'
import { shortId } from '../model/id.ts'
import type { Subject } from '../model/subject.ts'
import type { Store } from '../store/port.ts'
import { isRepeat, newHeld } from './create.ts'
import { expiredSentence, parseKept } from './kept.ts'
import { Ledger } from './ledger.ts'
import type { Approvals, HoldAsk, HoldOutcome } from './port.ts'
import {
  assertInitiator,
  assertMayConfirm,
  assertMayMove,
  assertMayReview,
  assertPending,
  hasQuorum,
} from './verdict.ts'

/** Requests that one subject may have held: enough for any script, too few to bury a reviewer. */
const MAX_OPEN_PER_SUBJECT = 100
/** And one session, so that a script that runs wild leaves the same person's other sessions room. */
const MAX_OPEN_PER_SESSION = 20

/** Runs `work` after that many milliseconds; returns the function that cancels it. */
export type Schedule = (work: () => void, milliseconds: number) => () => void

export interface ApprovalOptions {
  readonly store: Store
  readonly clock: { now(): Date }
  readonly random: (bytes: number) => Uint8Array
  readonly schedule?: Schedule
  /** Names the API server and its authority, so that an approval kept across a restart is not used on another one. */
  readonly cluster?: string
}

/** How a request ends without having run. */
interface End {
  readonly state: 'denied' | 'expired' | 'withdrawn'
  readonly reason: Reason
}

/** A client that waits for the verdict. */
interface Waiter {
  readonly signal: AbortSignal
  resolve(outcome: HoldOutcome): void
  /** Stops listening for the client's leaving and the end of its patience. */
  stop(): void
}

/**
 * The held requests of one broker. Their states:
 * `pending` → `approved` → `executing` → `completed` or `failed`; `pending` → `denied`; `pending` or `approved` →
 * `expired` or `withdrawn`; `executing` → `unknown` when the broker stops. All changes happen one after the other.
 *
 * @throws Fault ERR_STATE when what an earlier broker kept cannot be read.
 */
export async function createApprovals(options: ApprovalOptions): Promise<Approvals & { close(): Promise<void> }> {
  const collection = await options.store.collection('held-requests', parseKept)
  const ledger = await Ledger.open(collection, options.cluster ?? '', options.clock.now())
  return new ApprovalDesk(ledger, options)
}

class ApprovalDesk implements Approvals {
  readonly #ledger: Ledger
  readonly #clock: ApprovalOptions['clock']
  readonly #random: ApprovalOptions['random']
  readonly #schedule: Schedule
  readonly #waiters = new Map<string, Waiter>()
  readonly #expiries = new Map<string, () => void>()
  readonly #endedSessions = new Set<string>()
  #queue: Promise<unknown> = Promise.resolve()

  constructor(ledger: Ledger, options: ApprovalOptions) {
    this.#ledger = ledger
    this.#clock = options.clock
    this.#random = options.random
    this.#schedule = options.schedule ?? systemSchedule
    for (const held of ledger.list()) {
      if (isOpen(held)) this.#armExpiry(held)
    }
  }

  readonly park = (ask: HoldAsk, signal: AbortSignal): Promise<HoldOutcome> => {
    const { promise, resolve, reject } = Promise.withResolvers<HoldOutcome>()
    this.#serially(() => this.#admit(ask, signal, resolve)).catch(reject)
    return promise
  }

  list(state?: HeldState): readonly HeldRequest[] {
    const all = this.#ledger.list()
    return state === undefined ? all : all.filter((held) => held.state === state)
  }

  get(id: string): HeldRequest {
    return this.#ledger.get(id)
  }

  review(id: string, review: Omit<Review, 'at'>): Promise<HeldRequest> {
    return this.#serially(async () => {
      await this.#expireIfDue(id)
      const held = this.get(id)
      assertMayReview(held, review)
      const reviews = [...held.reviews, { ...review, at: this.#clock.now().toISOString() }]
      if (review.verdict === 'deny') {
        const said = review.comment === '' ? '.' : `: ${review.comment}`
        return this.#close(
          id,
          { state: 'denied', reason: { code: 'review-denied', message: `${review.reviewer.name} denied it${said}` } },
          { reviews, untold: !this.#waiters.has(id) },
        )
      }
      if (!hasQuorum({ ...held, reviews })) return this.#ledger.change(id, { reviews })
      await this.#ledger.change(id, { reviews, state: 'approved' })
      return this.#hand(id)
    })
  }

  confirm(id: string, by: Subject, digest: string): Promise<HeldRequest> {
    return this.#serially(async () => {
      await this.#expireIfDue(id)
      assertMayConfirm(this.get(id), by, digest)
      await this.#ledger.change(id, { state: 'approved' })
      return this.#hand(id)
    })
  }

  withdraw(id: string, by: Subject): Promise<HeldRequest> {
    return this.#serially(async () => {
      const held = this.get(id)
      assertInitiator(held, by)
      if (held.state !== 'approved') assertPending(held)
      return this.#close(id, {
        state: 'withdrawn',
        reason: { code: 'withdrawn', message: `${by.name} withdrew the request.` },
      })
    })
  }

  comment(id: string, by: Subject, comment: string): Promise<HeldRequest> {
    return this.#serially(async () => {
      const held = this.get(id)
      assertInitiator(held, by)
      assertPending(held)
      return this.#ledger.change(id, { comment })
    })
  }

  moveTo(sessionID: string, id: string, by: Subject): Promise<HeldRequest> {
    return this.#serially(async () => {
      await this.#expireIfDue(id)
      assertMayMove(this.get(id), by)
      return this.#ledger.change(id, { sessionID })
    })
  }

  /** A request that its session let go of (its wait was over) stays: it was meant to be repeated. */
  endSession(sessionID: string): Promise<void> {
    this.#endedSessions.add(sessionID)
    return this.#serially(() => this.#withdrawWaiting((held) => held.sessionID === sessionID, 'The session ended.'))
  }

  subscribe(listener: (held: HeldRequest) => void): () => void {
    return this.#ledger.subscribe(listener)
  }

  /** Withdraws what clients still wait for. Rejects with ERR_STATE when an end could not be kept. */
  async close(): Promise<void> {
    await this.#serially(() => this.#withdrawWaiting(() => true, 'The broker ended.'))
    for (const cancel of this.#expiries.values()) cancel()
    this.#expiries.clear()
    await this.#ledger.settle()
  }

  async #admit(ask: HoldAsk, signal: AbortSignal, resolve: (outcome: HoldOutcome) => void): Promise<void> {
    for (const held of this.list().filter((one) => isOpen(one) && !one.waiting)) await this.#expireIfDue(held.id)
    const refusal = this.#refusal(ask)
    if (refusal !== undefined) {
      const held = newHeld(ask, this.#newId(), this.#clock.now())
      resolve({
        kind: 'denied',
        held: { ...held, state: 'denied', waiting: false, outcome: refusal.message },
        reason: refusal,
      })
      return
    }
    const untold = this.list().find((held) => this.#isUntold(held) && isRepeat(held, ask))
    if (untold !== undefined) {
      const held = await this.#ledger.note(untold.id, { untold: false })
      resolve({ kind: 'denied', held, reason: { code: 'review-denied', message: held.outcome } })
      return
    }
    const repeated = this.list().find((held) => isOpen(held) && !held.waiting && isRepeat(held, ask))
    const id = repeated?.id ?? this.#newId()
    if (repeated === undefined) await this.#ledger.add(newHeld(ask, id, this.#clock.now()))
    else await this.#ledger.change(id, { waiting: true, sessionID: ask.session.id })
    if (repeated === undefined) this.#armExpiry(this.get(id))
    this.#attach(id, ask, signal, resolve)
    if (signal.aborted) await this.#abandon(id)
    else if (this.get(id).state === 'approved') await this.#hand(id)
  }

  /** A caller who came back in time learns that the answer was no; who asks once more after that asks anew. */
  #isUntold({ state, untold, expiresAt }: HeldRequest): boolean {
    return state === 'denied' && untold === true && this.#clock.now() < new Date(expiresAt)
  }

  #refusal(ask: HoldAsk): Reason | undefined {
    if (this.#endedSessions.has(ask.session.id)) return { code: 'session-ended', message: 'The session has ended.' }
    const open = this.list().filter((held) => isOpen(held))
    if (open.some((held) => !held.waiting && isRepeat(held, ask))) return undefined
    const ofSession = open.filter(({ sessionID }) => sessionID === ask.session.id).length
    const ofSubject = open.filter(({ subject }) => subject.name === ask.subject.name).length
    if (ofSession >= MAX_OPEN_PER_SESSION) return tooMany(`${ofSession} requests of this session`)
    return ofSubject >= MAX_OPEN_PER_SUBJECT ? tooMany(`${ofSubject} requests of ${ask.subject.name}`) : undefined
  }

  #attach(id: string, ask: HoldAsk, signal: AbortSignal, resolve: (outcome: HoldOutcome) => void): void {
    const { waitMs } = ask.session
    const background = (work: () => Promise<unknown>) => () => void this.#serially(work)
    const onAbort = background(() => this.#abandon(id))
    const cancelWait =
      waitMs === undefined
        ? () => undefined
        : this.#schedule(
            background(() => this.#detach(id)),
            waitMs,
          )
    signal.addEventListener('abort', onAbort, { once: true })
    this.#waiters.set(id, {
      signal,
      resolve,
      stop: () => {
        signal.removeEventListener('abort', onAbort)
        cancelWait()
      },
    })
  }

  /** Gives an approved request to the client that waits for it; without one it stays approved until it is repeated. */
  async #hand(id: string): Promise<HeldRequest> {
    const waiter = this.#waiters.get(id)
    if (waiter === undefined) return this.get(id)
    if (waiter.signal.aborted) return this.#abandon(id)
    const held = await this.#start(id)
    this.#disarm(id)
    this.#release(id, { kind: 'approved', held, complete: (result) => this.#complete(id, result) })
    return held
  }

  /** What cannot be kept as running does not run. */
  async #start(id: string): Promise<HeldRequest> {
    try {
      return await this.#ledger.change(id, { state: 'executing' })
    } catch (failure) {
      await this.#drop(id, { state: 'withdrawn', reason: { code: 'withdrawn', message: toFault(failure).sentence } })
      throw failure
    }
  }

  #complete(id: string, result: { ok: boolean; summary: string }): Promise<void> {
    return this.#serially(async () => {
      if (this.get(id).state !== 'executing') return
      await this.#ledger.change(id, {
        state: result.ok ? 'completed' : 'failed',
        waiting: false,
        outcome: result.summary,
      })
    })
  }

  /** The client's patience is over: the request stays, without a client. */
  async #detach(id: string): Promise<void> {
    if (this.get(id).state !== 'pending' || !this.#waiters.has(id)) return
    const { held } = await this.#ledger.revoke(id, { waiting: false })
    const how = held.request.effects.includes('reveal') ? ' in this session, or with `chaperone reveal`' : ''
    const message = `${id} is still held. Repeat the same request later${how}: it goes on with this one.`
    this.#release(id, { kind: 'still-held', held, reason: { code: 'still-held', message } })
  }

  async #abandon(id: string): Promise<HeldRequest> {
    const held = this.get(id)
    if (!isOpen(held)) return held
    return this.#drop(id, { state: 'withdrawn', reason: { code: 'withdrawn', message: 'The client went away.' } })
  }

  async #expireIfDue(id: string): Promise<void> {
    const held = this.get(id)
    if (!isOpen(held) || this.#clock.now() < new Date(held.expiresAt)) return
    await this.#drop(id, { state: 'expired', reason: { code: 'approval-expired', message: expiredSentence } })
  }

  async #withdrawWaiting(which: (held: HeldRequest) => boolean, message: string): Promise<void> {
    for (const held of this.list().filter((one) => isOpen(one) && one.waiting && which(one))) {
      await this.#drop(held.id, { state: 'withdrawn', reason: { code: 'withdrawn', message } })
    }
  }

  /** Ends a request by somebody's order: who ordered it learns when that could not be kept. */
  async #close(id: string, end: End, more: Partial<HeldRequest> = {}): Promise<HeldRequest> {
    const { held, failure } = await this.#end(id, end, more)
    if (failure !== undefined) throw failure
    return held
  }

  /** Ends a request because of what happened; nobody is there to be told of a failure. */
  async #drop(id: string, end: End): Promise<HeldRequest> {
    return (await this.#end(id, end, {})).held
  }

  async #end(id: string, end: End, more: Partial<HeldRequest>): ReturnType<Ledger['revoke']> {
    const { state, reason } = end
    const ended = await this.#ledger.revoke(id, { ...more, state, waiting: false, outcome: reason.message })
    this.#disarm(id)
    this.#release(id, { kind: state, held: ended.held, reason })
    return ended
  }

  #release(id: string, outcome: HoldOutcome): void {
    const waiter = this.#waiters.get(id)
    this.#waiters.delete(id)
    waiter?.stop()
    waiter?.resolve(outcome)
  }

  #armExpiry(held: HeldRequest): void {
    const left = Math.max(0, new Date(held.expiresAt).getTime() - this.#clock.now().getTime())
    const expire = () => void this.#serially(() => this.#expireOrWait(held.id))
    this.#expiries.set(held.id, this.#schedule(expire, left))
  }

  /** Timers may run a little early by the wall clock; then wait for the rest. */
  async #expireOrWait(id: string): Promise<void> {
    await this.#expireIfDue(id)
    if (isOpen(this.get(id))) this.#armExpiry(this.get(id))
  }

  #disarm(id: string): void {
    this.#expiries.get(id)?.()
    this.#expiries.delete(id)
  }

  #newId(): string {
    for (;;) {
      const id = shortId('h', 6, this.#random)
      if (!this.#ledger.has(id)) return id
    }
  }

  #serially<R>(work: () => Promise<R>): Promise<R> {
    const result = this.#queue.then(work)
    this.#queue = result.catch(() => undefined)
    return result
  }
}

function tooMany(which: string): Reason {
  return { code: 'rule-holds', message: `${which} are held already; withdraw some of them first, or wait for them.` }
}

/** True while a verdict or an end may still change what happens. */
function isOpen(held: HeldRequest): boolean {
  return held.state === 'pending' || held.state === 'approved'
}

const systemSchedule: Schedule = (work, milliseconds) => {
  const timer = setTimeout(work, milliseconds)
  return () => clearTimeout(timer)
}
