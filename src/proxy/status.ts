import type { Decision, Reason, ReasonCode } from '../model/decision.ts'
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
  const code = http === 500 ? 'ERR_INTERNAL' : fault.code
  const causes = [
    { reason: code, message: sentence },
    { reason: causeOf.auditID, message: auditID },
  ]
  return failure(http, status, `${sentence}${done} (chaperone why ${auditID})`, { causes })
}

/** Reasons of the causes that lead programs on (metav1.StatusCause); all others are ReasonCodes and codes of errors. */
const causeOf = {
  /** A rule that spoke, as `policy/rule`. */
  rule: 'chaperone/rule',
  /** SHA-256 (hex) of the policy that spoke. */
  policy: 'chaperone/policy-digest',
  /** The held request: approve it, and repeat the request. */
  held: 'chaperone/held',
  /** For `chaperone why`. */
  auditID: 'chaperone/audit-id',
} as const

/** A request that Chaperone refuses, and what led to it. */
export interface Refusal {
  readonly reason: Reason
  readonly auditID: string
  readonly decision: Decision | undefined
  readonly heldID: string | undefined
}

/**
 * A refusal as kubectl will print it: the sentence, the rule that spoke, and where to read more. The same for programs, cause by
 * cause, in the details.
 */
export function refusalOf({ reason, auditID, decision, heldID }: Refusal): Status {
  const { http, status } = refusalStatus[reason.code] ?? { http: 403, status: 'Forbidden' }
  const speaker = reason.rule === undefined ? '' : `rule ${reason.rule}; `
  const reasons = [reason, ...(decision?.reasons ?? [])]
  const rules = reasons.flatMap(({ rule }) => rule ?? [])
  const causes = [
    ...unique(reasons.map(({ code, message }) => ({ reason: code, message }))),
    ...unique(rules.map((rule) => ({ reason: causeOf.rule, message: rule }))),
    ...(decision === undefined ? [] : [{ reason: causeOf.policy, message: decision.policyDigest }]),
    ...(heldID === undefined ? [] : [{ reason: causeOf.held, message: heldID }]),
    { reason: causeOf.auditID, message: auditID },
  ]
  return failure(http, status, `${reason.message} (${speaker}chaperone why ${auditID})`, { causes })
}

function unique<T extends { readonly reason: string; readonly message: string }>(causes: readonly T[]): readonly T[] {
  return [...new Map(causes.map((cause) => [`${cause.reason}\n${cause.message}`, cause])).values()]
}
