import type { HeldRequest, HeldState, Review } from '../model/held.ts'
import type { Subject } from '../model/subject.ts'
import type { Park } from '../proxy/stations.ts'

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
  /** Withdraws everything the session still holds. */
  endSession(sessionID: string): Promise<void>
  subscribe(listener: (held: HeldRequest) => void): () => void
}
