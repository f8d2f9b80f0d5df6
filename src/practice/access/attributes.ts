import type { Target } from '../transport/target.ts'
import type { Attributes } from './access.ts'

const verbs: Readonly<Record<string, string>> = {
  POST: 'create',
  GET: 'get',
  HEAD: 'get',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
}

/** RequestInfo (k8s.io/apiserver pkg/endpoints/request/requestinfo.go) of a method and a target. */
export function attributesOf(method: string, { path, query }: Target): Attributes {
  const none = { group: '', version: '', resource: '', subresource: '', namespace: '', name: '' }
  const [root, ...parts] = path.split('/').slice(1)
  const nonResource = { ...none, verb: method.toLowerCase(), path, isResource: false }
  if (root !== 'api' && root !== 'apis') return nonResource
  const group = root === 'api' ? '' : (parts.shift() ?? '')
  const version = parts.shift() ?? ''
  if (parts.length === 0) return nonResource
  const prefix = parts[0] === 'watch' || parts[0] === 'proxy' ? parts.shift() : undefined
  const scoped = parts[0] === 'namespaces' && parts.length > 1
  const below = scoped && parts.length > 2 && !['status', 'finalize'].includes(parts[2] ?? '')
  const [resource = '', name = '', subresource = ''] = below ? parts.slice(2) : parts
  const namespace = scoped ? (parts[1] ?? '') : ''
  const place = { group, version, resource, subresource, namespace, path, isResource: true }
  const verb = prefix ?? verbs[method] ?? ''
  if (name !== '' || prefix !== undefined) return { ...place, verb, name }
  if (verb === 'get') return { ...place, verb: query.flag('watch') ? 'watch' : 'list', name: pinned(query) }
  return { ...place, verb: verb === 'delete' ? 'deletecollection' : verb, name }
}

/** The name a field selector pins; rules with resourceNames apply to it. */
function pinned(query: Target['query']): string {
  return /(?:^|,)metadata\.name==?([^,=!]+)(?:,|$)/.exec(query.first('fieldSelector'))?.[1] ?? ''
}
