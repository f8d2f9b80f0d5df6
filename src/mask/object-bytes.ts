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
  stringEnd,
  UNFINISHED,
  valueEnd,
} from '../stream/json-scan.ts'
import type { PathState } from './paths.ts'
import { conceal, type Walk } from './walk.ts'

/** Levels that masked paths may lead down; deeper ones are left to the slow way. */
const MAX_LEVELS = 64

/** Bytes that the quick way does not understand; the slow way does, or refuses them. */
export class NotUnderstood extends Error {}

/** One top-level member of an object: key without quotes, and where its value is. */
export interface Member {
  readonly key: string
  readonly from: number
  readonly to: number
}

/**
 * The members of the object in `bytes`, none skipped.
 *
 * @throws NotUnderstood when it is not one whole object with plain keys.
 */
export function membersOf(bytes: Buffer, from = 0, to = bytes.length): Member[] {
  const members: Member[] = []
  const end = eachMember(
    bytes,
    skipSpace(bytes, from, to),
    to,
    (key, start, stop) => void members.push({ key, from: start, to: stop }),
  )
  if (skipSpace(bytes, end, to) !== to) throw new NotUnderstood()
  return members
}

/** Bytes of an object that are to be replaced, in order. */
export interface Replacement {
  readonly from: number
  readonly to: number
  readonly by: Uint8Array
}

/**
 * What a mask replaces in the object in `bytes`, whose top-level members are given, found without reading the rest of it. Nothing is missed that the slow way
 * would hide, save in objects inside that name a kind of their own: callers look for those first.
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
  for (const { key, from, to } of members) search.member(key, from, to, start, [])
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

  member(key: string, from: number, to: number, state: PathState, trail: readonly string[]): void {
    const next = state.step(key)
    if (next !== undefined) this.#value(from, to, next, [...trail, key])
  }

  #object(at: number, state: PathState, trail: readonly string[]): void {
    if (trail.length > MAX_LEVELS) throw new NotUnderstood()
    eachMember(this.#bytes, at, this.#bytes.length, (key, from, to) => this.member(key, from, to, state, trail))
  }

  #array(at: number, state: PathState, trail: readonly string[]): void {
    if (trail.length > MAX_LEVELS) throw new NotUnderstood()
    eachElement(this.#bytes, at, (index, from, to) => {
      const next = state.stepIndex(index)
      if (next !== undefined) this.#value(from, to, next, [...trail, String(index)])
    })
  }

  #value(from: number, to: number, state: PathState, trail: readonly string[]): void {
    if (state.complete.length > 0) {
      this.found.push({ from, to, state, trail })
      return
    }
    const first = this.#bytes[from]
    if (first === OPEN_BRACE) this.#object(from, state, trail)
    else if (first === OPEN_BRACKET) this.#array(from, state, trail)
  }
}

/** Names of the object, as `tracksOf` reads them. */
function ownerIn(
  bytes: Buffer,
  members: readonly Member[],
  fallback: Walk['fallback'],
): { namespace: string; name: string; uid: string } {
  const owner = { namespace: fallback.namespace, name: fallback.name, uid: '' }
  for (const { key, from, to } of metadataOf(bytes, members)) {
    if (key !== 'namespace' && key !== 'name' && key !== 'uid') continue
    const value: JsonValue = bytes[from] === QUOTE ? parseJson(bytes.subarray(from, to)) : null
    if (typeof value === 'string') owner[key] = value
  }
  return owner
}

/** Members of the object's metadata; none when it has none. */
export function metadataOf(bytes: Buffer, members: readonly Member[]): readonly Member[] {
  const metadata = members.find(({ key }) => key === 'metadata')
  if (metadata === undefined || bytes[metadata.from] !== OPEN_BRACE) return []
  return membersOf(bytes, metadata.from, metadata.to)
}

type EachMember = (key: string, from: number, to: number) => void

/** Walks over an object's members; index after its closing brace. */
function eachMember(bytes: Buffer, at: number, limit: number, each: EachMember): number {
  let index = skipSpace(bytes, at + 1, limit)
  if (bytes[at] !== OPEN_BRACE) throw new NotUnderstood()
  if (bytes[index] === CLOSE_BRACE) return index + 1
  const keys = new Set<string>()
  for (;;) {
    if (bytes[index] !== QUOTE) throw new NotUnderstood()
    const keyEnd = stringEnd(bytes, index, limit)
    if (keyEnd === UNFINISHED) throw new NotUnderstood()
    const key = bytes.toString('utf8', index + 1, keyEnd - 1)
    // An escape may spell any key, and of a key given twice nobody knows which value counts.
    if (keys.has(key) || bytes.subarray(index + 1, keyEnd - 1).includes(BACKSLASH)) throw new NotUnderstood()
    keys.add(key)
    index = skipSpace(bytes, keyEnd, limit)
    if (bytes[index] !== COLON) throw new NotUnderstood()
    const from = skipSpace(bytes, index + 1, limit)
    const to = valueEnd(bytes, from, limit)
    if (to === UNFINISHED || to === from) throw new NotUnderstood()
    each(key, from, to)
    index = skipSpace(bytes, to, limit)
    if (bytes[index] === CLOSE_BRACE) return index + 1
    if (bytes[index] !== COMMA) throw new NotUnderstood()
    index = skipSpace(bytes, index + 1, limit)
  }
}

function eachElement(bytes: Buffer, at: number, each: (index: number, from: number, to: number) => void): void {
  let index = skipSpace(bytes, at + 1)
  if (bytes[index] === CLOSE_BRACKET) return
  for (let count = 0; ; count++) {
    const to = valueEnd(bytes, index)
    if (to === UNFINISHED || to === index) throw new NotUnderstood()
    each(count, index, to)
    index = skipSpace(bytes, to)
    if (bytes[index] === CLOSE_BRACKET) return
    if (bytes[index] !== COMMA) throw new NotUnderstood()
    index = skipSpace(bytes, index + 1)
  }
}
