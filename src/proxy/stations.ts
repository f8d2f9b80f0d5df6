import type { AuditEvent } from '../model/audit.ts'
import type { Decision, Hold, Obligation, Reason } from '../model/decision.ts'
import type { HeldRequest } from '../model/held.ts'
import type { JsonValue, RequestAttributes } from '../model/request.ts'
import type { Session } from '../model/session.ts'
import type { Subject } from '../model/subject.ts'

/** Who calls and in which session. Rejects with ERR_UNAUTHENTICATED. `authorization` is the header's raw value. */
export type Identify = (authorization: string | undefined) => Promise<{ subject: Subject; session: Session }>

/** What `decide` looks at. `object` is the parsed request body, when there is one. */
export interface DecisionInput {
  readonly subject: Subject
  readonly session: Pick<Session, 'id' | 'kind' | 'mode'>
  readonly request: RequestAttributes
  readonly object?: JsonValue
}

/** Pure policy (PDP). Never throws: what cannot be evaluated makes the answer stricter. */
export type Decide = (input: DecisionInput) => Decision

/** The exact request that would go upstream; its digest is what people approve. */
export interface CanonicalRequest {
  readonly method: string
  /** Path and query rebuilt from parsed values. */
  readonly target: string
  /** Empty when there is no body. */
  readonly contentType: string
  readonly body: Uint8Array
  /** SHA-256 (hex) over method, target, content type and body, each preceded by its length. */
  readonly digest: string
}

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
  | { readonly kind: 'approved'; readonly held: HeldRequest; complete(result: { ok: boolean; summary: string }): Promise<void> }
  | { readonly kind: 'denied' | 'expired' | 'withdrawn' | 'still-held'; readonly held: HeldRequest; readonly reason: Reason }

/**
 * Parks the request until it is decided. `signal` aborts when the client goes away: the request is then withdrawn.
 * A repeat with the same subject and digest joins a request that is pending without a waiting client, or consumes one
 * that was approved meanwhile.
 */
export type Park = (ask: HoldAsk, signal: AbortSignal) => Promise<HoldOutcome>

/** An upstream answer whose body passes through the mask station. */
export interface Answer {
  readonly statusCode: number
  readonly contentType: string
  readonly body: AsyncIterable<Uint8Array>
}

export interface MaskedAnswer {
  readonly body: AsyncIterable<Uint8Array>
  /** Number of values hidden so far; final once `body` is exhausted. */
  readonly count: () => number
}

/** One request's masking, made from its obligations before anything is forwarded. */
export interface Masker {
  /** True when some answer to this request could hold masked values: then it must come as JSON, uncompressed. */
  readonly active: boolean
  /** Throws or ends the iteration with ERR_MASK when the answer cannot be read; nothing unread is ever passed on. */
  answer(answer: Answer): MaskedAnswer
  /** The request body as text for people, masked values hidden, at most 64 KiB. */
  describeBody(body: JsonValue): string
  /** Throws ERR_MASK_WRITE, naming the path, when the body carries a mask token anywhere. */
  guardWrite(body: JsonValue): void
}

/** Throws when an obligation is unknown: the caller turns that into a deny. */
export type Oblige = (obligations: readonly Obligation[], request: RequestAttributes, subject: Subject) => Masker

/**
 * The journal as the pipeline sees it. Rejects with ERR_JOURNAL; the caller then refuses the request.
 * `durable` resolves once the line is on disk; `soon` resolves once accepted (on disk within 100 ms).
 */
export interface JournalPort {
  append(event: AuditEvent, durability: 'durable' | 'soon'): Promise<void>
}

/** Told after each request, so that sessions can count and recordings get markers. Must not throw. */
export type Observe = (note: {
  readonly session: Session
  readonly subject: Subject
  readonly auditID: string
  readonly request: RequestAttributes | undefined
  readonly command: string
  readonly decision: Decision['effect']
  readonly reason: Reason
  readonly heldID: string
  readonly statusCode: number
  readonly masked: number
}) => void
