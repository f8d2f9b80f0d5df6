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
  /** How many signed tokens of nobody one address may bring; `refused` notes one, and throws ERR_QUOTA when they are too many. */
  readonly limit: { refused(address: string): void }
  readonly clock: { now(): Date }
  readonly newAuditID: () => string
}

/**
 * Who calls. Each failure is a line of the journal; of too many from one address the rest is told so, and one line a minute stays.
 * Whoever is known comes in all the same: all callers share the loopback address, and a program in a session must not be able to
 * lock out those who look at it.
 */
export async function callerOf(door: Door, request: IncomingMessage): Promise<Caller> {
  try {
    if ((request.headersDistinct['authorization']?.length ?? 0) > 1) {
      throw new Fault('ERR_UNAUTHENTICATED', 'The request has two Authorization headers, and can be read in two ways.')
    }
    const caller = await door.authenticate(request.headers.authorization)
    if (caller !== undefined) return caller
    throw new Fault('ERR_UNAUTHENTICATED', 'The control API does not know this token.', {
      advice: 'Tokens of an earlier broker do not work any more: start the command again.',
    })
  } catch (thrown) {
    const fault = counted(door, request, toFault(thrown))
    // The refusal stands without its line; the journal tells its own failures to the broker's people.
    await door.refusals.append(refusedLine(door, request, fault), 'soon').catch(() => undefined)
    throw fault
  }
}

function counted({ limit }: Door, { headers, socket }: IncomingMessage, fault: Fault): Fault {
  if (fault.code !== 'ERR_UNAUTHENTICATED' || !isSigned(headers.authorization)) return fault
  try {
    limit.refused(socket.remoteAddress ?? '')
    return fault
  } catch (thrown) {
    return toFault(thrown)
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
    annotations: {
      [annotation.decision]: 'deny',
      [annotation.reason]: code === 'ERR_QUOTA' ? 'over-quota' : 'not-authenticated',
      [annotation.message]: message,
      [annotation.outcome]: 'refused',
    },
  }
}

/** True of what looks like a JSON Web Token. */
function isSigned(authorization = ''): boolean {
  return authorization.split('.', 3).length === 3
}
