import type { Upstream, UpstreamAnswer } from '../kube/port.ts'
import type { JsonObject, JsonValue, RequestAttributes, ResourceRequest } from '../model/request.ts'
import type { Session } from '../model/session.ts'
import type { Subject } from '../model/subject.ts'
import { canonicalRequest } from '../request/canonical.ts'
import { withValue, type DecodedBody } from '../request/decode.ts'
import type { RequestTarget } from '../request/target.ts'
import type { Borrowed } from './borrowed.ts'
import type { ClientRequest } from './client.ts'
import { actingAs } from './acting.ts'
import { forward } from './forward.ts'
import { readObject } from './object.ts'
import type { Stations } from './stations.ts'

/** helm keeps ten revisions of a release, unless it is told otherwise. */
const MAX_RECORDS = 20

interface Means {
  readonly stations: Pick<Stations, 'asksOldObject' | 'countsObjects' | 'decide' | 'restore'>
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
  readonly borrowed?: Borrowed | undefined
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
export async function restored(written: Written, means: Means): Promise<DecodedBody> {
  const { body, request, subject } = written
  const { restore } = means.stations
  if (body.value === undefined || !restore.isNeeded(body.value, request)) return body
  const stored = request.verb === 'create' ? undefined : await storedObject(written, request, means)
  const value = stored === undefined ? body.value : restore.restore(body.value, { stored }, request, subject)
  const release = restore.releaseOf(value, stored, request)
  if (release === undefined) return withValue(body, value)
  const records = await recordsOf(release, written, means)
  return withValue(body, restore.restore(body.value, { stored, records }, request, subject))
}

/**
 * What is stored under the name of a change, where a rule of the policy asks for it; null when there is nothing. It is read by the
 * caller's own road and seen by the policy alone. Undefined when it was not read, so that the rule's condition fails.
 *
 * @throws Fault ERR_UPSTREAM_*, ERR_MASK.
 */
export async function oldObjectOf(
  written: Written,
  object: JsonValue | undefined,
  means: Means,
): Promise<JsonValue | undefined> {
  const { request, subject, session } = written
  const input = { subject, session, request, ...(object === undefined ? {} : { object }) }
  if (request.kind !== 'resource' || !means.stations.asksOldObject(input)) return undefined
  return storedUnder(written, request, means)
}

/** Null when there is nothing, undefined when it could not be read. */
async function storedUnder(written: Written, request: ResourceRequest, means: Means): Promise<JsonValue | undefined> {
  const path = written.target.encoded.split('?', 1)[0] ?? ''
  const answer = await read(written, { ...request, verb: 'get', effects: ['read'], dryRun: false }, path, means)
  if (answer.statusCode === 200) return readObject(answer)
  answer.body.destroy()
  return answer.statusCode === 404 ? null : undefined
}

/**
 * What is stored under the name of a write that may take hidden values away, as `oldObjectOf` reads it; undefined when that need
 * not be known.
 *
 * @throws Fault ERR_UPSTREAM_*, ERR_MASK.
 */
export async function underneath(
  written: Written,
  means: Means,
): Promise<{ readonly stored: JsonValue | undefined } | undefined> {
  const { request, body } = written
  const { restore } = means.stations
  if (body.value === undefined || !restore.asksStored(body.value, request, body.contentType)) return undefined
  return { stored: await storedUnder(written, request, means) }
}

/**
 * How many objects a deletion of a collection would take, counted no further than a rule of the policy asks; undefined when none
 * asks, or they could not be counted.
 *
 * @throws Fault ERR_UPSTREAM_*, ERR_MASK.
 */
export async function objectsOf(written: Written, means: Means): Promise<number | undefined> {
  const { request, subject, session, target } = written
  const limit = means.stations.countsObjects({ subject, session, request })
  if (request.kind !== 'resource' || limit === undefined) return undefined
  const { labelSelector, fieldSelector } = request
  const query = new URLSearchParams({ labelSelector, fieldSelector, limit: String(limit) })
  const path = `${target.encoded.split('?', 1)[0] ?? ''}?${query.toString()}`
  const list: ResourceRequest = { ...request, verb: 'list', effects: ['read'], dryRun: false }
  const answer = await read(
    written,
    list,
    path,
    means,
    'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json',
  )
  if (answer.statusCode === 200) {
    const { items } = await readObject(answer)
    return Array.isArray(items) ? items.length : undefined
  }
  answer.body.destroy()
  return undefined
}

/** Undefined when there is no such object for this caller. */
async function storedObject(written: Written, request: ResourceRequest, means: Means): Promise<JsonObject | undefined> {
  const path = written.target.encoded.split('?', 1)[0] ?? ''
  return readFor(written, { ...request, verb: 'get', effects: ['read'], dryRun: false }, path, means)
}

/** The secrets in which helm keeps a release (helm.sh/helm/v3 pkg/storage/driver/secrets.go); none that the caller may not list. */
async function recordsOf(
  { namespace, name }: { readonly namespace: string; readonly name: string },
  written: Written,
  means: Means,
): Promise<readonly JsonValue[]> {
  const labelSelector = `name=${name},owner=helm`
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/secrets`
  const list: ResourceRequest = {
    kind: 'resource',
    verb: 'list',
    apiGroup: '',
    apiVersion: 'v1',
    namespace,
    resource: 'secrets',
    subresource: '',
    name: '',
    fieldSelector: '',
    labelSelector,
    dryRun: false,
    effects: ['read'],
    path,
  }
  const query = new URLSearchParams({ labelSelector, limit: String(MAX_RECORDS) })
  const found = await readFor(written, list, `${path}?${query.toString()}`, means)
  return Array.isArray(found?.['items']) ? found['items'] : []
}

/** An object that the broker reads for the caller, by the caller's own rights; undefined when the caller has none or there is none. */
async function readFor(
  written: Written,
  get: ResourceRequest,
  target: string,
  means: Means,
): Promise<JsonObject | undefined> {
  const { subject, session } = written
  if (means.stations.decide({ subject, session, request: get }).effect !== 'allow') return undefined
  const answer = await read(written, get, target, means)
  if (answer.statusCode === 200) return readObject(answer)
  answer.body.destroy()
  return undefined
}

async function read(
  written: Written,
  get: ResourceRequest,
  target: string,
  { upstream, impersonate = false }: Means,
  accept = 'application/json',
): Promise<UpstreamAnswer> {
  const { asked, session, auditID, gone, closing } = written
  const canonical = canonicalRequest({ method: 'GET', target, contentType: '', body: new Uint8Array() })
  return forward(asked, get, canonical, {
    accept,
    // A child of the request that needs it, in the cluster's own audit log.
    auditID: `${auditID}.${get.verb === 'list' ? 2 : 1}`,
    upstream,
    party: session.id,
    as: impersonate ? actingAs(written, { auditID }) : undefined,
    gone,
    closing,
  })
}
