import type { ReasonCode } from './decision.ts'
import type { Subject } from './subject.ts'

export type Mode = 'local' | 'isolated' | 'remote'

/** What a client says of itself where it gets a credential; recorded, never judged. */
export const clientKinds = ['pipeline', 'agent', 'person'] as const
export type ClientKind = (typeof clientKinds)[number]

/** One supervised stretch of work of one subject. Times are RFC 3339. */
export interface Session {
  /** `s-` and eight characters of a-z2-9. */
  readonly id: string
  /** `client` = a program with a credential of its own, as in a pipeline; it has no process of ours. */
  readonly kind: 'shell' | 'run' | 'client'
  readonly subject: Subject
  readonly mode: Mode
  readonly command: readonly string[]
  /** Milliseconds a held request of this session keeps its client waiting; undefined = until it expires. */
  readonly waitMs?: number
  /** Why its subject does this, in its own words; empty or absent = it did not say. */
  readonly reason?: string
  readonly startedAt: string
  readonly endedAt?: string
  /** Of a `client`, and of a person who signed in: it ends then, unless the credential or the sign-in is renewed. */
  readonly expiresAt?: string
  /** File name of the recording below the recordings folder, empty until one is opened. */
  readonly recording: string
  readonly counts: SessionCounts
  /** Why the last request that policy looked at was let through or refused; undefined before the first. */
  readonly lastReason?: ReasonCode
}

export interface SessionCounts {
  readonly requests: number
  readonly held: number
  readonly denied: number
  /** Values hidden in answers. */
  readonly masked: number
}
