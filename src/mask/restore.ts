import { Fault } from '../model/fault.ts'
import type { JsonObject, JsonValue, ResourceRequest } from '../model/request.ts'
import { parseJson, stringifyJson } from '../stream/json.ts'
import { isObject, lastAppliedPath, maskedFields } from './fields.ts'
import { pointerSegments } from './guard.ts'
import type { MaskSet, Restore } from './port.ts'
import { carriesToken, tokenMaker } from './token.ts'
import { maskObject } from './walk.ts'

/** What clients were shown for a value, by the value's path. */
type Shown = ReadonlyMap<string, { readonly text: string; readonly value: JsonValue }>

/** No key of a path holds it: JSON of the API server has none. */
const separator = '\u0000'

/**
 * Puts back what masks hid, so that a client that writes what it read destroys nothing (kubectl edit, apply, replace,
 * patch). A token is put back only into the very object and path it was made for, for the caller it was shown to, and only
 * while the value is still what it was: everything else keeps its token, and is refused by the guard.
 */
export function makeRestore(options: { readonly maskSets: readonly MaskSet[]; readonly key: Uint8Array }): Restore {
  const fields = maskedFields(options.maskSets)
  return {
    isNeeded: (body, request): request is ResourceRequest =>
      request.kind === 'resource' &&
      request.subresource === '' &&
      isChange(request) &&
      carriesToken(stringifyJson(body)),
    restore(body, stored, request, subject) {
      const masked = maskObject(stored, [{ apiGroup: request.apiGroup, resource: request.resource }], {
        fields,
        token: tokenMaker(options.key, subject.name),
        fallback: { namespace: request.namespace, name: request.name },
        encodeTokens: true,
        trustKinds: true,
        hidden: () => undefined,
      })
      const shown = new Map<string, { text: string; value: JsonValue }>()
      compare(stored, masked, [], shown)
      const restorer = new Restorer(shown)
      const value = Array.isArray(body) ? body.map((one: JsonValue) => restorer.operation(one)) : restorer.at([], body)
      return restorer.count === 0 ? body : unlessChanged(value, stored)
    },
  }
}

function isChange({ verb }: ResourceRequest): boolean {
  return verb === 'update' || verb === 'patch'
}

/** Notes every place at which a client saw something else than is stored. */
function compare(
  stored: JsonValue,
  masked: JsonValue,
  path: readonly string[],
  shown: Map<string, { text: string; value: JsonValue }>,
): void {
  if (stored === masked) return
  if (typeof masked === 'string') {
    shown.set(path.join(separator), { text: masked, value: stored })
    return
  }
  if (Array.isArray(masked) && Array.isArray(stored)) {
    masked.forEach((one: JsonValue, index) => compare(at(stored, index), one, [...path, String(index)], shown))
  } else if (isObject(masked) && isObject(stored)) {
    for (const [key, one] of Object.entries(masked)) compare(stored[key] ?? null, one, [...path, key], shown)
  }
}

function at(list: readonly JsonValue[], index: number): JsonValue {
  return list[index] ?? null
}

class Restorer {
  readonly #shown: Shown
  count = 0

  constructor(shown: Shown) {
    this.#shown = shown
  }

  /** One operation of a JSON patch (RFC 6902). */
  operation(operation: JsonValue): JsonValue {
    if (!isObject(operation) || operation['value'] === undefined || typeof operation['path'] !== 'string')
      return operation
    const isWrite = operation['op'] === 'add' || operation['op'] === 'replace'
    if (!isWrite) return operation
    return { ...operation, value: this.at(pointerSegments(operation['path']), operation['value']) }
  }

  /** The value at `path` of the object, restored. */
  at(path: readonly string[], value: JsonValue): JsonValue {
    if (typeof value === 'string') return this.#text(path, value)
    if (Array.isArray(value)) return value.map((one: JsonValue, index) => this.at([...path, String(index)], one))
    if (!isObject(value)) return value
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, this.at([...path, key], one)]))
  }

  #text(path: readonly string[], text: string): JsonValue {
    const known = this.#shown.get(path.join(separator))
    if (known !== undefined && known.text === text) {
      this.count++
      return known.value
    }
    const isManifest = path.length === lastAppliedPath.length && lastAppliedPath.every((key, at) => key === path[at])
    return isManifest && carriesToken(text) ? this.#manifest(text) : text
  }

  /** kubectl writes what it applies into an annotation: its values are those of the object, at the same paths. */
  #manifest(text: string): JsonValue {
    let manifest: JsonValue
    try {
      manifest = parseJson(new TextEncoder().encode(text))
    } catch (thrown) {
      if (thrown instanceof Fault) return text
      throw thrown
    }
    const before = this.count
    const restored = this.at([], manifest)
    return this.count === before ? text : stringifyJson(restored) + (text.endsWith('\n') ? '\n' : '')
  }
}

/**
 * The write with the condition that the object is still the one that was read: a value that somebody changes meanwhile
 * must not be changed back. Conflicts are told as any other (409), and clients try again.
 */
function unlessChanged(body: JsonValue, stored: JsonValue): JsonValue {
  const version = isObject(stored) && isObject(stored['metadata']) ? stored['metadata']['resourceVersion'] : undefined
  if (typeof version !== 'string') return body
  if (Array.isArray(body))
    return [{ op: 'test', path: '/metadata/resourceVersion', value: version }, ...(body as JsonValue[])]
  if (!isObject(body)) return body
  const metadata: JsonObject = isObject(body['metadata']) ? body['metadata'] : {}
  if (typeof metadata['resourceVersion'] === 'string' && metadata['resourceVersion'] !== '') return body
  return { ...body, metadata: { ...metadata, resourceVersion: version } }
}
