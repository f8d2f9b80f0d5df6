/**
 * Every failure Chaperone itself reports has one of these codes. People and scripts may match on them: a code never
 * changes its meaning. Denials are values (see decision.ts); a Fault is for what should not have happened.
 */
export type FaultCode =
  | 'ERR_USAGE' // the command line or a control call is malformed
  | 'ERR_CONFIG' // chaperone.yaml does not parse or contradicts itself
  | 'ERR_POLICY' // a policy file does not parse or contradicts itself
  | 'ERR_KUBECONFIG' // the kubeconfig cannot be read, or the context is unknown
  | 'ERR_UPSTREAM_CREDENTIAL' // the cluster credential is missing, expired or of a kind not supported
  | 'ERR_UPSTREAM_UNREACHABLE' // connection refused, DNS, reset before an answer
  | 'ERR_UPSTREAM_TIMEOUT'
  | 'ERR_UPSTREAM_CERTIFICATE' // the API server's certificate is not the one the kubeconfig expects
  | 'ERR_TARGET' // the request target is ambiguous or malformed
  | 'ERR_BODY' // the request body cannot be read exactly as the API server would
  | 'ERR_BODY_TOO_LARGE'
  | 'ERR_HEADERS' // more request headers than are read
  | 'ERR_MEDIA_TYPE' // an encoding we cannot judge
  | 'ERR_UPGRADE' // an upgrade that is not supported
  | 'ERR_UNAUTHENTICATED'
  | 'ERR_ISSUER' // the identity provider does not answer, or not as one
  | 'ERR_FORBIDDEN' // a control call by someone who may not make it
  | 'ERR_NOT_FOUND'
  | 'ERR_CONFLICT' // the thing changed since it was shown
  | 'ERR_MASK' // an answer cannot be masked, so it is not given
  | 'ERR_MASK_WRITE' // a request carries a mask token back
  | 'ERR_JOURNAL' // the journal cannot be written or does not verify
  | 'ERR_QUOTA' // one subject asks for more than its share
  | 'ERR_RECORDING' // a recording cannot be written or read
  | 'ERR_STATE' // the state folder cannot be used
  | 'ERR_BUSY_PORT'
  | 'ERR_BROKER' // the broker is gone or answers nonsense
  | 'ERR_TERMINAL' // no TTY, too small, or lost
  | 'ERR_ENVIRONMENT' // Node too old, kubectl missing
  | 'ERR_INTERNAL'

/** A failure with a stable code, one sentence that says what is wrong, and one that says what to do next. */
export class Fault extends Error {
  override readonly name = 'Fault'
  readonly code: FaultCode
  /** What the reader should do next; a full sentence, or empty when the message already says it. */
  readonly advice: string

  constructor(code: FaultCode, message: string, options: { advice?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.advice = options.advice ?? ''
  }

  /** Message and advice in one line, for stderr and for metav1.Status messages. */
  get sentence(): string {
    return this.advice === '' ? this.message : `${this.message} ${this.advice}`
  }
}

/** Any thrown value as a Fault; what is not one becomes ERR_INTERNAL and keeps the original as `cause`. */
export function toFault(thrown: unknown): Fault {
  if (thrown instanceof Fault) return thrown
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  return new Fault('ERR_INTERNAL', `Unexpected failure: ${message}`, { cause: thrown })
}
