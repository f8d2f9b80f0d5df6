import type { Requirement } from '../model/decision.ts'
import { Fault } from '../model/fault.ts'
import { isCut, namesReviewer, type HeldRequest, type Review } from '../model/held.ts'
import { samePerson, type Subject } from '../model/subject.ts'

type ReviewRequirement = Extract<Requirement, { kind: 'review' }>

/**
 * Who may give this verdict: another human, whom the rule names, on exactly what was shown, and only once.
 *
 * @throws Fault ERR_FORBIDDEN, ERR_CONFLICT.
 */
export function assertMayReview(held: HeldRequest, review: Omit<Review, 'at'>): void {
  const { reviewer } = review
  const { requirement } = held
  if (requirement.kind !== 'review') {
    throw new Fault('ERR_FORBIDDEN', `${held.id} waits for the confirmation of ${held.subject.name}, not for a review.`)
  }
  if (samePerson(reviewer, held.subject)) {
    throw new Fault('ERR_FORBIDDEN', `${held.id} is your own request, so somebody else has to review it.`)
  }
  if (reviewer.onBehalfOf !== undefined) {
    throw new Fault('ERR_FORBIDDEN', 'An agent cannot review a request; a person has to.')
  }
  if (!namesReviewer(held, reviewer)) {
    throw new Fault('ERR_FORBIDDEN', `The rule does not name you as a reviewer of ${held.id}.`, {
      advice: `It names: ${requirement.reviewers.map(selectorText).join(', ')}.`,
    })
  }
  assertShown(held, review.digest)
  if (review.verdict === 'approve') assertReadable(held, review)
  assertPending(held)
  const before = held.reviews.find((one) => samePerson(one.reviewer, reviewer))
  if (before !== undefined && review.verdict === 'approve') {
    throw new Fault('ERR_CONFLICT', `You have already approved ${held.id}; the rule asks for another person.`)
  }
}

/** @throws Fault ERR_FORBIDDEN, ERR_CONFLICT. */
export function assertMayConfirm(held: HeldRequest, by: Subject, digest: string): void {
  if (held.requirement.kind !== 'confirm') {
    throw new Fault('ERR_FORBIDDEN', `${held.id} needs the review of another person; it cannot be confirmed.`)
  }
  if (!isInitiatingHuman(by, held.subject)) {
    throw new Fault('ERR_FORBIDDEN', `Only the person who made the request can confirm ${held.id}.`)
  }
  assertShown(held, digest)
  assertReadable(held)
  assertPending(held)
}

/** @throws Fault ERR_FORBIDDEN. */
export function assertInitiator(held: HeldRequest, by: Subject): void {
  if (by.name !== held.subject.name && !isInitiatingHuman(by, held.subject)) {
    throw new Fault('ERR_FORBIDDEN', `${held.id} is the request of ${held.subject.name}.`)
  }
}

/**
 * An agent's request stays with the agent: its human has sessions of their own.
 *
 * @throws Fault ERR_FORBIDDEN, ERR_CONFLICT.
 */
export function assertMayMove({ id, subject, state, waiting }: HeldRequest, by: Subject): void {
  const isSame = by.name === subject.name && by.uid === subject.uid && by.onBehalfOf === subject.onBehalfOf
  if (!isSame) throw new Fault('ERR_FORBIDDEN', `${id} is the request of ${subject.name}.`)
  if (state !== 'pending' && state !== 'approved') throw new Fault('ERR_CONFLICT', `${id} is ${state}.`)
  if (waiting) throw new Fault('ERR_CONFLICT', `A client waits for ${id} already.`)
}

/** @throws Fault ERR_CONFLICT. */
export function assertPending(held: HeldRequest): void {
  if (held.state !== 'pending') {
    throw new Fault('ERR_CONFLICT', `${held.id} is ${held.state} and waits no longer.`)
  }
}

export function hasQuorum(held: HeldRequest): boolean {
  const approvals = held.reviews.filter((review) => review.verdict === 'approve').length
  return held.requirement.kind === 'review' && approvals >= held.requirement.count
}

function assertShown(held: HeldRequest, digest: string): void {
  if (digest !== held.digest) {
    throw new Fault('ERR_CONFLICT', `The verdict is about another request than ${held.id} now shows.`, {
      advice: 'Look at it again.',
    })
  }
}

/** Nobody says yes by habit to what they cannot have read: a reviewer has to say that they know. */
function assertReadable(held: HeldRequest, review: Pick<Review, 'sawWhole'> = {}): void {
  if (!isCut(held) || review.sawWhole === false) return
  const sentence = `A part of ${held.id} is too long to be shown: approving it would sign what nobody has read.`
  if (held.requirement.kind === 'confirm') {
    throw new Fault('ERR_FORBIDDEN', sentence, { advice: 'Withdraw it, and make smaller requests.' })
  }
  throw new Fault('ERR_FORBIDDEN', sentence, {
    advice: `Look at \`chaperone held show ${held.id}\`. Deny it, or approve it all the same with --not-shown-whole.`,
  })
}

/** The subject itself when it is a human, else the human it acts for; never an agent. */
function isInitiatingHuman(by: Subject, subject: Subject): boolean {
  if (by.onBehalfOf !== undefined) return false
  return subject.onBehalfOf === undefined
    ? by.name === subject.name && by.uid === subject.uid
    : by.name === subject.onBehalfOf
}

function selectorText(selector: ReviewRequirement['reviewers'][number]): string {
  return 'group' in selector ? `group ${selector.group}` : selector.user
}
