/**
 * One journal line, in the shape of audit.k8s.io/v1 Event
 * (k8s.io/apiserver pkg/apis/audit/v1/types.go). Chaperone's own facts are annotations under `chaperone/`.
 */
export interface AuditEvent {
  readonly kind: 'Event'
  readonly apiVersion: 'audit.k8s.io/v1'
  readonly level: 'Metadata'
  readonly auditID: string
  readonly stage: 'RequestReceived' | 'ResponseStarted' | 'ResponseComplete' | 'Panic'
  /** Path and query with values of masked or secret-bearing parameters hidden. */
  readonly requestURI: string
  readonly verb: string
  readonly user: AuditUser
  /** Whom the user asked to be (--as). */
  readonly impersonatedUser?: AuditUser
  readonly sourceIPs: readonly string[]
  readonly userAgent: string
  readonly objectRef?: ObjectReference
  readonly responseStatus?: { readonly code: number; readonly reason?: string; readonly message?: string }
  /** RFC 3339 with microseconds, as the API server writes them. */
  readonly requestReceivedTimestamp: string
  readonly stageTimestamp: string
  readonly annotations: Readonly<Record<string, string>>
}

export interface AuditUser {
  readonly username: string
  readonly uid?: string
  readonly groups?: readonly string[]
  readonly extra?: Readonly<Record<string, readonly string[]>>
}

export interface ObjectReference {
  readonly resource?: string
  readonly namespace?: string
  readonly name?: string
  readonly apiGroup?: string
  readonly apiVersion?: string
  readonly subresource?: string
}

/** Annotation keys of Chaperone on an AuditEvent; values are strings, as in Kubernetes. */
export const annotation = {
  decision: 'chaperone/decision', // allow | hold | deny
  reason: 'chaperone/reason', // ReasonCode
  message: 'chaperone/message',
  rules: 'chaperone/rules', // comma-separated policy/rule
  policy: 'chaperone/policy-digest',
  session: 'chaperone/session',
  sessionReason: 'chaperone/session-reason', // why, in the caller's words
  onBehalfOf: 'chaperone/on-behalf-of', // the human for whom the caller acts
  held: 'chaperone/held', // HeldRequest id
  reviewer: 'chaperone/reviewer',
  command: 'chaperone/command', // equivalent kubectl command
  claimedCommand: 'chaperone/claimed-command',
  claimedProcess: 'chaperone/claimed-process', // the same for all requests of one command
  outcome: 'chaperone/outcome', // completed | refused | cancelled | failed | unknown
  masked: 'chaperone/masked-values', // a count, never a value
  digest: 'chaperone/request-digest',
} as const
