import type { JsonObject, JsonValue, ResourceRequest } from '../model/request.ts'
import { isObject } from './fields.ts'

const hiddenMessage = 'Chaperone does not show the message, because it may quote a masked value.'

/**
 * A metav1.Status about a resource whose values are masked. Messages of the API server quote values (a failed JSON patch
 * quotes what it copied), so they are replaced unless they are the standard text that only quotes names. Reason, code,
 * name, kind and the fields of causes stay.
 */
export function neutralStatus(status: JsonObject, request: ResourceRequest): JsonValue {
  return Object.fromEntries(
    Object.entries(status).map(([key, value]) => {
      if (key === 'message') return [key, safeMessage(value, request)]
      return [key, key === 'details' && isObject(value) ? neutralDetails(value) : value]
    }),
  )
}

/** The beginning of an object as Go prints it, in which environment and arguments stand. Bounded: messages quote what callers wrote. */
const printedObject =
  /\b\w{0,40}(?:Pod|Container|EnvVar|Job|Deployment|StatefulSet|DaemonSet|ReplicaSet|Controller)\w{0,40}\{|map\[string\]interface ?\{\}\{|\[\]string\{/

/** A metav1.Status about a resource of which parts are hidden on conditions: what it says of whole objects is left out. */
export function shortStatus(status: JsonObject): JsonValue {
  return Object.fromEntries(Object.entries(status).map(([key, value]) => [key, shortened(value)]))
}

function shortened(value: JsonValue): JsonValue {
  if (typeof value === 'string') {
    const at = value.search(printedObject)
    return at === -1 ? value : `${value.slice(0, at)}[the rest is not shown, because it may quote a masked value]`
  }
  if (Array.isArray(value)) return value.map(shortened)
  if (!isObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, shortened(one)]))
}

function neutralDetails(details: JsonObject): JsonValue {
  const { causes } = details
  if (causes === undefined) return details
  const neutral = Array.isArray(causes) ? causes.filter(isObject).map(neutralCause) : []
  return { ...details, causes: neutral }
}

function neutralCause(cause: JsonObject): JsonValue {
  return Object.fromEntries(
    Object.entries(cause)
      .filter(([key]) => key === 'reason' || key === 'field')
      .concat([['message', hiddenMessage]]),
  )
}

function safeMessage(message: JsonValue, request: ResourceRequest): JsonValue {
  if (message === '' || message === null) return message
  if (typeof message === 'string' && isStandard(message, request)) return message
  return hiddenMessage
}

/** Texts of k8s.io/apimachinery pkg/api/errors/errors.go and of the RBAC authorizer, for the very name that was asked for. */
function isStandard(message: string, request: ResourceRequest): boolean {
  const { apiGroup, resource, name } = request
  const qualified = apiGroup === '' ? resource : `${resource}.${apiGroup}`
  const quoted = `${qualified} ${JSON.stringify(name)}`
  if (message === `${quoted} not found` || message === `${quoted} already exists`) return true
  const modified = 'the object has been modified; please apply your changes to the latest version and try again'
  if (message === `Operation cannot be fulfilled on ${quoted}: ${modified}`) return true
  const forbidden = [`${quoted} is forbidden: `, `${qualified} is forbidden: `].find((start) =>
    message.startsWith(start),
  )
  return forbidden !== undefined && rbacRefusal.test(message.slice(forbidden.length))
}

const rbacRefusal =
  /^User "[^"]*" cannot [a-z]+ resource "[a-z0-9./-]+" in API group "[a-z0-9.-]*" (?:at the cluster scope|in the namespace "[a-z0-9.-]*")$/
