import type { Reason } from '../model/decision.ts'
import type { HeldRequest } from '../model/held.ts'
import type { HoldAsk } from './port.ts'

/** The request as it is first kept and shown. */
export function newHeld(ask: HoldAsk, id: string, now: Date): HeldRequest {
  const { requirement, reasons } = ask.decision
  return {
    id,
    auditID: ask.auditID,
    sessionID: ask.session.id,
    subject: ask.subject,
    request: ask.request,
    command: ask.command,
    claimedCommand: ask.claimedCommand,
    method: ask.canonical.method,
    target: ask.canonical.target,
    body: ask.shownBody,
    digest: ask.canonical.digest,
    reasons,
    requirement,
    state: 'pending',
    createdAt: now.toISOString(),
    expiresAt: new Date(now.getTime() + requirement.expiresAfterMs).toISOString(),
    comment: ask.session.reason ?? '',
    reviews: [],
    waiting: true,
    outcome: '',
  }
}

/**
 * True when `ask` repeats the held request: same caller, same bytes upstream, held by the same rules in the same way.
 * What a policy has changed since is a new request, so that no old approval answers a new rule. A value is for the session that
 * asked for it: another one of the same subject may run anything, an agent too.
 */
export function isRepeat(held: HeldRequest, ask: HoldAsk): boolean {
  const rules = (reasons: readonly Reason[]) => reasons.map(({ code, rule }) => [code, rule])
  const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b)
  return (
    held.digest === ask.canonical.digest &&
    (!ask.request.effects.includes('reveal') || held.sessionID === ask.session.id) &&
    held.subject.name === ask.subject.name &&
    held.subject.uid === ask.subject.uid &&
    held.subject.onBehalfOf === ask.subject.onBehalfOf &&
    same(held.requirement, ask.decision.requirement) &&
    same(rules(held.reasons), rules(ask.decision.reasons))
  )
}
