import type { Hold, Reason } from '../model/decision.ts'
import type { HeldRequest, HeldState, Review } from '../model/held.ts'
import type { CanonicalRequest, RequestAttributes } from '../model/request.ts'
import type { Session } from '../model/session.ts'
import type { Subject } from '../model/subject.ts'

export interface HoldAsk {
  readonly auditID: string
  readonly subject: Subject
  readonly session: Session
  readonly request: RequestAttributes
  readonly canonical: CanonicalRequest
  /** Body as readable text with masked values hidden. */
  readonly shownBody: string
  readonly command: string
  readonly claimedCommand: string
  readonly decision: Hold
}

/**
 * How a hold ended. `held` is the request as it stands. For `approved` the caller must call `complete` exactly once
 * after forwarding (or failing to).
 */
export type HoldOutcome =
  | {
      readonly kind: 'approved'
      readonly held: HeldRequest
      complete(result: { ok: boolean; summary: string }): Promise<void>
    }
  | {
      readonly kind: 'denied' | 'expired' | 'withdrawn' | 'still-held'
      readonly held: HeldRequest
      readonly reason: Reason
    }

/**
 * Parks the request until it is decided. `signal` aborts when the client goes away: the request is then withdrawn.
 * A repeat with the same subject and digest joins a request that is pending without a waiting client, consumes one that
 * was approved meanwhile, or learns once that it was denied; where it reveals a value, only a repeat by the session that
 * it is of.
 */
export type Park = (ask: HoldAsk, signal: AbortSignal) => Promise<HoldOutcome>

/** The held requests of one broker. Every change is kept by the store before it is announced. */
export interface Approvals {
  readonly park: Park
  list(state?: HeldState): readonly HeldRequest[]
  /** Throws ERR_NOT_FOUND. */
  get(id: string): HeldRequest
  /** Throws ERR_FORBIDDEN (own request, not a named reviewer), ERR_CONFLICT (digest differs, no longer pending). */
  review(id: string, review: Omit<Review, 'at'>): Promise<HeldRequest>
  /** Throws ERR_FORBIDDEN unless the rule says `confirm: self` and `by` is the initiator. */
  confirm(id: string, by: Subject, digest: string): Promise<HeldRequest>
  /** Only the initiator. */
  withdraw(id: string, by: Subject): Promise<HeldRequest>
  comment(id: string, by: Subject, comment: string): Promise<HeldRequest>
  /**
   * Gives a request that no client waits for to another session of the subject that made it, whose repeat then goes on with it.
   * Throws ERR_FORBIDDEN for anybody else's, ERR_CONFLICT when it has ended or a client waits.
   */
  moveTo(sessionID: string, id: string, by: Subject): Promise<HeldRequest>
  /** Withdraws the session's requests whose client waits; those left for review stay. */
  endSession(sessionID: string): Promise<void>
  subscribe(listener: (held: HeldRequest) => void): () => void
}
