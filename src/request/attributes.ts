import { Fault } from '../model/fault.ts'
import type { Effect, NonResourceRequest, RequestAttributes } from '../model/request.ts'
import { pinnedName } from './field-selector.ts'
import { revealSubresource } from './reveal.ts'
import { parameter, type RequestTarget } from './target.ts'

const verbOfMethod: Readonly<Record<string, string>> = {
  POST: 'create',
  GET: 'get',
  HEAD: 'get',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
}
const verbsInPath: ReadonlySet<string> = new Set(['proxy', 'watch'])
const namespaceSubresources: ReadonlySet<string> = new Set(['status', 'finalize'])
const collectionVerbs: ReadonlySet<string> = new Set(['list', 'watch', 'deletecollection'])
/** Subresources that open a road into a container or node, whatever the method says. */
const execSubresources: ReadonlySet<string> = new Set(['exec', 'attach', 'portforward', 'proxy'])
const writeVerbs: ReadonlySet<string> = new Set(['create', 'update', 'patch', 'delete', 'deletecollection'])
/** Where the API server honours `dryRun`; a token request gives a real token although it says `dryRun=All`. */
const dryRunSubresources: ReadonlySet<string> = new Set([
  '',
  'approval',
  'binding',
  'ephemeralcontainers',
  'eviction',
  'finalize',
  'resize',
  'scale',
  'status',
])
/** Groups whose objects are questions: the API server answers them the same with `dryRun=All`. */
const askingGroups: ReadonlySet<string> = new Set(['authentication.k8s.io', 'authorization.k8s.io'])
/** Resources that a PUT creates when they are absent (`AllowCreateOnUpdate` of their strategies), as `resource.group`. */
const createdByUpdate: ReadonlySet<string> = new Set([
  'endpoints.',
  'events.',
  'limitranges.',
  'leases.coordination.k8s.io',
  'events.events.k8s.io',
  'runtimeclasses.node.k8s.io',
  'roles.rbac.authorization.k8s.io',
  'rolebindings.rbac.authorization.k8s.io',
  'clusterroles.rbac.authorization.k8s.io',
  'clusterrolebindings.rbac.authorization.k8s.io',
])
/** ListOptions that the API server must be able to read as int64; else it answers 400. */
const integers = ['limit', 'timeoutSeconds'] as const
const trueTexts: ReadonlySet<string> = new Set(['', '1', 'true'])
const falseTexts: ReadonlySet<string> = new Set(['0', 'false'])

/**
 * RequestAttributes by the rules of RequestInfo (k8s.io/apiserver pkg/endpoints/request/requestinfo.go), taken from the
 * method and the parsed target alone; `contentType` only tells server-side apply from other patches. What RequestInfo
 * falls back on when ListOptions cannot be decoded is refused here, because the API server would answer 400.
 *
 * @throws Fault ERR_TARGET.
 */
export function describe(method: string, target: RequestTarget, contentType: string): RequestAttributes {
  const parts = resourceParts(target.segments)
  if (parts === undefined) return nonResource(method, target)
  const { verb: pathVerb, rest } = splitPathVerb(parts.rest)
  const { namespace, location } = splitNamespace(rest)
  const [resource = '', pathName = ''] = location
  const subresource = pathVerb === 'proxy' ? '' : (location[2] ?? '')
  const methodVerb = pathVerb ?? verbOfMethod[method] ?? ''
  const isCollection = pathName === ''
  const verb = isCollection ? collectionVerb(methodVerb, target) : methodVerb
  const name = isCollection && methodVerb === 'get' ? pinnedName(parameter(target, 'fieldSelector')) : pathName
  const selects = pathVerb === undefined && collectionVerbs.has(verb)
  return {
    kind: 'resource',
    verb,
    apiGroup: parts.group,
    apiVersion: parts.version,
    namespace,
    resource,
    subresource,
    name,
    fieldSelector: selects ? (parameter(target, 'fieldSelector') ?? '') : '',
    labelSelector: selects ? (parameter(target, 'labelSelector') ?? '') : '',
    dryRun: parameter(target, 'dryRun') === 'All' && writeVerbs.has(verb) && honoursDryRun(parts.group, subresource),
    effects: effectsOf(method, verb, `${resource}.${parts.group}`, subresource, contentType),
    path: target.path,
  }
}

function honoursDryRun(group: string, subresource: string): boolean {
  return dryRunSubresources.has(subresource) && !askingGroups.has(group)
}

function resourceParts(
  segments: readonly string[],
): { group: string; version: string; rest: readonly string[] } | undefined {
  const [prefix, ...rest] = segments
  if (prefix === 'api' && segments.length >= 3) return { group: '', version: rest[0] ?? '', rest: rest.slice(1) }
  if (prefix === 'apis' && segments.length >= 4) {
    return { group: rest[0] ?? '', version: rest[1] ?? '', rest: rest.slice(2) }
  }
  return undefined
}

function splitPathVerb(rest: readonly string[]): { verb: string | undefined; rest: readonly string[] } {
  const first = rest[0] ?? ''
  if (!verbsInPath.has(first)) return { verb: undefined, rest }
  if (rest.length < 2) throw new Fault('ERR_TARGET', `The request target names no resource after "${first}".`)
  return { verb: first, rest: rest.slice(1) }
}

function splitNamespace(rest: readonly string[]): { namespace: string; location: readonly string[] } {
  if (rest[0] !== 'namespaces') return { namespace: '', location: rest }
  const ownSubresource = rest.length <= 2 || namespaceSubresources.has(rest[2] ?? '')
  return { namespace: rest[1] ?? '', location: ownSubresource ? rest : rest.slice(2) }
}

function collectionVerb(verb: string, target: RequestTarget): string {
  if (verb === 'delete') return 'deletecollection'
  if (verb !== 'get') return verb
  for (const key of integers) {
    const text = parameter(target, key)
    if (text !== undefined && !/^-?[0-9]{1,18}$/.test(text)) {
      throw new Fault('ERR_TARGET', `The parameter "${key}" is not a whole number.`)
    }
  }
  return flag(target, 'watch') ? 'watch' : 'list'
}

function flag(target: RequestTarget, key: string): boolean {
  const text = parameter(target, key)
  if (text === undefined || falseTexts.has(text)) return false
  if (trueTexts.has(text)) return true
  throw new Fault('ERR_TARGET', `The parameter "${key}" is neither "true" nor "false".`)
}

function effectsOf(method: string, verb: string, kind: string, subresource: string, contentType: string): Effect[] {
  const reads = method === 'GET' || method === 'HEAD'
  if (verb === 'proxy' || subresource === 'proxy') return reads ? ['exec', 'stream'] : ['write', 'exec', 'stream']
  if (execSubresources.has(subresource)) return ['create', 'exec', 'stream']
  if (reads) return subresource === revealSubresource ? ['read', 'reveal'] : ['read']
  if (subresource === 'ephemeralcontainers') return ['write', 'exec']
  const creates =
    verb === 'create' ||
    (verb === 'patch' && contentType === 'application/apply-patch+yaml') ||
    (verb === 'update' && subresource === '' && createdByUpdate.has(kind))
  return creates ? ['create', 'write'] : ['write']
}

function nonResource(method: string, target: RequestTarget): NonResourceRequest {
  const reads = method === 'GET' || method === 'HEAD'
  return { kind: 'non-resource', verb: method.toLowerCase(), path: target.path, effects: reads ? ['read'] : ['write'] }
}
