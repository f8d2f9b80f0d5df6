import { z } from 'zod'
import { ApiFailure, badRequest, expired, invalid, notFound } from '../failure.ts'
import type { Fields, KubeObject } from '../state/objects.ts'
import { resourceKey, type Resource } from '../resources/resource.ts'
import type { Route } from './route.ts'
import { fieldSelector, labelSelector, type Matches } from '../state/selectors.ts'
import type { ObjectStore } from '../state/served.ts'
import type { Query } from '../transport/target.ts'
import { renderList, type View } from './render.ts'

/** The stored object a route names; 404 when there is none. */
export function storedObject(store: ObjectStore, { resource, namespace, name }: Route): KubeObject {
  const object = store.get(resourceKey(resource), namespace, name)
  if (object === undefined) throw notFound(resource, name)
  return object
}

/** Both selectors of a query as one test. */
export function selection(query: Query, resource: Resource): Matches {
  const labels = labelSelector(query.first('labelSelector'))
  const fields = fieldSelector(query.first('fieldSelector'), resource)
  return (object) => labels(object) && fields(object)
}

/** A list answer, in pages when `limit` asks for it; all pages show the state of the first. */
export function listAnswer(store: ObjectStore, route: Route, view: View): Fields {
  const { query } = view
  const { revision, after } = startOf(store, query)
  const key = resourceKey(route.resource)
  const isPresent = revision === store.revision
  const objects = isPresent ? store.list(key, route.namespace) : store.listAt(key, route.namespace, revision)
  if (objects === undefined) throw tooOld(query)
  const isSelected = query.has('labelSelector') || query.has('fieldSelector')
  const selected = isSelected ? objects.filter(selection(query, route.resource)) : objects
  const { page, next, left } = pageOf(selected, query.number('limit'), after, revision)
  const metadata = {
    resourceVersion: String(revision),
    ...(next === '' ? {} : { continue: next, ...(isSelected ? {} : { remainingItemCount: left }) }),
  }
  return renderList(page, metadata, view)
}

export function checkVersion(text: string): void {
  if (!/^[0-9]*$/.test(text)) {
    throw badRequest(
      `resourceVersion: Invalid value: ${JSON.stringify(text)}: strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`,
    )
  }
}

/** Which state a list shows, and the place it goes on after (KEP-365, KEP-1904). */
function startOf(store: ObjectStore, query: Query): { readonly revision: number; readonly after: string | undefined } {
  const version = query.first('resourceVersion')
  const match = query.first('resourceVersionMatch')
  const token = query.first('continue')
  checkVersion(version)
  if (match !== '' && match !== 'Exact' && match !== 'NotOlderThan') {
    throw invalidOptions(
      'resourceVersionMatch',
      `Unsupported value: ${JSON.stringify(match)}: supported values: "Exact", "NotOlderThan"`,
    )
  }
  if (match !== '' && version === '') {
    throw invalidOptions(
      'resourceVersionMatch',
      'Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided',
    )
  }
  if (match === 'Exact' && version === '0') {
    throw invalidOptions(
      'resourceVersionMatch',
      'Forbidden: resourceVersionMatch "exact" is forbidden for resourceVersion "0"',
    )
  }
  if (token !== '') return continued(token, version)
  if (Number(version) > store.revision) throw tooLarge(version, store.revision)
  return { revision: match === 'Exact' ? Number(version) : store.revision, after: undefined }
}

const continueToken = z.object({ v: z.literal('meta.k8s.io/v1'), rv: z.int(), start: z.string() })

function continued(token: string, version: string) {
  if (version !== '' && version !== '0')
    throw badRequest('specifying resource version is not allowed when using continue')
  const parsed = continueToken.safeParse(parsedToken(token))
  if (!parsed.success) throw badRequest('continue key is not valid: illegal base64 data or not a continue token')
  return { revision: parsed.data.rv, after: parsed.data.start }
}

function parsedToken(token: string): unknown {
  try {
    return JSON.parse(Buffer.from(token, 'base64url').toString('utf8')) as unknown
  } catch {
    return undefined
  }
}

function invalidOptions(field: string, message: string) {
  return invalid({ group: 'meta.k8s.io', plural: '', kind: 'ListOptions' }, '', [
    { reason: message.startsWith('Forbidden') ? 'FieldValueForbidden' : 'FieldValueNotSupported', field, message },
  ])
}

function tooOld(query: Query) {
  if (query.first('continue') === '') return expired('The resourceVersion for the provided list is too old.')
  return expired(
    'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter.',
  )
}

function tooLarge(version: string, present: number): ApiFailure {
  const message = `Timeout: Too large resource version: ${version}, current: ${present}`
  return new ApiFailure(504, 'Timeout', message, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
  })
}

const place = ({ metadata }: KubeObject) => `${metadata.namespace ?? ''}/${metadata.name}`

function pageOf(objects: readonly KubeObject[], limit: number, after: string | undefined, revision: number) {
  const rest = after === undefined ? objects : objects.filter((one) => place(one) > after)
  const page = limit > 0 ? rest.slice(0, limit) : rest
  const last = page.at(-1)
  const left = rest.length - page.length
  const token = last === undefined ? '' : JSON.stringify({ v: 'meta.k8s.io/v1', rv: revision, start: place(last) })
  return { page, next: left === 0 ? '' : Buffer.from(token).toString('base64url'), left }
}
