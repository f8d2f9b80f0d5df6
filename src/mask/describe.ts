import { RawNumber, type JsonValue, type ResourceRequest } from '../model/request.ts'
import { isObject } from './fields.ts'
import { pointerSegments } from './guard.ts'
import { maskAt, maskObject, type Walk } from './walk.ts'

/** Bytes of a body that people are shown; a longer one is cut with a note. */
const MAX_SHOWN_BYTES = 64 * 1024

/** A request body as indented JSON with masked values hidden, at most 64 KiB. */
export function describeBody(body: JsonValue, request: ResourceRequest, walk: Walk): string {
  return showJson(maskBody(body, request, walk))
}

/** Indented JSON, at most 64 KiB. */
export function showJson(value: JsonValue): string {
  return shorten(pretty(value, ''))
}

function maskBody(body: JsonValue, request: ResourceRequest, walk: Walk): JsonValue {
  const refs = [{ apiGroup: request.apiGroup, resource: request.resource }]
  if (!Array.isArray(body)) return maskObject(body, refs, walk)
  return body.map((operation: JsonValue) => {
    if (!isObject(operation) || operation['value'] === undefined) return operation
    const { path, value } = operation
    const pointer = typeof path === 'string' ? pointerSegments(path) : []
    return { ...operation, value: maskAt(value, pointer, refs, walk) }
  })
}

function pretty(value: JsonValue, indent: string): string {
  if (value instanceof RawNumber) return value.text
  const deeper = `${indent}  `
  if (Array.isArray(value)) {
    if (value.length === 0) return '[]'
    return `[\n${value.map((element: JsonValue) => deeper + pretty(element, deeper)).join(',\n')}\n${indent}]`
  }
  if (!isObject(value)) return JSON.stringify(value)
  const members = Object.entries(value)
  if (members.length === 0) return '{}'
  const lines = members.map(([key, member]) => `${deeper}${JSON.stringify(key)}: ${pretty(member, deeper)}`)
  return `{\n${lines.join(',\n')}\n${indent}}`
}

function shorten(text: string): string {
  const bytes = Buffer.byteLength(text)
  if (bytes <= MAX_SHOWN_BYTES) return text
  const note = `\n… cut here: the whole body is ${bytes} bytes long`
  const room = MAX_SHOWN_BYTES - Buffer.byteLength(note)
  const cut = new TextDecoder().decode(Buffer.from(text).subarray(0, room), { stream: true })
  return cut + note
}
