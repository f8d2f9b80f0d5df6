import { Fault } from '../model/fault.ts'
import type { JsonObject, JsonValue, ResourceRequest } from '../model/request.ts'
import { parseJson, stringifyJson } from '../stream/json.ts'
import { maskBody } from './describe.ts'
import { isObject, lastAppliedPath, maskedFields } from './fields.ts'
import { pointerSegments } from './guard.ts'
import type { MaskSet, Restore } from './port.ts'
import { carriesToken, tokenMaker } from './token.ts'
import { maskObject, type Walk } from './walk.ts'

/** What clients were shown for a value, by the value's path. */
type Shown = ReadonlyMap<string, Seen>

interface Seen {
  readonly text: string
  readonly value: JsonValue
}

/** A path as one text. Keys may hold any character, so that no separator would do. */
const textOf = (path: readonly string[]) => JSON.stringify(path)

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
      const walk: Walk = {
        fields,
        token: tokenMaker(options.key, subject.name),
        fallback: { namespace: request.namespace, name: request.name },
        encodeTokens: true,
        trustKinds: true,
        hidden: () => undefined,
      }
      const shown = new Map<string, Seen>()
      const ref = { apiGroup: request.apiGroup, resource: request.resource }
      compare(stored, maskObject(stored, [ref], walk), [], (path, text, value) => shown.set(path, { text, value }))
      const strict = { ...walk, trustKinds: false }
      const restorer = new Restorer(shown, (manifest) => maskObject(manifest, [ref], strict))
      const value = Array.isArray(body)
        ? body.map((one: JsonValue, index) => restorer.operation(one, String(index)))
        : restorer.at([], [], body)
      const isSafe = restorer.places.length > 0 && staysHidden(value, maskBody(value, request, strict), restorer.places)
      return isSafe ? unlessChanged(value, stored) : body
    },
  }
}

function isChange({ verb }: ResourceRequest): boolean {
  return verb === 'update' || verb === 'patch'
}

/** Tells every place at which a client saw something else than is stored. */
function compare(
  stored: JsonValue,
  masked: JsonValue,
  path: readonly string[],
  tell: (path: string, text: string, value: JsonValue) => void,
): void {
  if (stored === masked) return
  if (typeof masked === 'string') {
    tell(textOf(path), masked, stored)
  } else if (Array.isArray(masked) && Array.isArray(stored)) {
    masked.forEach((one: JsonValue, index) => compare(elementOf(stored, index), one, [...path, String(index)], tell))
  } else if (isObject(masked) && isObject(stored)) {
    for (const [key, one] of Object.entries(masked)) compare(stored[key] ?? null, one, [...path, key], tell)
  }
}

function elementOf(list: readonly JsonValue[], index: number): JsonValue {
  return list[index] ?? null
}

/**
 * True when each value that was put back is hidden where it is now: a variable that got another name with the write would
 * be shown by it.
 */
function staysHidden(value: JsonValue, masked: JsonValue, places: readonly (readonly string[])[]): boolean {
  const hidden = new Set<string>()
  compare(value, masked, [], (path) => hidden.add(path))
  return places.every((place) => place.some((_key, index) => hidden.has(textOf(place.slice(0, index + 1)))))
}

class Restorer {
  readonly #shown: Shown
  readonly #maskManifest: (manifest: JsonValue) => JsonValue
  /** Where in the body values were put back. */
  readonly places: (readonly string[])[] = []

  constructor(shown: Shown, maskManifest: (manifest: JsonValue) => JsonValue) {
    this.#shown = shown
    this.#maskManifest = maskManifest
  }

  /** One operation of a JSON patch (RFC 6902). */
  operation(operation: JsonValue, index: string): JsonValue {
    if (!isObject(operation) || operation['value'] === undefined || typeof operation['path'] !== 'string')
      return operation
    const isWrite = operation['op'] === 'add' || operation['op'] === 'replace'
    if (!isWrite) return operation
    return { ...operation, value: this.at(pointerSegments(operation['path']), [index, 'value'], operation['value']) }
  }

  /** The value at `path` of the object, which is at `place` of the body, restored. */
  at(path: readonly string[], place: readonly string[], value: JsonValue): JsonValue {
    if (typeof value === 'string') return this.#text(path, place, value)
    const inside = (key: string, one: JsonValue) => this.at([...path, key], [...place, key], one)
    if (Array.isArray(value)) return value.map((one: JsonValue, index) => inside(String(index), one))
    if (!isObject(value)) return value
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, inside(key, one)]))
  }

  #text(path: readonly string[], place: readonly string[], text: string): JsonValue {
    const known = this.#shown.get(textOf(path))
    const isManifest = path.length === lastAppliedPath.length && lastAppliedPath.every((key, at) => key === path[at])
    const restored =
      known !== undefined && known.text === text
        ? known.value
        : isManifest && carriesToken(text)
          ? this.#manifest(text)
          : text
    if (restored !== text) this.places.push(place)
    return restored
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
    const inner = new Restorer(this.#shown, this.#maskManifest)
    const restored = inner.at([], [], manifest)
    const isSafe = inner.places.length > 0 && staysHidden(restored, this.#maskManifest(restored), inner.places)
    return isSafe ? stringifyJson(restored) + (text.endsWith('\n') ? '\n' : '') : text
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
