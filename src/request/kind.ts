import { Fault } from '../model/fault.ts'
import { RawNumber, type JsonObject, type JsonValue, type ResourceRequest } from '../model/request.ts'

interface KindAndVersion {
  readonly kind: string
  readonly apiVersions: readonly string[]
}

/** Subresources whose body is another kind than their resource's (k8s.io/kubernetes pkg/registry, GroupVersionKind of each storage). */
const kindOfSubresource: Readonly<Record<string, KindAndVersion>> = {
  binding: { kind: 'Binding', apiVersions: ['v1'] },
  eviction: { kind: 'Eviction', apiVersions: ['policy/v1', 'policy/v1beta1'] },
  scale: { kind: 'Scale', apiVersions: ['autoscaling/v1'] },
  token: { kind: 'TokenRequest', apiVersions: ['authentication.k8s.io/v1'] },
}
/** Where the body is an object of the resource itself. */
const ownSubresources: ReadonlySet<string> = new Set([
  '',
  'approval',
  'ephemeralcontainers',
  'finalize',
  'resize',
  'status',
])

/** Characters of a wrong kind or apiVersion that an error repeats. */
const MAX_QUOTED = 80

/**
 * Refuses a body whose root says that it is of another kind or API version than the request's resource. Patches are
 * applied whatever they say there, so that a reader who believes them (a mask, a reviewer) would be misled. Kinds of
 * groups that are not Kubernetes' own may have any plural; there the API version has to fit, and a kind that does not
 * look like the resource must at least be no Secret and no list.
 *
 * @throws Fault ERR_BODY.
 */
export function assertKind(body: JsonValue, request: ResourceRequest): void {
  if (request.verb === 'proxy' || request.subresource === 'proxy') return
  for (const root of rootsOf(body)) assertRoot(root, request)
}

/** The object itself, or what each operation of a JSON patch puts at the place of the object, its kind or apiVersion. */
function rootsOf(body: JsonValue): readonly JsonObject[] {
  if (!Array.isArray(body)) return isObject(body) ? [body] : []
  return body.flatMap((operation: JsonValue): JsonObject[] => {
    if (!isObject(operation)) return []
    const { path, value = null } = operation
    if (path === '') return isObject(value) ? [value] : []
    if (path === '/kind') return [{ kind: value }]
    return path === '/apiVersion' ? [{ apiVersion: value }] : []
  })
}

function assertRoot({ kind = '', apiVersion = '' }: JsonObject, request: ResourceRequest): void {
  const fits =
    typeof kind === 'string' &&
    typeof apiVersion === 'string' &&
    (request.verb.startsWith('delete')
      ? fitsDelete(kind, apiVersion, request)
      : fitsResource(kind, apiVersion, request))
  if (fits) return
  const claimed = [kind, apiVersion]
    .filter((part) => part !== '')
    .map((part) => JSON.stringify(part).slice(0, MAX_QUOTED))
  const resource = request.subresource === '' ? request.resource : `${request.resource}/${request.subresource}`
  throw new Fault(
    'ERR_BODY',
    `The body says that it is ${claimed.join(' of ')}, but the request is for ${resource} of ${groupVersion(request)}.`,
    { advice: "Send the object to its own resource, or correct the body's kind and apiVersion." },
  )
}

/** DeleteOptions is registered in every API group (k8s.io/apimachinery pkg/apis/meta/v1, AddToGroupVersion). */
function fitsDelete(kind: string, apiVersion: string, request: ResourceRequest): boolean {
  const known = ['', 'v1', 'meta.k8s.io/v1', groupVersion(request)]
  return (kind === '' || kind === 'DeleteOptions') && known.includes(apiVersion)
}

function fitsResource(kind: string, apiVersion: string, request: ResourceRequest): boolean {
  const other = kindOfSubresource[request.subresource]
  if (other !== undefined) {
    return (kind === '' || kind === other.kind) && (apiVersion === '' || other.apiVersions.includes(apiVersion))
  }
  if (!ownSubresources.has(request.subresource)) return !misleads(kind)
  const isOwnVersion = apiVersion === groupVersion(request)
  if (apiVersion !== '' && !isOwnVersion) return false
  if (kind === '' || isPlural(request.resource, kind)) return true
  return isOwnVersion && !isBuiltinGroup(request.apiGroup) && !misleads(kind)
}

function misleads(kind: string): boolean {
  return kind === 'Secret' || kind.endsWith('List')
}

/** Kubernetes' own plurals (k8s.io/apimachinery pkg/api/meta, UnsafeGuessKindToResource), and kinds that are plurals. */
function isPlural(resource: string, kind: string): boolean {
  const singular = kind.toLowerCase()
  const plurals = [singular, `${singular}s`, `${singular}es`, singular.replace(/y$/, 'ies')]
  return plurals.includes(resource)
}

/** Groups whose kinds Kubernetes itself defines, all of them with regular plurals. */
function isBuiltinGroup(group: string): boolean {
  return !group.includes('.') || group.endsWith('.k8s.io')
}

function groupVersion({ apiGroup, apiVersion }: ResourceRequest): string {
  return apiGroup === '' ? apiVersion : `${apiGroup}/${apiVersion}`
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof RawNumber)
}
