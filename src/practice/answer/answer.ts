import type { IncomingHttpHeaders } from 'node:http'
import type { AuditTrail } from '../access/audit.ts'
import type { Cluster } from '../cluster.ts'
import type { Fields } from '../state/objects.ts'
import type { Store } from '../state/store.ts'
import type { ObjectStore } from '../state/served.ts'
import type { Target } from '../transport/target.ts'
import type { User } from '../access/access.ts'

/** One authenticated request with everything an answer may need. */
export interface Call extends Omit<Cluster, 'store'> {
  /** The cluster's state as the version asked for shows it. */
  readonly store: ObjectStore
  /** The same as it is kept. */
  readonly stored: Store
  readonly method: string
  readonly target: Target
  readonly accept: string
  readonly contentType: string
  readonly userAgent: string
  readonly body: Buffer
  readonly user: User
  readonly headers: IncomingHttpHeaders
  readonly trail: AuditTrail
  /** Texts for Warning headers (RFC 7234 section 5.5, code 299); may be added to until the answer is given. */
  readonly warnings: string[]
}

/** What is sent back: one JSON value, one text, bytes, or a stream that ends when the caller leaves or the source is done. */
export type Answer =
  | { readonly kind: 'json'; readonly code: number; readonly body: Fields; readonly contentType?: string }
  | { readonly kind: 'text'; readonly code: number; readonly text: string }
  | { readonly kind: 'bytes'; readonly bytes: Buffer; readonly contentType: string }
  | { readonly kind: 'stream'; readonly contentType: string; readonly start: StartStream }

/**
 * Begins a stream: `write` sends text at once, `end` finishes the answer; the returned function is called once, when
 * the stream is over for any reason.
 */
export type StartStream = (write: (text: string) => void, end: () => void) => () => void

export const ok = (body: Fields): Answer => ({ kind: 'json', code: 200, body })
