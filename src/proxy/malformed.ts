import { annotation } from '../model/audit.ts'
import type { Parts } from './pipeline.ts'

/** How bytes are refused that became no request. */
export interface Refusal {
  readonly code: number
  /** metav1.StatusReason. */
  readonly reason: string
  readonly message: string
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
  { address, method, code, reason, message }: Refusal & { readonly address: string; readonly method: string },
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
  // The journal itself tells of its failure, and the connection ends in any case.
  await line.catch(() => undefined)
}
