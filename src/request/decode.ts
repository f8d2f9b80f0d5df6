import { Fault } from '../model/fault.ts'
import { RawNumber, type JsonObject, type JsonValue, type RequestAttributes } from '../model/request.ts'
import { encodeJson, parseJson } from '../stream/json.ts'
import { parseProtobuf } from '../stream/protobuf/envelope.ts'
import { assertKind } from './kind.ts'
import { parseYaml } from './yaml.ts'

/** Bytes of a request body; the API server's own bound (k8s.io/apiserver pkg/server/config.go, MaxRequestBodyBytes). */
export const MAX_BODY_BYTES = 3 * 1024 * 1024

export interface DecodedBody {
  /** Absent when there is no body. */
  readonly value?: JsonValue
  /** Canonical bytes, as they go upstream. */
  readonly bytes: Uint8Array
  /** Of the canonical bytes; empty when there is no body. */
  readonly contentType: string
}

type BodyReader = (bytes: Uint8Array, request: RequestAttributes) => JsonValue

const objectTypes: Readonly<Record<string, BodyReader>> = {
  'application/json': parseJson,
  'application/yaml': parseYaml,
  'application/vnd.kubernetes.protobuf': parseProtobufFor,
}
const patchTypes: Readonly<Record<string, BodyReader>> = {
  'application/json-patch+json': parseJson,
  'application/merge-patch+json': parseJson,
  'application/strategic-merge-patch+json': parseJson,
  'application/apply-patch+yaml': parseJsonOrYaml,
}

/** The media type of a Content-Type header without parameters, lower-cased; `application/json` when it is absent. */
export function mediaType(contentType: string | undefined): string {
  if (contentType === undefined || contentType === '') return 'application/json'
  const [type = '', ...parameters] = contentType.split(';').map((part) => part.trim().toLowerCase())
  if (parameters.every((parameter) => parameter === '' || parameter === 'charset=utf-8')) return type
  throw new Fault(
    'ERR_MEDIA_TYPE',
    `The content type ${JSON.stringify(contentType)} has a parameter that is not known.`,
  )
}

/**
 * Reads a body exactly once, into the value that is judged and the bytes that are sent.
 *
 * @throws Fault ERR_BODY, ERR_BODY_TOO_LARGE, ERR_MEDIA_TYPE.
 */
export function decodeBody(method: string, type: string, bytes: Uint8Array, request: RequestAttributes): DecodedBody {
  if (bytes.length > MAX_BODY_BYTES) throw bodyTooLarge()
  if (bytes.length === 0) return { bytes, contentType: '' }
  if (method !== 'POST' && method !== 'PUT' && method !== 'PATCH' && method !== 'DELETE') {
    throw new Fault('ERR_BODY', `A ${method} request carries no body.`)
  }
  const read = (method === 'PATCH' ? patchTypes : objectTypes)[type]
  if (read === undefined) throw unreadableType(method, type)
  const value = read(bytes, request)
  assertShape(type, value)
  if (type !== 'application/json-patch+json') assertNamespace(value, request)
  if (request.kind === 'resource') assertKind(value, request)
  const contentType = method === 'PATCH' ? type : 'application/json'
  const canonical = encodeJson(value)
  if (canonical.length > MAX_BODY_BYTES) throw bodyTooLarge()
  return { value, bytes: canonical, contentType }
}

/** The same body with another value. Throws ERR_BODY_TOO_LARGE. */
export function withValue(body: DecodedBody, value: JsonValue): DecodedBody {
  if (value === body.value) return body
  const bytes = encodeJson(value)
  if (bytes.length > MAX_BODY_BYTES) throw bodyTooLarge()
  return { ...body, value, bytes }
}

/**
 * The attributes after the body was read. The API server takes DeleteOptions from the body alone when there is one
 * (k8s.io/apiserver pkg/endpoints/handlers/delete.go), so that `?dryRun=All` does not make such a delete a dry run.
 */
export function withBody<T extends RequestAttributes>(request: T, body: DecodedBody): T {
  if (request.kind !== 'resource' || !request.dryRun || body.value === undefined) return request
  if (request.verb !== 'delete' && request.verb !== 'deletecollection') return request
  const options = isObject(body.value) ? body.value['dryRun'] : undefined
  const dryRun = Array.isArray(options) && options.length === 1 && options[0] === 'All'
  return { ...request, dryRun }
}

/** metadata.name of a body, empty when it has none. */
export function bodyName(value: JsonValue | undefined): string {
  const name = value === undefined ? undefined : metadataField(value, 'name')
  return typeof name === 'string' ? name : ''
}

export function bodyTooLarge(): Fault {
  return new Fault('ERR_BODY_TOO_LARGE', `The body is larger than ${MAX_BODY_BYTES} bytes, the API server's own limit.`)
}

function parseProtobufFor(bytes: Uint8Array, request: RequestAttributes): JsonValue {
  if (request.kind !== 'resource') throw new Fault('ERR_MEDIA_TYPE', 'A path that is no resource takes no protobuf.')
  const { apiGroup, apiVersion, resource, subresource, verb } = request
  return parseProtobuf(bytes, {
    groupVersion: apiGroup === '' ? apiVersion : `${apiGroup}/${apiVersion}`,
    resource: subresource === '' ? resource : `${resource}/${subresource}`,
    deletes: verb === 'delete' || verb === 'deletecollection',
  })
}

function parseJsonOrYaml(bytes: Uint8Array): JsonValue {
  const first = bytes.find((byte) => byte !== 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d)
  return first === 0x7b ? parseJson(bytes) : parseYaml(bytes)
}

function assertShape(type: string, value: JsonValue): void {
  if (type === 'application/json-patch+json') {
    if (!Array.isArray(value) || !value.every(isObject)) {
      throw new Fault('ERR_BODY', 'A JSON patch is a list of operations.')
    }
  } else if (!isObject(value)) {
    throw new Fault('ERR_BODY', 'The body is not an object.')
  }
}

function assertNamespace(value: JsonValue, request: RequestAttributes): void {
  if (request.kind !== 'resource' || request.namespace === '') return
  const namespace = metadataField(value, 'namespace')
  if (namespace === undefined || namespace === null || namespace === '' || namespace === request.namespace) return
  throw new Fault(
    'ERR_BODY',
    `The namespace of the body does not match the namespace of the request, ${request.namespace}.`,
  )
}

function metadataField(value: JsonValue, field: string): JsonValue | undefined {
  const metadata = isObject(value) ? value['metadata'] : undefined
  return metadata !== undefined && isObject(metadata) ? metadata[field] : undefined
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof RawNumber)
}

function unreadableType(method: string, type: string): Fault {
  const known = Object.keys(method === 'PATCH' ? patchTypes : objectTypes).join(', ')
  return new Fault('ERR_MEDIA_TYPE', `A ${method} body of type ${JSON.stringify(type)} cannot be judged.`, {
    advice: `Send one of: ${known}.`,
  })
}
