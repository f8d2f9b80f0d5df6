import type { IncomingMessage } from 'node:http'
import type { JournalPort } from '../journal/port.ts'
import { annotation, type AuditEvent } from '../model/audit.ts'
import { Fault, toFault } from '../model/fault.ts'
import type { Caller } from './caller.ts'
import { httpCode } from './http-code.ts'

/** What it takes to let callers in. */
export interface Door {
  readonly authenticate: (authorization: string | undefined) => Promise<Caller | undefined>
  /** For calls of nobody: a journal that keeps them from filling the disk. */
  readonly refusals: Pick<JournalPort, 'append'>
  /** How many signed tokens of nobody one address may bring; `assertRoom` throws ERR_QUOTA. */
  readonly limit: { assertRoom(address: string): void; failed(address: string): void }
  readonly clock: { now(): Date }
  readonly newAuditID: () => string
}

/** Who calls. Each failure is a line of the journal, and too many from one address are not looked at any more. */
export async function callerOf(door: Door, request: IncomingMessage): Promise<Caller> {
  const { limit } = door
  const address = request.socket.remoteAddress ?? ''
  try {
    // Only signatures cost something to check; for all others a stranger must not be able to lock the door.
    if (isSigned(request.headers.authorization)) limit.assertRoom(address)
    const caller = await door.authenticate(request.headers.authorization)
    if (caller !== undefined) return caller
    throw new Fault('ERR_UNAUTHENTICATED', 'The control API does not know this token.', {
      advice: 'Tokens of an earlier broker do not work any more: start the command again.',
    })
  } catch (thrown) {
    const fault = toFault(thrown)
    if (fault.code === 'ERR_UNAUTHENTICATED' && isSigned(request.headers.authorization)) limit.failed(address)
    // The refusal stands without its line; the journal tells its own failures to the broker's people.
    await door.refusals.append(refusedLine(door, request, fault), 'soon').catch(() => undefined)
    throw fault
  }
}

function refusedLine(door: Door, request: IncomingMessage, { code, message }: Fault): AuditEvent {
  const at = door.clock.now().toISOString()
  return {
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    level: 'Metadata',
    auditID: door.newAuditID(),
    stage: 'ResponseComplete',
    // What a stranger asks for is not kept.
    requestURI: '/chaperone/v1',
    verb: (request.method ?? '').toLowerCase(),
    user: { username: 'system:anonymous', groups: ['system:unauthenticated'] },
    sourceIPs: [request.socket.remoteAddress ?? ''],
    userAgent: (request.headers['user-agent'] ?? '').slice(0, 256),
    responseStatus: { code: httpCode(code), reason: code, message },
    requestReceivedTimestamp: at,
    stageTimestamp: at,
    annotations: { [annotation.decision]: 'deny', [annotation.outcome]: 'refused' },
  }
}

/** True of what looks like a JSON Web Token. */
function isSigned(authorization = ''): boolean {
  return authorization.split('.', 3).length === 3
}
