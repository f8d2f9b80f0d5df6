import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { annotation } from '../model/audit.ts'
import type { Parts } from './pipeline.ts'

/**
 * The journal line of bytes that were no HTTP request: who sent them, and nothing of what they said. A journal that
 * fails here refuses the next real request by itself.
 */
export async function journalMalformed(parts: Parts, socket: Duplex, method: string): Promise<void> {
  const address = socket instanceof Socket ? (socket.remoteAddress ?? '') : ''
  const now = parts.clock.now().toISOString().replace('Z', '000Z')
  const message = 'The request is not HTTP/1.1 that can be read in one way only.'
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
      responseStatus: { code: 400, reason: 'BadRequest', message },
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
  await line.catch(() => socket.destroy())
}
