import type { Requirement } from '../model/decision.ts'
import { Fault } from '../model/fault.ts'
import type { HeldRequest, HeldState, Review } from '../model/held.ts'
import { samePerson, type Subject } from '../model/subject.ts'

/** States from which nothing moves any more. */
export function isFinal(state: HeldState): boolean {
  return !['pending', 'approved', 'executing'].includes(state)
}

/** The request after one more review. Throws ERR_FORBIDDEN or ERR_CONFLICT; see Approvals.review. */
export function reviewed(held: HeldRequest, review: Review): HeldRequest {
  assertPending(held)
  assertShown(held, review.digest)
  assertMayReview(held, review.reviewer)
  if (held.reviews.some(({ reviewer }) => samePerson(reviewer, review.reviewer))) {
    throw new Fault('ERR_CONFLICT', `${review.reviewer.name} has already reviewed ${held.id}.`, {
      advice: 'Another reviewer is needed.',
    })
  }
  const reviews = [...held.reviews, review]
  if (review.verdict === 'deny') {
    const words = review.comment === '' ? '' : `: ${review.comment}`
    return { ...held, reviews, state: 'denied', outcome: `${review.reviewer.name} denied it${words}` }
  }
  const enough = reviews.length >= countNeeded(held.requirement)
  return { ...held, reviews, state: enough ? 'approved' : 'pending' }
}

/** The request after its initiator's second look. Throws ERR_FORBIDDEN or ERR_CONFLICT. */
export function confirmed(held: HeldRequest, by: Subject, digest: string): HeldRequest {
  assertPending(held)
  assertInitiator(held, by)
  if (held.requirement.kind !== 'confirm') {
    throw new Fault('ERR_FORBIDDEN', `${held.id} needs another person's review; it cannot be confirmed.`, {
      advice: 'Ask a reviewer to look at it.',
    })
  }
  assertShown(held, digest)
  return { ...held, state: 'approved' }
}

export function withdrawn(held: HeldRequest, outcome: string): HeldRequest {
  assertPending(held)
  return { ...held, state: 'withdrawn', waiting: false, outcome }
}

export function assertInitiator(held: HeldRequest, by: Subject): void {
  if (held.subject.name === by.name) return
  throw new Fault('ERR_FORBIDDEN', `${held.id} belongs to ${held.subject.name}.`)
}

export function assertPending(held: HeldRequest): void {
  if (held.state === 'pending') return
  throw new Fault('ERR_CONFLICT', `${held.id} is already ${held.state}.`, { advice: 'Look at it again.' })
}

function assertShown(held: HeldRequest, digest: string): void {
  if (held.digest === digest) return
  throw new Fault('ERR_CONFLICT', `${held.id} is not the request that was shown.`, { advice: 'Look at it again.' })
}

function assertMayReview(held: HeldRequest, reviewer: Subject): void {
  const { requirement } = held
  if (requirement.kind === 'confirm') {
    throw new Fault('ERR_FORBIDDEN', `${held.id} waits for ${held.subject.name}'s own confirmation, not for a review.`)
  }
  if (samePerson(reviewer, held.subject)) {
    throw new Fault('ERR_FORBIDDEN', 'Nobody reviews a request of their own.', { advice: 'Ask another person.' })
  }
  const named = requirement.reviewers.some((who) =>
    'user' in who ? who.user === reviewer.name : reviewer.groups.includes(who.group),
  )
  if (named) return
  throw new Fault('ERR_FORBIDDEN', `${reviewer.name} is not among those who may review ${held.id}.`)
}

function countNeeded(requirement: Requirement): number {
  return requirement.kind === 'review' ? requirement.count : 1
}
