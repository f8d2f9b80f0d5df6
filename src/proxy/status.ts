import type { ReasonCode } from '../model/decision.ts'
import type { Fault, FaultCode } from '../model/fault.ts'
import { failure, type Status } from '../model/status.ts'

interface Answer {
  readonly http: number
  /** metav1.StatusReason; kubectl prints it in brackets. */
  readonly status: string
  readonly reason: ReasonCode
}

/** What a caller is told for each fault. Never with Retry-After: client-go would repeat the request by itself. */
const answers: Readonly<Record<FaultCode, Answer>> = {
  ERR_USAGE: { http: 400, status: 'BadRequest', reason: 'malformed-request' },
  ERR_CONFIG: { http: 500, status: 'InternalError', reason: 'internal' },
  ERR_POLICY: { http: 500, status: 'InternalError', reason: 'internal' },
  ERR_KUBECONFIG: { http: 502, status: 'UpstreamCredential', reason: 'upstream-failed' },
  ERR_UPSTREAM_CREDENTIAL: { http: 502, status: 'UpstreamCredential', reason: 'upstream-failed' },
  ERR_UPSTREAM_UNREACHABLE: { http: 502, status: 'UpstreamUnreachable', reason: 'upstream-failed' },
  ERR_UPSTREAM_TIMEOUT: { http: 504, status: 'Timeout', reason: 'upstream-failed' },
  ERR_UPSTREAM_CERTIFICATE: { http: 502, status: 'UpstreamCertificate', reason: 'upstream-failed' },
  ERR_TARGET: { http: 400, status: 'BadRequest', reason: 'malformed-request' },
  ERR_BODY: { http: 400, status: 'BadRequest', reason: 'malformed-request' },
  ERR_BODY_TOO_LARGE: { http: 413, status: 'RequestEntityTooLarge', reason: 'malformed-request' },
  ERR_HEADERS: { http: 431, status: 'RequestHeaderFieldsTooLarge', reason: 'malformed-request' },
  ERR_MEDIA_TYPE: { http: 415, status: 'UnsupportedMediaType', reason: 'malformed-request' },
  ERR_UPGRADE: { http: 501, status: 'NotSupported', reason: 'upgrade-not-supported' },
  ERR_UNAUTHENTICATED: { http: 401, status: 'Unauthorized', reason: 'not-authenticated' },
  ERR_ISSUER: { http: 502, status: 'IssuerUnreachable', reason: 'not-authenticated' },
  ERR_FORBIDDEN: { http: 403, status: 'Forbidden', reason: 'malformed-request' },
  ERR_NOT_FOUND: { http: 404, status: 'NotFound', reason: 'internal' },
  ERR_CONFLICT: { http: 409, status: 'Conflict', reason: 'internal' },
  ERR_MASK: { http: 502, status: 'MaskFailed', reason: 'mask-failed' },
  ERR_MASK_WRITE: { http: 422, status: 'MaskedValueInWrite', reason: 'mask-token-in-write' },
  ERR_JOURNAL: { http: 503, status: 'ServiceUnavailable', reason: 'journal-failed' },
  ERR_QUOTA: { http: 429, status: 'TooManyRequests', reason: 'over-quota' },
  ERR_RECORDING: { http: 503, status: 'ServiceUnavailable', reason: 'internal' },
  ERR_STATE: { http: 503, status: 'ServiceUnavailable', reason: 'internal' },
  ERR_BUSY_PORT: { http: 500, status: 'InternalError', reason: 'internal' },
  ERR_BROKER: { http: 500, status: 'InternalError', reason: 'internal' },
  ERR_TERMINAL: { http: 500, status: 'InternalError', reason: 'internal' },
  ERR_ENVIRONMENT: { http: 500, status: 'InternalError', reason: 'internal' },
  ERR_INTERNAL: { http: 500, status: 'InternalError', reason: 'internal' },
}

/** Reasons of Chaperone's own refusals, where `Forbidden` would not say enough. */
const refusalStatus: Partial<Readonly<Record<ReasonCode, { readonly http: number; readonly status: string }>>> = {
  'review-denied': { http: 403, status: 'ApprovalDenied' },
  'approval-expired': { http: 403, status: 'ApprovalExpired' },
  withdrawn: { http: 403, status: 'ApprovalWithdrawn' },
  'still-held': { http: 403, status: 'ApprovalPending' },
  'policy-changed': { http: 403, status: 'PolicyChanged' },
  'upgrade-not-supported': { http: 501, status: 'NotSupported' },
  'malformed-request': { http: 400, status: 'BadRequest' },
  'client-gone': { http: 499, status: 'ClientClosedRequest' },
}

/** Sentence for failures that must not tell a caller what went wrong inside. */
const internalSentence = 'The broker failed to handle this request.'

export function faultReason(fault: Fault): ReasonCode {
  return answers[fault.code].reason
}

/** `upstreamCode`: what the API server had answered to a write before this went wrong. */
export function faultStatus(fault: Fault, auditID: string, upstreamCode?: number): Status {
  const { http, status } = answers[fault.code]
  const sentence = http === 500 ? internalSentence : fault.sentence
  const done = upstreamCode === undefined ? '' : ` The API server had already answered ${upstreamCode} to this request.`
  return failure(http, status, `${sentence}${done} (chaperone why ${auditID})`)
}

/** A refusal as kubectl will print it: the sentence, the rule that spoke, and where to read more. */
export function refusalOf(code: ReasonCode, message: string, rule: string | undefined, auditID: string): Status {
  const { http, status } = refusalStatus[code] ?? { http: 403, status: 'Forbidden' }
  const speaker = rule === undefined ? '' : `rule ${rule}; `
  return failure(http, status, `${message} (${speaker}chaperone why ${auditID})`)
}
