import { ApiFailure, badRequest } from '../failure.ts'
import { isFields, sameJson } from '../state/objects.ts'
import { setOwn } from './merge.ts'
import { pointerTokens } from './pointer.ts'

/** More operations than this are refused (k8s.io/apiserver maxJSONPatchOperations). */
const operationLimit = 10_000

/** JSON Patch (RFC 6902): operations in order, all or nothing. A failed operation is a 422 as upstream. */
export function jsonPatch(document: unknown, patch: unknown): unknown {
  if (!Array.isArray(patch)) throw badRequest('a JSON patch is a list of operations')
  if (patch.length > operationLimit) {
    const message = `The allowed maximum operations in a JSON patch is ${operationLimit}, got ${patch.length}`
    throw new ApiFailure(413, 'RequestEntityTooLarge', message)
  }
  return patch.reduce<unknown>(apply, structuredClone(document))
}

function apply(document: unknown, operation: unknown): unknown {
  if (!isFields(operation)) throw badRequest('a JSON patch operation is an object')
  const { op, path, from, value } = operation
  if (typeof path !== 'string') throw badRequest('a JSON patch operation needs a path')
  switch (op) {
    case 'add':
      return insert(document, pointerTokens(path), required(operation, value), false)
    case 'replace':
      return insert(document, pointerTokens(path), required(operation, value), true)
    case 'remove':
      return take(document, pointerTokens(path)).rest
    case 'test':
      if (!sameJson(find(document, pointerTokens(path)), required(operation, value))) throw refused()
      return document
    case 'copy':
      return insert(document, pointerTokens(path), structuredClone(find(document, source(from))), false)
    case 'move': {
      const { rest, taken } = take(document, source(from))
      return insert(rest, pointerTokens(path), taken, false)
    }
    default:
      throw badRequest(`unexpected JSON patch operation: ${String(op)}`)
  }
}

function required(operation: object, value: unknown): unknown {
  if (!Object.hasOwn(operation, 'value')) throw badRequest('the JSON patch operation needs a value')
  return structuredClone(value)
}

function source(from: unknown): string[] {
  if (typeof from !== 'string') throw badRequest('the JSON patch operation needs a from path')
  return pointerTokens(from)
}

function find(document: unknown, tokens: readonly string[]): unknown {
  return tokens.reduce<unknown>((value, token) => child(value, token), document)
}

function child(value: unknown, token: string): unknown {
  if (Array.isArray(value)) return value[position(token, value.length - 1)]
  if (isFields(value) && Object.hasOwn(value, token)) return value[token]
  throw refused()
}

function position(token: string, last: number): number {
  if (!/^(0|[1-9][0-9]*)$/.test(token) || Number(token) > last) throw refused()
  return Number(token)
}

function insert(document: unknown, tokens: readonly string[], value: unknown, replace: boolean): unknown {
  const last = tokens.at(-1)
  if (last === undefined) return value
  const parent = find(document, tokens.slice(0, -1))
  if (Array.isArray(parent)) {
    if (replace) parent[position(last, parent.length - 1)] = value
    else parent.splice(last === '-' ? parent.length : position(last, parent.length), 0, value)
  } else if (isFields(parent)) {
    if (replace) child(parent, last)
    setOwn(parent, last, value)
  } else throw refused()
  return document
}

function take(document: unknown, tokens: readonly string[]): { rest: unknown; taken: unknown } {
  const last = tokens.at(-1)
  if (last === undefined) return { rest: null, taken: document }
  const parent = find(document, tokens.slice(0, -1))
  const taken = child(parent, last)
  if (Array.isArray(parent)) parent.splice(position(last, parent.length - 1), 1)
  else if (isFields(parent)) delete parent[last]
  return { rest: document, taken }
}

/** The API server does not say which operation it was. */
function refused(): ApiFailure {
  return new ApiFailure(422, 'Invalid', 'the server rejected our request due to an error in our request')
}
