import { Fault } from '../model/fault.ts'
import { RawNumber, type JsonValue, type ResourceRequest } from '../model/request.ts'
import { isObject } from './fields.ts'
import { pointerSegments } from './guard.ts'
import { isAboutRecords, openRecord } from './helm.ts'
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

/** True when the body has a value of its own, and no token, where a mask hides one. */
export function writesHidden(body: JsonValue, request: ResourceRequest, walk: Walk): boolean {
  let isWritten = false
  const hidden: Walk['hidden'] = (value) => {
    isWritten ||= typeof value !== 'string' || !carriesToken(value)
  }
  // Nobody guesses a compressed record with times in it.
  const record: Walk['record'] = (value) => (openRecord(value) === undefined ? undefined : '')
  maskBody(body, request, { ...walk, hidden, ...(isAboutRecords(request) ? { record } : {}) })
  return isWritten
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
