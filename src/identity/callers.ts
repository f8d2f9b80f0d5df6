import type { Subject } from '../model/subject.ts'
import { practiceReviewer } from './local.ts'
import type { VerifyPerson } from './person.ts'
import { findReviewer, type ReviewerStore } from './reviewers.ts'
import { bearerToken, sameHash, tokenHash } from './tokens.ts'

/** ID tokens of people in hundreds of groups have some 12 KiB. */
const MAX_TOKEN = 14 * 1024

/** Who calls the control API, and as what. */
interface Caller {
  readonly subject: Subject
  readonly role: 'operator' | 'reviewer' | 'person'
  /** Of a person: milliseconds since the epoch, by when the sign-in has to be refreshed. */
  readonly until?: number
}

export interface CallerParts {
  readonly operator: Subject
  readonly operatorToken: string
  /** Of the practice cluster alone. */
  readonly practiceReviewerToken: string | undefined
  readonly reviewers: ReviewerStore
  /** Absent = nobody signs in. */
  readonly person: VerifyPerson | undefined
}

/**
 * Knows the callers of the control API by their bearer tokens. Undefined for a token that is nobody's; rejects with
 * ERR_UNAUTHENTICATED for an ID token that is not accepted.
 */
export function makeCallers(parts: CallerParts): (authorization: string | undefined) => Promise<Caller | undefined> {
  const { operator, practiceReviewerToken, reviewers, person } = parts
  const operatorHash = tokenHash(parts.operatorToken)
  const practiceHash = practiceReviewerToken === undefined ? undefined : tokenHash(practiceReviewerToken)
  return async (authorization) => {
    const token = bearerToken(authorization, MAX_TOKEN)
    if (token === undefined) return undefined
    if (person !== undefined && token.split('.').length === 3) return { ...(await person(token)), role: 'person' }
    const hash = tokenHash(token)
    if (sameHash(hash, operatorHash)) return { subject: operator, role: 'operator' }
    if (practiceHash !== undefined && sameHash(hash, practiceHash))
      return { subject: practiceReviewer, role: 'reviewer' }
    const subject = await findReviewer(reviewers, token)
    return subject === undefined ? undefined : { subject, role: 'reviewer' }
  }
}
