import { annotation } from '../model/audit.ts'
import type { Parts } from './pipeline.ts'

/** How bytes are refused that became no request. */
export interface Refusal {
  readonly code: number
  /** metav1.StatusReason. */
  readonly reason: string
  readonly message: string
}

/** Who sent them. `end` closes their connection at once. */
export interface Sender {
  readonly address: string
  /** Empty when that cannot be told. */
  readonly method: string
  readonly end: () => void
}

export const noHttp: Refusal = {
  code: 400,
  reason: 'BadRequest',
  message: 'The request is not HTTP that can be read in one way only.',
}

/**
 * The journal line of bytes that were no HTTP request: who sent them, and nothing of what they said. A journal that
 * fails here refuses the next real request by itself.
 */
export async function journalMalformed(
  parts: Parts,
  { address, method, end, code, reason, message }: Refusal & Sender,
): Promise<void> {
  const now = parts.clock.now().toISOString().replace('Z', '000Z')
  const line = parts.stations.journal.append(
    {
      kind: 'Event',
      apiVersion: 'audit.k8s.io/v1',
      level: 'Metadata',
      auditID: parts.newAuditID(),
      stage: 'ResponseComplete',
      requestURI: '',
      verb: method.toLowerCase(),
      user: { username: 'system:anonymous', groups: ['system:unauthenticated'] },
      sourceIPs: address === '' ? [] : [address],
      userAgent: '',
      responseStatus: { code, reason, message },
      requestReceivedTimestamp: now,
      stageTimestamp: now,
      annotations: {
        [annotation.decision]: 'deny',
        [annotation.reason]: 'malformed-request',
        [annotation.message]: message,
        [annotation.outcome]: 'refused',
      },
    },
    'soon',
  )
  await line.catch(end)
}
