import { isUtf8 } from 'node:buffer'
import { Fault } from '../model/fault.ts'
import type { JsonValue } from '../model/request.ts'
import { encodeJson, parseJson } from '../stream/json.ts'
import {
  BACKSLASH,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
  skipSpace,
  UNFINISHED,
  valueEnd,
} from '../stream/json-scan.ts'
import type { PathState } from './paths.ts'
import { conceal, type Walk } from './walk.ts'

const FEW_KEYS = 16
/** Levels that masked paths may lead down; deeper ones are left to the slow way. */
const MAX_LEVELS = 64

/** Bytes that the quick way does not understand; the slow way does, or refuses them. */
export class NotUnderstood extends Error {}

/** One top-level member of an object: key without quotes, and where its value is. */
export interface Member {
  readonly key: string
  readonly from: number
  readonly to: number
  /** Of `metadata`, which says whose the object is, when it is an object. */
  readonly inside?: readonly Member[]
}

/**
 * The members of the object in `bytes`, none skipped.
 *
 * @throws NotUnderstood when it is not one whole object with plain keys.
 */
export function membersOf(bytes: Buffer, from = 0, to = bytes.length): readonly Member[] {
  const { members, end } = membersAt(bytes, skipSpace(bytes, from, to), to)
  if (skipSpace(bytes, end, to) !== to) throw new NotUnderstood()
  return members
}

/** The members of the object that begins at `at`, and the index after it. Throws as `membersOf`, also when it does not end. */
export function membersAt(
  bytes: Buffer,
  at: number,
  limit = bytes.length,
): { readonly members: readonly Member[]; readonly end: number } {
  const members: Member[] = []
  const isKnown = repetition()
  const end = eachMember(bytes, at, limit, (keyFrom, keyTo, from) => {
    const key = bytes.toString('utf8', keyFrom, keyTo)
    // Of a key given twice nobody knows which value counts.
    if (isKnown(key)) throw new NotUnderstood()
    const inside = key === 'metadata' && bytes[from] === OPEN_BRACE ? membersAt(bytes, from, limit) : undefined
    const to = inside?.end ?? valueEnd(bytes, from, limit)
    members.push(inside === undefined ? { key, from, to } : { key, from, to, inside: inside.members })
    return to
  })
  return { members, end }
}

/** Bytes of an object that are to be replaced, in order. */
export interface Replacement {
  readonly from: number
  readonly to: number
  readonly by: Uint8Array
}

/**
 * What a mask replaces in the object in `bytes`, whose top-level members are given, found without reading the rest of it.
 * Nothing is missed that the slow way would hide, save in objects inside that name a kind of their own: callers look for
 * those first.
 *
 * @throws NotUnderstood when the bytes are better read the slow way.
 */
export function replacementsIn(
  bytes: Buffer,
  members: readonly Member[],
  start: PathState,
  walk: Walk,
): readonly Replacement[] {
  if (!isUtf8(bytes)) throw new NotUnderstood()
  const search = new Search(bytes)
  search.members(members, start, [])
  // Nothing is hidden, and so counted, before it is sure that all is understood.
  const values = search.found.map((place) => ({ ...place, value: valueAt(bytes, place) }))
  if (values.length === 0) return []
  const owner = ownerIn(bytes, members, walk.fallback)
  return values.flatMap(({ from, to, state, trail, value }) => {
    const complete = state.complete.map((track) => ({ ...track, owner: { ...track.owner, ...owner } }))
    const masked = conceal(value, complete, trail, walk)
    return masked === value ? [] : [{ from, to, by: encodeJson(masked) }]
  })
}

/** Where a masked path ends. */
interface Place {
  readonly from: number
  readonly to: number
  readonly state: PathState
  readonly trail: readonly string[]
}

function valueAt(bytes: Buffer, { from, to }: Place): JsonValue {
  // What is not escaped stands for itself; that it is UTF-8 is known.
  if (bytes[from] === QUOTE && !bytes.subarray(from, to).includes(BACKSLASH)) {
    return bytes.toString('utf8', from + 1, to - 1)
  }
  try {
    return parseJson(bytes.subarray(from, to))
  } catch (thrown) {
    if (thrown instanceof Fault) throw new NotUnderstood()
    throw thrown
  }
}

class Search {
  readonly #bytes: Buffer
  readonly found: Place[] = []

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  /** Members whose places are known. */
  members(members: readonly Member[], state: PathState, trail: readonly string[]): void {
    for (const { key, from, inside } of members) {
      const next = state.step(key)
      if (next === undefined) continue
      if (inside !== undefined && next.complete.length === 0) this.members(inside, next, [...trail, key])
      else this.#value(from, next, [...trail, key])
    }
  }

  /** Index after the value. */
  #value(from: number, state: PathState | undefined, trail: readonly string[]): number {
    const first = this.#bytes[from]
    if (state !== undefined && state.complete.length === 0) {
      if (trail.length > MAX_LEVELS) throw new NotUnderstood()
      if (first === OPEN_BRACE) return this.#object(from, state, trail)
      if (first === OPEN_BRACKET) return this.#array(from, state, trail)
    }
    const to = valueEnd(this.#bytes, from)
    if (state === undefined || to === UNFINISHED || state.complete.length === 0) return to
    if (state.hasMore) throw new NotUnderstood()
    if (state.mayHide(this.#bytes, from, to)) this.found.push({ from, to, state, trail })
    return to
  }

  #object(at: number, state: PathState, trail: readonly string[]): number {
    const bytes = this.#bytes
    return eachMember(bytes, at, bytes.length, (keyFrom, keyTo, from) => {
      const next = state.stepBytes(bytes, keyFrom, keyTo)
      if (next === undefined) return valueEnd(bytes, from)
      return this.#value(from, next, [...trail, bytes.toString('utf8', keyFrom, keyTo)])
    })
  }

  #array(at: number, state: PathState, trail: readonly string[]): number {
    return eachElement(this.#bytes, at, (index, from) =>
      this.#value(from, state.stepIndex(index), [...trail, String(index)]),
    )
  }
}

/** Names of the object, as `tracksOf` reads them. */
function ownerIn(
  bytes: Buffer,
  members: readonly Member[],
  fallback: Walk['fallback'],
): { namespace: string; name: string; uid: string } {
  const owner = { namespace: fallback.namespace, name: fallback.name, uid: '' }
  for (const { key, from, to } of metadataOf(members)) {
    if (key !== 'namespace' && key !== 'name' && key !== 'uid') continue
    const value: JsonValue = bytes[from] === QUOTE ? parseJson(bytes.subarray(from, to)) : null
    if (typeof value === 'string') owner[key] = value
  }
  return owner
}

/** Members of the object's metadata; none when it has none. */
export function metadataOf(members: readonly Member[]): readonly Member[] {
  return members.find(({ key }) => key === 'metadata')?.inside ?? []
}

/** Tells whether a key was told before. Most objects have few keys, for which a list is quicker than a set. */
function repetition(): (key: string) => boolean {
  const few: string[] = []
  let many: Set<string> | undefined
  return (key) => {
    if (many === undefined && few.length < FEW_KEYS) {
      if (few.includes(key)) return true
      few.push(key)
      return false
    }
    many ??= new Set(few)
    const size = many.size
    return many.add(key).size === size
  }
}

/** Told where a key is, without its quotes, and where its value begins; tells where that ends. */
type EachValue = (keyFrom: number, keyTo: number, from: number) => number

/** Walks over an object's members; `value` tells where each ends. Index after its closing brace. */
function eachMember(bytes: Buffer, at: number, limit: number, value: EachValue): number {
  let index = skipSpace(bytes, at + 1, limit)
  if (bytes[at] !== OPEN_BRACE) throw new NotUnderstood()
  if (bytes[index] === CLOSE_BRACE) return index + 1
  for (;;) {
    if (bytes[index] !== QUOTE) throw new NotUnderstood()
    const keyFrom = index + 1
    const keyEnd = plainKeyEnd(bytes, keyFrom, limit)
    index = skipSpace(bytes, keyEnd + 1, limit)
    if (bytes[index] !== COLON) throw new NotUnderstood()
    const from = skipSpace(bytes, index + 1, limit)
    const to = value(keyFrom, keyEnd, from)
    if (to === UNFINISHED || to === from) throw new NotUnderstood()
    index = skipSpace(bytes, to, limit)
    if (bytes[index] === CLOSE_BRACE) return index + 1
    if (bytes[index] !== COMMA) throw new NotUnderstood()
    index = skipSpace(bytes, index + 1, limit)
  }
}

/** Index of the quote that closes a key. An escape may spell any key, so that keys with one are left to the slow way. */
function plainKeyEnd(bytes: Buffer, from: number, limit: number): number {
  for (let index = from; index < limit; index++) {
    const byte = bytes[index]
    if (byte === QUOTE) return index
    if (byte === BACKSLASH) break
  }
  throw new NotUnderstood()
}

/** The same for the elements of an array. */
function eachElement(bytes: Buffer, at: number, value: (index: number, from: number) => number): number {
  let index = skipSpace(bytes, at + 1)
  if (bytes[index] === CLOSE_BRACKET) return index + 1
  for (let count = 0; ; count++) {
    const to = value(count, index)
    if (to === UNFINISHED || to === index) throw new NotUnderstood()
    index = skipSpace(bytes, to)
    if (bytes[index] === CLOSE_BRACKET) return index + 1
    if (bytes[index] !== COMMA) throw new NotUnderstood()
    index = skipSpace(bytes, index + 1)
  }
}
