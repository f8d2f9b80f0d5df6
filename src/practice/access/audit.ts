import type { Status } from '../../model/status.ts'
import type { Fields } from '../state/objects.ts'
import type { Attributes, Caller, Verdict } from './access.ts'

/** What is known of a request when it is received. */
export interface Received {
  readonly auditId: string
  readonly method: string
  readonly requestUri: string
  readonly sourceIp: string
  readonly userAgent: string
  readonly at: Date
}

/** The life of one request in the audit log; `complete` is called exactly once, whatever happens. */
export interface AuditTrail {
  identified(caller: Caller, attributes: Attributes): void
  authorized(verdict: Verdict): void
  /** The body of a write, decoded; of a patch the patch. */
  requested(body: unknown): void
  /** The object that is answered. */
  responded(object: Fields): void
  /** A watch or another long answer has begun. */
  started(code: number): void
  complete(code: number, failure?: Status): void
}

/** The cluster's own log of requests, in the shape of audit.k8s.io/v1. */
export interface AuditLog {
  received(request: Received): AuditTrail
}
