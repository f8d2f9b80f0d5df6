import { badRequest, expired, notFound } from '../failure.ts'
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

/** A list answer, in pages when `limit` asks for it. */
export function listAnswer(store: ObjectStore, route: Route, view: View): Fields {
  const { query } = view
  checkVersion(query.first('resourceVersion'))
  const selected = store.list(resourceKey(route.resource), route.namespace).filter(selection(query, route.resource))
  const { page, next, left } = pageOf(selected, query.number('limit'), query.first('continue'))
  const metadata = {
    resourceVersion: String(store.revision),
    ...(next === '' ? {} : { continue: next, remainingItemCount: left }),
  }
  return renderList(page, metadata, view)
}

export function checkVersion(text: string): void {
  if (!/^[0-9]*$/.test(text)) throw badRequest(`invalid resourceVersion: ${JSON.stringify(text)}`)
}

const place = ({ metadata }: KubeObject) => `${metadata.namespace ?? ''}/${metadata.name}`

function pageOf(objects: readonly KubeObject[], limit: number, token: string) {
  const after = token === '' ? undefined : Buffer.from(token, 'base64url').toString('utf8')
  if (after !== undefined && !after.startsWith('after:')) {
    throw expired('The provided continue parameter is not valid: start the list again without it.')
  }
  const rest = after === undefined ? objects : objects.filter((one) => place(one) > after.slice('after:'.length))
  const page = limit > 0 ? rest.slice(0, limit) : rest
  const last = page.at(-1)
  const left = rest.length - page.length
  const next = left === 0 || last === undefined ? '' : Buffer.from(`after:${place(last)}`).toString('base64url')
  return { page, next, left }
}
