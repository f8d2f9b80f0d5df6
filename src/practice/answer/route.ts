import { methodNotAllowed, pathNotFound } from '../failure.ts'
import type { Registry } from '../resources/registry.ts'
import type { Resource } from '../resources/resource.ts'
import type { Target } from '../transport/target.ts'

export type Verb = 'create' | 'get' | 'list' | 'watch' | 'update' | 'patch' | 'delete' | 'deletecollection'

/** Where a request for a resource leads. */
export interface Route {
  readonly resource: Resource
  readonly verb: Verb
  /** undefined: cluster-scoped, or a list over all namespaces. */
  readonly namespace: string | undefined
  readonly name: string
  readonly subresource: string
}

const verbs: Readonly<Record<string, Verb>> = {
  POST: 'create',
  GET: 'get',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
}

/**
 * The route of `/api/…` and `/apis/…` below a version (k8s.io/apiserver pkg/endpoints/request/requestinfo.go);
 * undefined when the path names no resource. Unknown resources are a 404, unknown methods a 405.
 */
export function routeOf(registry: Registry, method: string, { path, query }: Target): Route | undefined {
  const [root, ...parts] = path.split('/').slice(1)
  if (root !== 'api' && root !== 'apis') return undefined
  const group = root === 'api' ? '' : (parts.shift() ?? '')
  const version = parts.shift() ?? ''
  if (parts.length === 0) return undefined
  const watchPrefix = parts[0] === 'watch' && method === 'GET'
  const { namespace, plural, name, subresource, more } = place(watchPrefix ? parts.slice(1) : parts)
  const resource = registry.find(group, version, plural)
  if (resource === undefined || more || (!resource.namespaced && namespace !== undefined)) throw pathNotFound()
  const verb = verbs[method]
  if (verb === undefined) throw methodNotAllowed()
  const route = { resource, verb: collectionVerb(verb, name, watchPrefix || query.flag('watch'), watchPrefix) }
  return { ...route, namespace, name, subresource }
}

function place(parts: readonly string[]) {
  const scoped = parts[0] === 'namespaces' && parts.length > 2 && !['status', 'finalize'].includes(parts[2] ?? '')
  const [plural = '', name = '', subresource = '', ...rest] = scoped ? parts.slice(2) : parts
  return { namespace: scoped ? parts[1] : undefined, plural, name, subresource, more: rest.length > 0 }
}

function collectionVerb(verb: Verb, name: string, watch: boolean, byPrefix: boolean): Verb {
  if (verb === 'get' && byPrefix) return 'watch'
  if (name !== '') return verb
  if (verb === 'get') return watch ? 'watch' : 'list'
  return verb === 'delete' ? 'deletecollection' : verb
}
