import type { HoldOutcome } from '../approval/port.ts'
import type { Masker } from '../mask/port.ts'
import type { Decision, Reason, ReasonCode, Requirement } from '../model/decision.ts'
import { toFault } from '../model/fault.ts'
import type { CanonicalRequest, JsonValue, RequestAttributes } from '../model/request.ts'
import type { Reveal } from '../request/reveal.ts'
import type { Session } from '../model/session.ts'
import type { Subject } from '../model/subject.ts'
import type { Borrowed } from './borrowed.ts'
import { isDiscovery } from './discovery.ts'
import type { DecisionInput } from '../policy/port.ts'
import type { Stations } from './stations.ts'
import type { Trace } from './trace.ts'

/** What is judged: who asks, for what, with which body. */
export interface Matter {
  readonly subject: Subject
  readonly session: Session
  readonly request: RequestAttributes
  readonly canonical: CanonicalRequest
  readonly object: JsonValue | undefined
  /** The same as its client sent it: tokens where `object` has the values that were put back. */
  readonly asSent?: JsonValue | undefined
  /** Whom the caller asks to be, and may be. */
  readonly borrowed?: Borrowed | undefined
  /** What is stored under its name, where a rule asks for it; null = nothing. */
  readonly oldObject?: JsonValue | undefined
  /** Objects that a deletion of a collection takes, where a rule asks for it. */
  readonly objects?: number | undefined
  /** Set when one masked value is asked for. */
  readonly reveal?: Reveal | undefined
  /** What is stored where the write may take hidden values away: null = nothing, undefined = it could not be read. */
  readonly under?: { readonly stored: JsonValue | undefined } | undefined
  /** Reads the cluster's share of this anew; rejects with ERR_UPSTREAM_*, ERR_MASK. Absent = none of it is the cluster's. */
  readonly reread?: () => Promise<Pick<Matter, 'oldObject' | 'objects' | 'under'>>
}

export type Settled =
  | {
      readonly kind: 'go'
      readonly reason: Reason
      readonly masker: Masker
      /** Tells the approval how its request ended; does nothing when there was none. */
      complete(result: { ok: boolean; summary: string }): Promise<void>
    }
  | { readonly kind: 'refused'; readonly reason: Reason }

const clientGone: Reason = { code: 'client-gone', message: 'The client went away before its request was released.' }

/**
 * The policy's word on a matter. A value is revealed by the word of a second person only, and what is hidden is not written
 * over unseen, whatever the policy says.
 */
export function decideMatter(matter: Matter, stations: Pick<Stations, 'decide' | 'oblige'>): Decision {
  const { session, reveal } = matter
  const decision = stations.decide(inputOf(matter))
  const isReviewed = decision.effect === 'hold' && decision.requirement.kind === 'review'
  if (decision.effect === 'hold' && matter.borrowed !== undefined)
    return { ...decision, effect: 'deny', reasons: [borrowing] }
  if (decision.effect === 'allow' && writesOverHidden(decision, matter, stations)) return heldWrite(decision, session)
  if (reveal === undefined || decision.effect === 'deny' || isReviewed) return decision
  const { obligations, policyDigest } = decision
  return { effect: 'deny', reasons: [unreviewed, ...decision.reasons], obligations, policyDigest }
}

/** What the policy is asked about a matter. */
export function inputOf({ subject, session, request, object, oldObject, objects }: Matter): DecisionInput {
  return {
    subject,
    session,
    request,
    ...(object === undefined ? {} : { object }),
    ...(oldObject === undefined ? {} : { oldObject }),
    ...(objects === undefined ? {} : { objects }),
  }
}

/**
 * A write that changes nothing leaves the object's version as it was: who may write unseen can ask so whether a value is the
 * one that is stored. A new object has none to ask for.
 */
function writesOverHidden(decision: Decision, matter: Matter, stations: Pick<Stations, 'oblige'>): boolean {
  const { request, subject, asSent, under, canonical: sent } = matter
  if (asSent === undefined || (request.verb !== 'update' && request.verb !== 'patch')) return false
  try {
    return stations.oblige(decision.obligations, request, subject).writesHidden(asSent, under && { ...under, sent })
  } catch (thrown) {
    // `settle` refuses what it cannot be obliged to.
    if (toFault(thrown).code === 'ERR_MASK') return false
    throw thrown
  }
}

const HELD_WRITE_MS = 15 * 60_000
const heldWriteReason: Reason = {
  code: 'hidden-write',
  message: 'This writes over a value that is hidden here, so it waits until somebody has looked.',
}

/** Whoever sits before a terminal confirms it; a program that has none needs a reviewer. */
function heldWrite({ reasons, obligations, policyDigest }: Decision, { kind }: Session): Decision {
  const requirement: Requirement =
    kind === 'client'
      ? { kind: 'review', reviewers: [{ group: 'chaperone:reviewers' }], count: 1, expiresAfterMs: HELD_WRITE_MS }
      : { kind: 'confirm', expiresAfterMs: HELD_WRITE_MS }
  return { effect: 'hold', reasons: [heldWriteReason, ...reasons], obligations, policyDigest, requirement }
}

const nothing: NonNullable<DecisionInput['usage']> = { count: () => 0 }

const borrowing: Reason = {
  code: 'rule-holds',
  message: 'What waits for a look cannot be asked for as somebody else (--as): repeat it as yourself.',
}

const unreviewed: Reason = {
  code: 'reveal-unreviewed',
  message: 'A masked value is shown only after a review, and no rule of the policy holds this request for one.',
}

/** Turns a decision into go or refused: a hold waits for its verdict, and what it releases is decided once more. */
export async function settle(
  decision: Decision,
  matter: Matter,
  trace: Trace,
  stations: Stations,
  signal: AbortSignal,
): Promise<Settled> {
  if (decision.effect === 'deny') return refused(firstReason(decision))
  if (decision.effect === 'allow') return oblige(decision, firstReason(decision), matter, stations)
  if (isDiscovery(matter.request)) {
    return refused({ ...firstReason(decision), message: 'Discovery cannot wait for a review, so it is denied.' })
  }
  const shown = oblige(decision, firstReason(decision), matter, stations)
  if (shown.kind === 'refused') return shown
  if (signal.aborted) return refused(clientGone)
  const outcome = await stations.park(
    {
      auditID: trace.auditID,
      subject: matter.subject,
      session: matter.session,
      request: matter.request,
      canonical: matter.canonical,
      shownBody: matter.object === undefined ? '' : shown.masker.describeBody(matter.object),
      command: trace.command,
      claimedCommand: trace.claimedCommand,
      decision,
    },
    signal,
  )
  trace.held = outcome.held
  return outcome.kind === 'approved' ? release(decision, outcome, matter, stations, signal) : refused(outcome.reason)
}

/**
 * The policy may have changed while the request waited, and so may have what is stored: only what they still allow, or hold by the
 * same rules, goes.
 */
async function release(
  before: Decision,
  outcome: Extract<HoldOutcome, { kind: 'approved' }>,
  matter: Matter,
  stations: Stations,
  signal: AbortSignal,
): Promise<Settled> {
  const stop = async (code: ReasonCode, message: string): Promise<Settled> => {
    await outcome.complete({ ok: false, summary: message })
    return refused({ code, message })
  }
  // What waited was counted when it came.
  const uncounted = { ...stations, decide: (input: DecisionInput) => stations.decide({ ...input, usage: nothing }) }
  const current = await reread(matter)
  if (current === undefined) {
    return stop(
      'policy-changed',
      'What is stored could not be read again before the request was to go, so it does not.',
    )
  }
  const now = decideMatter(current, uncounted)
  if (now.effect === 'deny' || (now.effect === 'hold' && !isSameHold(now, before))) {
    const what = now.policyDigest === before.policyDigest ? 'What is stored' : 'The policy'
    return stop('policy-changed', `${what} changed while the request waited, and the policy no longer lets it pass.`)
  }
  if (signal.aborted) return stop(clientGone.code, clientGone.message)
  const reason = releaseReason(outcome, before)
  const settled = oblige(now, reason, matter, stations)
  if (settled.kind === 'refused') return stop(settled.reason.code, settled.reason.message)
  return { ...settled, complete: (result) => outcome.complete(result) }
}

/** The matter with what is stored now; undefined when that cannot be known. */
async function reread(matter: Matter): Promise<Matter | undefined> {
  if (matter.reread === undefined) return matter
  try {
    return { ...matter, ...(await matter.reread()) }
  } catch (thrown) {
    if (toFault(thrown).code === 'ERR_INTERNAL') throw thrown
    return undefined
  }
}

function releaseReason(outcome: Extract<HoldOutcome, { kind: 'approved' }>, before: Decision): Reason {
  const names = outcome.held.reviews.map((review) => review.reviewer.name).join(', ')
  if (before.effect === 'hold' && before.requirement.kind === 'confirm') {
    return { code: 'confirmed', message: 'The caller confirmed the request.' }
  }
  return { code: 'review-approved', message: `Approved by ${names || 'a reviewer'}.` }
}

/** An obligation that is unknown or cannot be met is a deny; a mask token in the body is a Fault of its own. */
function oblige(decision: Decision, reason: Reason, matter: Matter, stations: Stations): Settled {
  let masker: Masker
  try {
    masker = stations.oblige(decision.obligations, matter.request, matter.subject)
  } catch (thrown) {
    return refused({ code: 'unknown-obligation', message: toFault(thrown).sentence })
  }
  if (matter.object !== undefined) masker.guardWrite(matter.object, matter.canonical)
  return { kind: 'go', reason, masker, complete: () => Promise.resolve() }
}

function refused(reason: Reason): Settled {
  return { kind: 'refused', reason }
}

function firstReason(decision: Decision): Reason {
  return decision.reasons[0] ?? { code: 'no-rule-matches', message: 'No rule of the policy allows this.' }
}

/** A changed policy may want other reviewers, or more of them, by a rule of the same name. */
function isSameHold(now: Extract<Decision, { effect: 'hold' }>, before: Decision): boolean {
  if (before.effect !== 'hold' || ruleNames(now) !== ruleNames(before)) return false
  if (now.policyDigest === before.policyDigest) return true
  return JSON.stringify(now.requirement) === JSON.stringify(before.requirement)
}

function ruleNames(decision: Decision): string {
  const names = decision.reasons.filter(({ code }) => code === 'rule-holds').map(({ rule }) => rule ?? '')
  return names.toSorted().join('\n')
}
