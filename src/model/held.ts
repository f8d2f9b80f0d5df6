import type { Reason, Requirement } from './decision.ts'
import type { ResourceRequest, NonResourceRequest } from './request.ts'
import type { Subject } from './subject.ts'

export type HeldState =
  'pending' | 'approved' | 'executing' | 'completed' | 'failed' | 'denied' | 'expired' | 'withdrawn' | 'unknown'

/** Another human's verdict on the digest of what was shown. */
export interface Review {
  readonly reviewer: Subject
  readonly verdict: 'approve' | 'deny'
  /** RFC 3339. */
  readonly at: string
  readonly comment: string
  /** Must equal the HeldRequest's digest, else the review is refused with ERR_CONFLICT. */
  readonly digest: string
  /** Approved although a part of the request was not shown, by one who knew it. */
  readonly sawWhole?: false
}

/** One parked request, as kept and as shown (values that a mask covers are already tokens here). */
export interface HeldRequest {
  /** Short and speakable: `h-` and six characters of a-z2-9. */
  readonly id: string
  readonly auditID: string
  readonly sessionID: string
  readonly subject: Subject
  readonly request: ResourceRequest | NonResourceRequest
  /** The equivalent kubectl command, derived from the wire. */
  readonly command: string
  /** What the client says it ran (Kubectl-Command header or argv); a claim, shown as one. Empty when absent. */
  readonly claimedCommand: string
  readonly method: string
  /** Path and query as they will be sent upstream. */
  readonly target: string
  /** The request body as readable text with masked values hidden, at most 64 KiB; empty when there is none. */
  readonly body: string
  /** SHA-256 (hex) of the canonical upstream request: method, target, content type, body. */
  readonly digest: string
  readonly reasons: readonly Reason[]
  readonly requirement: Requirement
  readonly state: HeldState
  readonly createdAt: string
  readonly expiresAt: string
  /** The initiator's words, empty when none. */
  readonly comment: string
  readonly reviews: readonly Review[]
  /** True while a client connection waits for the verdict; false after --wait elapsed. */
  readonly waiting: boolean
  /** When the state is final: one sentence. */
  readonly outcome: string
  /** Denied while no client waited: the caller's next repeat is told so, once. */
  readonly untold?: boolean
}

/** As bodies that are too long for people are cut: long values lose their middle, and say so. */
const cut = /\[… \d+ of \d+ characters are not shown …\]/

/** True when a part of the body is not shown: nobody can say yes on a screen to what they cannot read. */
export function isCut({ body }: Pick<HeldRequest, 'body'>): boolean {
  return cut.test(body)
}

/** True when the rule that holds it names the subject as a reviewer. */
export function namesReviewer({ requirement }: Pick<HeldRequest, 'requirement'>, { name, groups }: Subject): boolean {
  if (requirement.kind !== 'review') return false
  return requirement.reviewers.some((selector) =>
    'group' in selector
      ? selector.group === '*' || groups.includes(selector.group)
      : selector.user === '*' || selector.user === name,
  )
}
