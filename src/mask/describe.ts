import { Fault } from '../model/fault.ts'
import { RawNumber, type JsonValue, type ResourceRequest } from '../model/request.ts'
import { isObject, type MaskedFields } from './fields.ts'
import { pointerSegments } from './guard.ts'
import { matchesGlob } from './glob.ts'
import { isAboutRecords, openRecord } from './helm.ts'
import type { MaskPath } from './port.ts'
import { stringifyJson } from '../stream/json.ts'
import { carriesToken } from './token.ts'
import { maskAt, maskObject, type Walk } from './walk.ts'

/** Bytes of a body that people are shown; a screen of more is not read. */
const MAX_SHOWN_BYTES = 64 * 1024

/** Characters of a string that are shown, tried in this order until the body fits; every key is always shown. */
const VALUE_LENGTHS = [Infinity, 8192, 2048, 512, 128] as const

/**
 * A request body as indented JSON with masked values hidden, at most 64 KiB.
 *
 * @throws Fault ERR_BODY_TOO_LARGE when its keys alone do not fit: what cannot be shown whole cannot be approved.
 */
export function describeBody(body: JsonValue, request: ResourceRequest, walk: Walk): string {
  return showJson(maskBody(body, request, walk))
}

/**
 * Indented JSON, at most 64 KiB: when it is longer, long strings lose their middle.
 *
 * @throws Fault ERR_BODY_TOO_LARGE when that is not enough.
 */
export function showJson(value: JsonValue): string {
  for (const length of VALUE_LENGTHS) {
    const text = pretty(value, '', length)
    if (Buffer.byteLength(text) <= MAX_SHOWN_BYTES) return text
  }
  throw new Fault(
    'ERR_BODY_TOO_LARGE',
    'The request has too many fields to be shown to people whole, so none can approve it.',
    {
      advice: 'Split it into smaller requests. Nothing was changed.',
    },
  )
}

/** True when the body has a value where a mask hides one. */
export function holdsMasked(body: JsonValue, request: ResourceRequest, walk: Walk): boolean {
  let count = 0
  maskBody(body, request, { ...walk, hidden: () => count++ })
  return count > 0
}

/**
 * True when the body has a value of its own, and no token, where a mask hides one, or takes one away that is hidden whole: it could
 * not be written again by whoever did not see it.
 */
export function writesHidden(body: JsonValue, request: ResourceRequest, walk: Walk): boolean {
  let isWritten = takesAway(body, request, walk.fields)
  const hidden: Walk['hidden'] = (value) => {
    isWritten ||= typeof value !== 'string' || !carriesToken(value)
  }
  // Nobody guesses a compressed record with times in it.
  const record: Walk['record'] = (value) => (openRecord(value) === undefined ? undefined : '')
  maskBody(body, request, { ...walk, hidden, ...(isAboutRecords(request) ? { record } : {}) })
  return isWritten
}

/** Only where the resource itself is named: annotations of others come and go. */
function takesAway(body: JsonValue, request: ResourceRequest, fields: MaskedFields): boolean {
  if (request.verb !== 'patch' || !fields.isNamed(request)) return false
  const paths = fields.pathsOf(request).map(({ segments }) => segments)
  if (!Array.isArray(body)) return paths.some((path) => removes(body, path))
  return body.some((operation: JsonValue) => isObject(operation) && paths.some((path) => takes(operation, path)))
}

/** A merge patch (RFC 7396) takes away what is null, a strategic one also what it says so of (`$patch`, `$retainKeys`). */
function removes(value: JsonValue, [key = '', ...rest]: MaskPath): boolean {
  if (!isObject(value)) return false
  if (value['$patch'] !== undefined || value['$retainKeys'] !== undefined) return true
  return Object.entries(value).some(
    ([name, one]) => matchesGlob(key, name) && (one === null || (rest.length > 0 && removes(one, rest))),
  )
}

/** An operation of a JSON patch (RFC 6902) at a hidden value or above it, which leaves none of its tokens there. */
function takes({ op, path, from, value = null }: { readonly [key: string]: JsonValue }, hidden: MaskPath): boolean {
  const isAt = (pointer: JsonValue | undefined) => {
    if (typeof pointer !== 'string') return false
    const keys = pointerSegments(pointer)
    return keys.length <= hidden.length && keys.every((key, index) => matchesGlob(hidden[index] ?? '', key))
  }
  if (op === 'remove') return isAt(path)
  if (op === 'move' || op === 'copy') return isAt(path) || (op === 'move' && isAt(from))
  return (op === 'add' || op === 'replace') && isAt(path) && !carriesToken(stringifyJson(value))
}

/** A request body with masked values hidden: an object, a patch of one, or a JSON patch. */
export function maskBody(body: JsonValue, request: ResourceRequest, walk: Walk): JsonValue {
  const refs = [{ apiGroup: request.apiGroup, resource: request.resource }]
  if (!Array.isArray(body)) return maskObject(body, refs, walk)
  return body.map((operation: JsonValue) => {
    if (!isObject(operation) || operation['value'] === undefined) return operation
    const { path, value } = operation
    const pointer = typeof path === 'string' ? pointerSegments(path) : []
    return { ...operation, value: maskAt(value, pointer, refs, walk) }
  })
}

function pretty(value: JsonValue, indent: string, length: number): string {
  if (value instanceof RawNumber) return value.text
  if (typeof value === 'string') return JSON.stringify(shorten(value, length))
  const deeper = `${indent}  `
  if (Array.isArray(value)) {
    if (value.length === 0) return '[]'
    return `[\n${value.map((element: JsonValue) => deeper + pretty(element, deeper, length)).join(',\n')}\n${indent}]`
  }
  if (!isObject(value)) return JSON.stringify(value)
  const members = Object.entries(value)
  if (members.length === 0) return '{}'
  const lines = members.map(([key, member]) => `${deeper}${JSON.stringify(key)}: ${pretty(member, deeper, length)}`)
  return `{\n${lines.join(',\n')}\n${indent}}`
}

/** Head and tail of a long text, and how much is missing between them. */
function shorten(text: string, length: number): string {
  if (text.length <= length) return text
  const half = length / 2
  const [head, tail] = [text.slice(0, half).toWellFormed(), text.slice(-half).toWellFormed()]
  return `${head} [… ${text.length - length} of ${text.length} characters are not shown …] ${tail}`
}
