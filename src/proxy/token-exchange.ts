import { z } from 'zod'
import type { Exchange, ExchangeGrant } from '../identity/port.ts'
import { annotation, type AuditEvent } from '../model/audit.ts'
import { Fault, toFault } from '../model/fault.ts'
import { clientKinds } from '../model/session.ts'
import { readBody } from './body.ts'
import type { ClientReply, ClientRequest } from './client.ts'
import { sendStatus } from './deliver.ts'
import { assertUnambiguous, printable, userAgent } from './headers.ts'
import type { Parts } from './pipeline.ts'
import { faultReason, faultStatus } from './status.ts'

/** The only path of the data plane that never goes upstream: here credentials are had, with the address of the API alone. */
const path = '/chaperone/v1/token'
const MAX_BODY_BYTES = 32 * 1024
const MAX_REASON = 256
const anonymous = { username: 'system:anonymous', groups: ['system:unauthenticated'] }

const askSchema = z.strictObject({
  subjectToken: z.string().min(1),
  kind: z.enum(clientKinds),
  reason: z.string().max(MAX_REASON).default(''),
  waitMs: z.number().int().min(0).default(0),
  sessionID: z
    .string()
    .regex(/^s-[a-z2-9]{8}$/)
    .optional(),
})

export function isTokenExchange({ target }: ClientRequest): boolean {
  return target === path
}

/**
 * Answers `POST /chaperone/v1/token` with `{sessionID, token, expiresAt, expiresIn}` (RFC 3339, seconds): the body `{subjectToken, kind, reason?, waitMs?,
 * sessionID?}` holds a token of a trusted issuer. Each attempt is a line of the journal, on disk before the answer; the
 * tokens are in none. Never rejects.
 */
export async function serveTokenExchange(
  asked: ClientRequest,
  reply: ClientReply,
  parts: Parts,
  exchange: Exchange,
): Promise<void> {
  const auditID = parts.newAuditID()
  const receivedAt = parts.clock.now()
  const notes: Record<string, string> = {}
  const tell = (grant: ExchangeGrant | undefined, fault: Fault | undefined) => {
    const event = lineOf({ asked, auditID, receivedAt, at: parts.clock.now(), grant, fault, notes })
    return parts.stations.journal.append(event, fault === undefined ? 'durable' : 'soon')
  }
  try {
    const ask = await readAsk(asked)
    const reason = printable(ask.reason)
    notes['chaperone/claimed-kind'] = ask.kind
    if (reason !== '') notes[annotation.sessionReason] = reason
    const { sessionID, ...rest } = ask
    const address = asked.ends.remoteAddress ?? ''
    const grant = await exchange({ ...rest, reason, ...(sessionID === undefined ? {} : { sessionID }), address })
    await tell(grant, undefined)
    const { token, expiresAt } = grant
    const expiresIn = Math.floor((Date.parse(expiresAt) - parts.clock.now().getTime()) / 1000)
    const body = Buffer.from(`${JSON.stringify({ sessionID: grant.sessionID, token, expiresAt, expiresIn })}\n`)
    reply.begin(200, {
      'content-type': 'application/json',
      'content-length': body.length,
      'cache-control': 'no-store',
      'audit-id': auditID,
    })
    reply.out.end(body)
  } catch (thrown) {
    const fault = toFault(thrown)
    // The refusal stands without its line; the journal tells its own failures to the broker's people.
    if (fault.code !== 'ERR_JOURNAL') await tell(undefined, fault).catch(() => undefined)
    sendStatus(reply, faultStatus(fault, auditID), auditID, asked.method === 'HEAD')
  }
}

async function readAsk(asked: ClientRequest): Promise<z.output<typeof askSchema>> {
  assertUnambiguous(asked)
  if (asked.method !== 'POST') throw new Fault('ERR_USAGE', `${path} takes POST.`)
  if (asked.headers.origin !== undefined) throw new Fault('ERR_FORBIDDEN', 'Web pages may not ask for credentials.')
  const body = await readBody(asked)
  if (body.length > MAX_BODY_BYTES) throw new Fault('ERR_BODY_TOO_LARGE', 'The body is larger than 32 KiB.')
  const parsed = askSchema.safeParse(jsonOf(body))
  if (parsed.success) return parsed.data
  const problems = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'body'}: ${issue.message}`)
  throw new Fault('ERR_USAGE', `The body is not what ${path} takes: ${problems.join('; ')}.`)
}

function jsonOf(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)) as unknown
  } catch {
    // The cause would quote the body, and so a token.
    throw new Fault('ERR_BODY', 'The body is not JSON.')
  }
}

function lineOf(known: {
  readonly asked: ClientRequest
  readonly auditID: string
  readonly receivedAt: Date
  readonly at: Date
  readonly grant: ExchangeGrant | undefined
  readonly fault: Fault | undefined
  readonly notes: Readonly<Record<string, string>>
}): AuditEvent {
  const { asked, auditID, grant, fault, notes } = known
  const address = asked.ends.remoteAddress
  const subject = grant?.subject
  const status = fault === undefined ? undefined : faultStatus(fault, auditID)
  return {
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    level: 'Metadata',
    auditID,
    stage: 'ResponseComplete',
    requestURI: path,
    verb: 'create',
    user:
      subject === undefined
        ? anonymous
        : { username: subject.name, uid: subject.uid, groups: subject.groups, extra: subject.extra },
    sourceIPs: address === undefined ? [] : [address],
    userAgent: userAgent(asked),
    responseStatus:
      status === undefined ? { code: 200 } : { code: status.code, reason: status.reason, message: status.message },
    requestReceivedTimestamp: timestamp(known.receivedAt),
    stageTimestamp: timestamp(known.at),
    annotations: {
      [annotation.decision]: fault === undefined ? 'allow' : 'deny',
      ...(fault === undefined ? {} : { [annotation.reason]: faultReason(fault), [annotation.message]: fault.sentence }),
      [annotation.command]: 'chaperone token',
      [annotation.outcome]: fault === undefined ? 'completed' : 'refused',
      ...(grant === undefined ? {} : { [annotation.session]: grant.sessionID }),
      ...(subject?.onBehalfOf === undefined ? {} : { [annotation.onBehalfOf]: subject.onBehalfOf }),
      ...notes,
    },
  }
}

function timestamp(at: Date): string {
  return at.toISOString().replace('Z', '000Z')
}
