import { Fault } from '../model/fault.ts'
import type { JsonValue } from '../model/request.ts'
import { parseJson, stringifyJson } from '../stream/json.ts'
import { differences } from './differences.ts'
import { isObject, lastAppliedPath } from './fields.ts'
import { pointerSegments } from './guard.ts'
import { carriesToken } from './token.ts'

/** A path as one text. Keys may hold any character, so that no separator would do. */
const textOf = (path: readonly string[]) => JSON.stringify(path)

/** What clients were shown for values: the value by the value's path, and by what stood for it. */
export class Shown {
  readonly #values = new Map<string, Map<string, JsonValue>>()

  note(stored: JsonValue, masked: JsonValue): void {
    differences(stored, masked, [], (path, text, value) => this.add(path, text, value))
  }

  add(path: readonly string[], text: string, value: JsonValue): void {
    const known = this.#values.get(textOf(path)) ?? new Map<string, JsonValue>()
    this.#values.set(textOf(path), known.set(text, value))
  }

  find(path: readonly string[], text: string): JsonValue | undefined {
    return this.#values.get(textOf(path))?.get(text)
  }
}

/**
 * True when each value that was put back is hidden where it is now: a variable that got another name with the write would
 * be shown by it.
 */
export function staysHidden(value: JsonValue, masked: JsonValue, places: readonly (readonly string[])[]): boolean {
  const hidden = new Set<string>()
  differences(value, masked, [], (path) => hidden.add(textOf(path)))
  return places.every((place) => place.some((_key, index) => hidden.has(textOf(place.slice(0, index + 1)))))
}

export class Restorer {
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
    const known = this.#shown.find(path, text)
    const isManifest = path.length === lastAppliedPath.length && lastAppliedPath.every((key, at) => key === path[at])
    const restored = known ?? (isManifest && carriesToken(text) ? this.#manifest(text) : text)
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
