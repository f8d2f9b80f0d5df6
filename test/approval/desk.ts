import { createHash } from 'node:crypto'
import { createApprovals, type Schedule } from '../../src/approval/approvals.ts'
import type { HoldAsk } from '../../src/approval/port.ts'
import type { Requirement } from '../../src/model/decision.ts'
import type { HeldRequest } from '../../src/model/held.ts'
import type { Session } from '../../src/model/session.ts'
import type { Subject } from '../../src/model/subject.ts'
import { resourceRequest } from '../policy/request.ts'
import { MemoryStore } from '../store/memory.ts'

export function person(name: string, ...groups: readonly string[]): Subject {
  return { name, uid: `u-${name}`, groups, extra: {}, authenticatedBy: 'session-token' }
}

export const ana = person('ana', 'operators')
export const rob = person('rob', 'reviewers')
export const sue = person('sue', 'reviewers')

export const oneReview: Requirement = {
  kind: 'review',
  reviewers: [{ group: 'reviewers' }],
  count: 1,
  expiresAfterMs: 60_000,
}
export const twoReviews: Requirement = { ...oneReview, count: 2 }
export const confirmation: Requirement = { kind: 'confirm', expiresAfterMs: 60_000 }

/** A clock that stands still until it is moved, and timers that run when it is. */
export class FakeTime {
  #now = Date.parse('2026-11-23T10:00:00.000Z')
  #timers: { at: number; work: () => void }[] = []

  now(): Date {
    return new Date(this.#now)
  }

  readonly schedule: Schedule = (work, milliseconds) => {
    const timer = { at: this.#now + milliseconds, work }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer)
    }
  }

  pass(milliseconds: number): void {
    this.#now += milliseconds
    for (const timer of this.#timers.filter(({ at }) => at <= this.#now)) {
      this.#timers = this.#timers.filter((other) => other !== timer)
      timer.work()
    }
  }
}

function sessionOf(subject: Subject, more: Partial<Session> = {}): Session {
  return {
    id: 's-aaaaaaaa',
    kind: 'shell',
    subject,
    mode: 'local',
    command: ['bash'],
    startedAt: '2026-11-23T10:00:00.000Z',
    recording: '',
    counts: { requests: 0, held: 0, denied: 0, masked: 0 },
    ...more,
  }
}

/** What a pipeline asks for `what`; equal words give equal digests. */
export function askFor(
  what: string,
  requirement: Requirement,
  more: { subject?: Subject; session?: Partial<Session>; rule?: string; reveals?: boolean } = {},
): HoldAsk {
  const subject = more.subject ?? ana
  const reason = { code: 'rule-holds', rule: more.rule ?? 'test/hold', message: 'Look at it first.' } as const
  return {
    auditID: `audit-${what}`,
    subject,
    session: sessionOf(subject, more.session),
    request: resourceRequest('delete', 'deployments.apps', {
      namespace: 'shop',
      name: what,
      ...(more.reveals === true ? { effects: ['read', 'reveal'] } : {}),
    }),
    canonical: {
      method: 'DELETE',
      target: `/apis/apps/v1/namespaces/shop/deployments/${what}`,
      contentType: '',
      body: new Uint8Array(),
      digest: digestOf(what),
    },
    shownBody: '',
    command: `kubectl delete deployment ${what}`,
    claimedCommand: '',
    decision: { effect: 'hold', reasons: [reason], obligations: [], policyDigest: 'p'.repeat(64), requirement },
  }
}

export function digestOf(what: string): string {
  return createHash('sha256').update(what).digest('hex')
}

export interface OpenDesk {
  readonly time: FakeTime
  readonly store: MemoryStore
  readonly approvals: Awaited<ReturnType<typeof createApprovals>>
  /** Every announcement, in order. */
  readonly told: HeldRequest[]
  /** Resolves with the first announcement, now or later, for which `test` is true, once what caused it is done. */
  readonly heard: (test: (held: HeldRequest) => boolean) => Promise<HeldRequest>
}

let seed = 0
/** Different bytes each time, the same in each run. */
const random = (bytes: number) => createHash('sha256').update(String(seed++)).digest().subarray(0, bytes)

export async function openDesk(
  given: { time?: FakeTime; store?: MemoryStore; cluster?: string } = {},
): Promise<OpenDesk> {
  const { time = new FakeTime(), store = new MemoryStore(), cluster = 'https://one:6443' } = given
  const approvals = await createApprovals({ store, clock: time, random, schedule: time.schedule, cluster })
  const told: HeldRequest[] = []
  const listeners = new Set<(held: HeldRequest) => unknown>()
  approvals.subscribe((held) => {
    told.push(held)
    for (const listener of listeners) listener(held)
  })
  const heard = async (test: (held: HeldRequest) => boolean) => {
    const { promise, resolve } = Promise.withResolvers<HeldRequest>()
    const listener = (held: HeldRequest) => test(held) && resolve(held)
    listeners.add(listener)
    const past = told.find(test)
    if (past !== undefined) resolve(past)
    const found = await promise
    listeners.delete(listener)
    await settled(approvals)
    return found
  }
  return { time, store, approvals, told, heard }
}

/** Everything that was asked of the desk so far is done. */
export async function settled(approvals: OpenDesk['approvals']): Promise<void> {
  await approvals.endSession('s-nobody')
}

export const approve = (held: HeldRequest, reviewer: Subject = rob) =>
  ({ reviewer, verdict: 'approve', comment: '', digest: held.digest }) as const
export const deny = (held: HeldRequest, reviewer: Subject = rob, comment = '') =>
  ({ reviewer, verdict: 'deny', comment, digest: held.digest }) as const
export const pending = (held: HeldRequest) => held.state === 'pending'
export const never = new AbortController().signal
