import { Fault } from '../model/fault.ts'
import type { JsonValue } from '../model/request.ts'
import { parseJson, stringifyJson } from '../stream/json.ts'
import { differences } from './differences.ts'
import { isObject, lastAppliedPath } from './fields.ts'
import { pointerSegments } from './guard.ts'
import { carriesToken } from './token.ts'

/**
 * One step on the way to a value: a key, or an element of a list by its name, where it has one, since strategic merges and edits
 * go by that and not by the place in the list. A word of a command line goes by its place and the flag before it, whose value it is.
 */
type Step = string | number | { readonly name: string } | { readonly index: number; readonly flag: string }

/** A path as one text. Keys may hold any character, so that no separator would do. */
const textOf = (path: readonly Step[]) => JSON.stringify(path)

function elementStep(element: JsonValue | undefined, index: number, before: JsonValue | undefined): Step {
  const name = isObject(element) ? element['name'] : undefined
  if (typeof name === 'string' && name !== '') return { name }
  const isFlag = typeof element === 'string' && typeof before === 'string' && /^-[^=\s]*$/.test(before)
  return isFlag ? { index, flag: before } : index
}

/** The steps that a path of keys and indices takes in this value. */
function stepsIn(root: JsonValue | undefined, path: readonly string[]): readonly Step[] {
  let at = root
  return path.map((key) => {
    if (!Array.isArray(at)) {
      at = isObject(at) ? at[key] : undefined
      return key
    }
    const list: readonly JsonValue[] = at
    const index = Number(key)
    at = list[index]
    return elementStep(at, index, list[index - 1])
  })
}

/** What clients were shown for values: the value by the value's path, and by what stood for it. */
export class Shown {
  readonly #values = new Map<string, Map<string, JsonValue>>()

  note(stored: JsonValue, masked: JsonValue): void {
    differences(stored, masked, [], (path, text, value) => this.add(stored, path, text, value))
  }

  /** `path` is one of `root`; `moved` gives other places for what is there. */
  add(
    root: JsonValue,
    path: readonly string[],
    text: string,
    value: JsonValue,
    moved: (steps: readonly Step[]) => readonly (readonly Step[])[] = (steps) => [steps],
  ): void {
    for (const steps of moved(stepsIn(root, path))) this.#add(steps, text, value)
  }

  #add(path: readonly Step[], text: string, value: JsonValue): void {
    const known = this.#values.get(textOf(path)) ?? new Map<string, JsonValue>()
    this.#values.set(textOf(path), known.set(text, value))
  }

  find(path: readonly Step[], text: string): JsonValue | undefined {
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

  /** One operation of a JSON patch (RFC 6902) of what is stored. */
  operation(operation: JsonValue, index: string, stored: JsonValue | undefined): JsonValue {
    if (!isObject(operation) || operation['value'] === undefined || typeof operation['path'] !== 'string')
      return operation
    const isWrite = operation['op'] === 'add' || operation['op'] === 'replace'
    if (!isWrite) return operation
    const { path, value } = operation
    const pointer = pointerSegments(path)
    const parents = pointer.slice(0, -1)
    const last = pointer.at(-1) ?? ''
    const list = valueAt(stored, parents)
    const step = Array.isArray(list) ? elementStep(value, Number(last), list[Number(last) - 1] as JsonValue) : last
    const steps = [...stepsIn(stored, parents), ...(pointer.length === 0 ? [] : [step])]
    return { ...operation, value: this.at(steps, [index, 'value'], value) }
  }

  /** The value at `path` of the object, which is at `place` of the body, restored. */
  at(path: readonly Step[], place: readonly string[], value: JsonValue): JsonValue {
    if (typeof value === 'string') return this.#text(path, place, value)
    const inside = (step: Step, key: string, one: JsonValue) => this.at([...path, step], [...place, key], one)
    if (Array.isArray(value))
      return value.map((one: JsonValue, index, list: readonly JsonValue[]) =>
        inside(elementStep(one, index, list[index - 1]), String(index), one),
      )
    if (!isObject(value)) return value
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, inside(key, key, one)]))
  }

  #text(path: readonly Step[], place: readonly string[], text: string): JsonValue {
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

function valueAt(root: JsonValue | undefined, path: readonly string[]): JsonValue | undefined {
  return path.reduce<JsonValue | undefined>((at, key) => {
    if (Array.isArray(at)) return (at as readonly JsonValue[])[Number(key)]
    return isObject(at) ? at[key] : undefined
  }, root)
}

/**
 * Operations of a JSON patch that mean what they say of what is stored: none but themselves changes what lies on their way, so that
 * no index means another element by then.
 */
export function unmoved(patch: readonly JsonValue[], stored: JsonValue | undefined): (index: number) => boolean {
  const places = patch.map((operation) => (isObject(operation) ? placesChanged(operation) : []))
  const ways = patch.map((operation) =>
    isObject(operation) && typeof operation['path'] === 'string' ? pointerSegments(operation['path']) : [],
  )
  return (index) =>
    places.every(
      (changed, other) => other === index || changed.every((place) => !isOnTheWay(place, ways[index] ?? [], stored)),
    )
}

/** What an operation changes: of an element the whole list, in which it may be another one then. */
function placesChanged({ op, path, from }: { readonly [key: string]: JsonValue }): readonly (readonly string[])[] {
  if (op === 'test') return []
  return [path, ...(op === 'move' ? [from] : [])].flatMap((pointer) => {
    if (typeof pointer !== 'string') return []
    const segments = pointerSegments(pointer)
    const isElement = /^(?:\d+|-)$/.test(segments.at(-1) ?? '')
    return [isElement ? segments.slice(0, -1) : segments]
  })
}

function isOnTheWay(place: readonly string[], way: readonly string[], stored: JsonValue | undefined): boolean {
  const leadsThere = place.length < way.length && place.every((key, index) => key === way[index])
  return leadsThere && way.some((_key, depth) => depth >= place.length && isList(stored, way.slice(0, depth)))
}

function isList(root: JsonValue | undefined, path: readonly string[]): boolean {
  return Array.isArray(valueAt(root, path))
}
