import type { Upstream } from '../kube/port.ts'
import type { JsonValue, RequestAttributes, ResourceRequest } from '../model/request.ts'
import type { Session } from '../model/session.ts'
import type { Subject } from '../model/subject.ts'
import { canonicalRequest } from '../request/canonical.ts'
import { withValue, type DecodedBody } from '../request/decode.ts'
import type { RequestTarget } from '../request/target.ts'
import type { ClientRequest } from './client.ts'
import { actingAs } from './acting.ts'
import { forward } from './forward.ts'
import { readObject } from './object.ts'
import type { Stations } from './stations.ts'

interface Means {
  readonly stations: Pick<Stations, 'decide' | 'restore'>
  readonly upstream: Upstream
  readonly impersonate?: boolean
}

/** A request whose body was read. */
export interface Written {
  readonly asked: ClientRequest
  readonly subject: Subject
  readonly session: Session
  readonly request: RequestAttributes
  readonly target: RequestTarget
  readonly body: DecodedBody
  readonly auditID: string
  /** Ends reads. */
  readonly gone: AbortSignal
  readonly closing: AbortSignal
}

/**
 * The body with masked values put back where it carries their tokens. The object is read only for a caller whom the policy
 * lets read it, without a review; else the tokens stay, and the write is refused.
 *
 * @throws Fault ERR_UPSTREAM_*, ERR_MASK.
 */
export async function restored(
  written: Written,
  { stations, upstream, impersonate = false }: Means,
): Promise<DecodedBody> {
  const { body, request, subject, session } = written
  if (body.value === undefined || !stations.restore.isNeeded(body.value, request)) return body
  const read: ResourceRequest = { ...request, verb: 'get', effects: ['read'], dryRun: false }
  if (stations.decide({ subject, session, request: read }).effect !== 'allow') return body
  const stored = await storedObject(written, read, upstream, impersonate)
  return stored === undefined ? body : withValue(body, stations.restore.restore(body.value, stored, request, subject))
}

/** Undefined when the API server has no such object for this caller. */
async function storedObject(
  written: Written,
  read: ResourceRequest,
  upstream: Upstream,
  impersonate: boolean,
): Promise<JsonValue | undefined> {
  const { asked, session, target, auditID, gone, closing } = written
  const path = target.encoded.split('?', 1)[0] ?? ''
  const canonical = canonicalRequest({ method: 'GET', target: path, contentType: '', body: new Uint8Array() })
  const answer = await forward(asked, read, canonical, {
    accept: 'application/json',
    // A child of the request that needs it, in the cluster's own audit log.
    auditID: `${auditID}.1`,
    upstream,
    party: session.id,
    as: impersonate ? actingAs(written, { auditID }) : undefined,
    gone,
    closing,
  })
  if (answer.statusCode === 200) return readObject(answer)
  answer.body.destroy()
  return undefined
}
