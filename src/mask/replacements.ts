import { isUtf8 } from 'node:buffer'
import { Fault } from '../model/fault.ts'
import type { JsonValue } from '../model/request.ts'
import { encodeJson, parseJson } from '../stream/json.ts'
import { BACKSLASH, OPEN_BRACE, OPEN_BRACKET, QUOTE, UNFINISHED, valueEnd } from '../stream/json-scan.ts'
import { eachElement, eachMember, metadataOf, notUnderstood, textOf, type Member } from './object-bytes.ts'
import type { PathState } from './paths.ts'
import { conceal, tokenFor, type Track, type Walk } from './walk.ts'

/** Levels that masked paths may lead down; deeper ones are left to the slow way. */
const MAX_LEVELS = 64

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
 * @throws notUnderstood when the bytes are better read the slow way.
 */
export function replacementsIn(
  bytes: Buffer,
  members: readonly Member[],
  start: PathState,
  walk: Walk,
): readonly Replacement[] {
  if (!isUtf8(bytes)) throw notUnderstood
  const search = new Search(bytes)
  search.members(members, start, undefined)
  // Nothing is hidden, and so counted, before it is sure that all is understood.
  const found = search.found.map((place) => ({ place, ...readAt(bytes, place) }))
  if (found.length === 0) return []
  const owner = ownerIn(bytes, members, walk.fallback)
  const owned = (track: Track) => ({ ...track, owner: { ...track.owner, ...owner } })
  return found.flatMap(({ place: { from, to, state, trail }, ...read }) => {
    const keys = keysOf(trail)
    if ('text' in read) return [{ from, to, by: quoted(tokenFor(read.text, owned(read.track), keys, walk)) }]
    const masked = conceal(read.value, state.complete.map(owned), keys, walk)
    return masked === read.value ? [] : [{ from, to, by: encodeJson(masked) }]
  })
}

/** A token needs no escapes. */
function quoted(token: string): Uint8Array {
  return Buffer.from(`"${token}"`, 'latin1')
}

/** Where a masked path ends. */
interface Place {
  readonly from: number
  readonly to: number
  readonly state: PathState
  readonly trail: Trail | undefined
}

/** The keys that lead to a place, the last one first: most places are left again with nothing found. */
interface Trail {
  readonly key: string
  readonly before: Trail | undefined
  readonly length: number
}

function trailTo(key: string, before: Trail | undefined): Trail {
  return { key, before, length: (before?.length ?? 0) + 1 }
}

function keysOf(trail: Trail | undefined): readonly string[] {
  const keys: string[] = []
  for (let at = trail; at !== undefined; at = at.before) keys.push(at.key)
  return keys.reverse()
}

/** A text that is hidden as it is stays bytes; all else is read. */
function readAt(
  bytes: Buffer,
  { from, to, state }: Place,
): { readonly text: Uint8Array; readonly track: Track } | { readonly value: JsonValue } {
  const { value: track } = state
  // What is not escaped stands for itself; that it is UTF-8 is known.
  if (bytes[from] === QUOTE && !bytes.subarray(from, to).includes(BACKSLASH)) {
    return track === undefined
      ? { value: bytes.toString('utf8', from + 1, to - 1) }
      : { text: bytes.subarray(from + 1, to - 1), track }
  }
  try {
    return { value: parseJson(bytes.subarray(from, to)) }
  } catch (thrown) {
    if (thrown instanceof Fault) throw notUnderstood
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
  members(members: readonly Member[], state: PathState, trail: Trail | undefined): void {
    for (const { key, from, inside } of members) {
      const next = state.step(key)
      if (next === undefined) continue
      if (inside !== undefined && next.complete.length === 0) this.members(inside, next, trailTo(key, trail))
      else this.#value(from, next, trailTo(key, trail))
    }
  }

  /** Index after the value. */
  #value(from: number, state: PathState, trail: Trail): number {
    const first = this.#bytes[from]
    if (state.complete.length === 0) {
      if (trail.length > MAX_LEVELS) throw notUnderstood
      if (first === OPEN_BRACE) return this.#object(from, state, trail)
      if (first === OPEN_BRACKET) return this.#array(from, state, trail)
      return valueEnd(this.#bytes, from)
    }
    const to = valueEnd(this.#bytes, from)
    if (to === UNFINISHED) return to
    if (state.hasMore) throw notUnderstood
    if (state.mayHide(this.#bytes, from, to)) this.found.push({ from, to, state, trail })
    return to
  }

  #object(at: number, state: PathState, trail: Trail): number {
    const bytes = this.#bytes
    return eachMember(bytes, at, bytes.length, (keyFrom, keyTo, from) => {
      const next = state.stepBytes(bytes, keyFrom, keyTo)
      if (next === undefined) return valueEnd(bytes, from)
      return this.#value(from, next, trailTo(textOf(bytes, keyFrom, keyTo), trail))
    })
  }

  #array(at: number, state: PathState, trail: Trail): number {
    if (state.endsInElements) {
      const to = valueEnd(this.#bytes, at)
      if (to === UNFINISHED || !state.mayHideInside(this.#bytes, at, to)) return to
    }
    return eachElement(this.#bytes, at, (index, from) => {
      const next = state.stepIndex(index)
      return next === undefined ? valueEnd(this.#bytes, from) : this.#value(from, next, trailTo(String(index), trail))
    })
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
