import { failure, type Status, type StatusDetails } from '../model/status.ts'

/** A failure that becomes a metav1.Status answer. */
export class ApiFailure extends Error {
  override readonly name = 'ApiFailure'
  readonly status: Status

  constructor(code: number, reason: string, message: string, details?: StatusDetails) {
    super(message)
    this.status = failure(code, reason, message, details)
  }
}

/** What messages call a resource. */
interface Names {
  readonly group: string
  readonly plural: string
  readonly kind: string
}

const qualified = ({ group, plural }: Names) => (group === '' ? plural : `${plural}.${group}`)

const details = ({ group, plural }: Names, name: string): StatusDetails => ({
  name,
  ...(group === '' ? {} : { group }),
  kind: plural,
})

/** Messages follow k8s.io/apimachinery pkg/api/errors/errors.go, because people and scripts match on them. */
export function notFound(resource: Names, name: string): ApiFailure {
  return new ApiFailure(404, 'NotFound', `${qualified(resource)} "${name}" not found`, details(resource, name))
}

export function pathNotFound(): ApiFailure {
  return new ApiFailure(404, 'NotFound', 'the server could not find the requested resource')
}

export function alreadyExists(resource: Names, name: string): ApiFailure {
  return new ApiFailure(
    409,
    'AlreadyExists',
    `${qualified(resource)} "${name}" already exists`,
    details(resource, name),
  )
}

export function conflict(resource: Names, name: string, why: string): ApiFailure {
  const message = `Operation cannot be fulfilled on ${qualified(resource)} "${name}": ${why}`
  return new ApiFailure(409, 'Conflict', message, details(resource, name))
}

export const modifiedMeanwhile =
  'the object has been modified; please apply your changes to the latest version and try again'

export interface Cause {
  readonly reason:
    | 'FieldValueRequired'
    | 'FieldValueInvalid'
    | 'FieldValueForbidden'
    | 'FieldValueNotSupported'
    | 'FieldValueDuplicate'
    | 'FieldValueTooLong'
  readonly field: string
  readonly message: string
}

export function invalid(resource: Names, name: string, causes: readonly Cause[]): ApiFailure {
  const kind = resource.group === '' ? resource.kind : `${resource.kind}.${resource.group}`
  const sentences = causes.map(({ field, message }) => `${field}: ${message}`)
  const list = sentences.length === 1 ? sentences.join('') : `[${sentences.join(', ')}]`
  return new ApiFailure(422, 'Invalid', `${kind} "${name}" is invalid: ${list}`, {
    name,
    ...(resource.group === '' ? {} : { group: resource.group }),
    kind: resource.kind,
    causes,
  })
}

export function badRequest(message: string): ApiFailure {
  return new ApiFailure(400, 'BadRequest', message)
}

export function methodNotAllowed(): ApiFailure {
  return new ApiFailure(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource')
}

export function notAcceptable(): ApiFailure {
  const message = 'only the following media types are accepted: application/json'
  return new ApiFailure(406, 'NotAcceptable', message)
}

export function unsupportedMediaType(accepted: readonly string[]): ApiFailure {
  const message = `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`
  return new ApiFailure(415, 'UnsupportedMediaType', message)
}

export function tooLarge(limitBytes: number): ApiFailure {
  const message = `Request entity too large: limit is ${limitBytes}`
  return new ApiFailure(413, 'RequestEntityTooLarge', message)
}

export function expired(message: string): ApiFailure {
  return new ApiFailure(410, 'Expired', message)
}

export function unauthorized(): ApiFailure {
  return new ApiFailure(401, 'Unauthorized', 'Unauthorized')
}

/** What a denied caller asked for (k8s.io/apiserver pkg/endpoints/handlers/responsewriters/errors.go). */
interface Asked {
  readonly verb: string
  readonly group: string
  readonly resource: string
  readonly subresource: string
  readonly namespace: string
  readonly name: string
  readonly path: string
  readonly isResource: boolean
}

export function forbidden(userName: string, asked: Asked, reason: string): ApiFailure {
  const { verb, group, resource, subresource, namespace, name, path, isResource } = asked
  const user = `User ${JSON.stringify(userName)} cannot ${verb}`
  const why = reason === '' ? '' : `: ${reason}`
  if (!isResource) {
    return new ApiFailure(403, 'Forbidden', `forbidden: ${user} path ${JSON.stringify(path)}${why}`, {})
  }
  const full = subresource === '' ? resource : `${resource}/${subresource}`
  const subject = group === '' ? full : `${resource}.${group}${subresource === '' ? '' : `/${subresource}`}`
  const scope = namespace === '' ? 'at the cluster scope' : `in the namespace ${JSON.stringify(namespace)}`
  const named = name === '' ? `${subject} is forbidden` : `${subject} ${JSON.stringify(name)} is forbidden`
  const message = `${named}: ${user} resource ${JSON.stringify(full)} in API group ${JSON.stringify(group)} ${scope}${why}`
  return new ApiFailure(403, 'Forbidden', message, {
    ...(name === '' ? {} : { name }),
    ...(group === '' ? {} : { group }),
    kind: resource,
  })
}
