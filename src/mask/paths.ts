import { mayHoldSecret } from './detect.ts'
import type { MaskedFields, ResourceRef } from './fields.ts'
import { advance, isComplete, ownedTracks, type Track, type Walk } from './walk.ts'

/** Keys whose states are remembered, of patterns only: those of maps are without end. */
const MAX_KEYS = 256

/** Escapes that may spell any word, or the slashes of an address (RFC 8259 section 7). */
const otherSpelling = /\\[u/]/

type Literals = 'patterns' | readonly { readonly key: Buffer; readonly next: PathState | undefined }[]

/** Where the masked paths of one kind of object stand after some keys, whichever object it is. */
export class PathState {
  readonly tracks: readonly Track[]
  /** Paths that end here. */
  readonly complete: readonly Track[]
  /** Whatever is here is hidden, or looked into as a manifest. */
  readonly hidesWhole: boolean
  /** Set where whatever is here is replaced by a token, as it is. */
  readonly value: Track | undefined
  /** Other paths go on below. */
  readonly hasMore: boolean
  #literals: Literals | undefined
  readonly #next = new Map<string, PathState | undefined>()
  /** Set where every key leads to the same state. */
  readonly #ofAnyKey: { readonly next: PathState } | undefined

  constructor(tracks: readonly Track[]) {
    this.tracks = tracks
    this.complete = tracks.filter(isComplete)
    this.hidesWhole = this.complete.some(({ holds }) => holds !== 'condition')
    this.value = this.complete.find(({ holds }) => holds === 'value')
    this.hasMore = this.complete.length > 0 && this.complete.length < tracks.length
    const isOpen = tracks.length > 0 && tracks.every(({ segments, depth }) => segments[depth] === '*')
    this.#ofAnyKey = isOpen ? { next: new PathState(advance(tracks, '')) } : undefined
  }

  /** False only when none of the paths that end here hides anything of these bytes of a value. */
  mayHide(bytes: Buffer, from: number, to: number): boolean {
    if (this.hidesWhole) return true
    const text = bytes.toString('latin1', from, to)
    return (
      otherSpelling.test(text) ||
      this.complete.some(
        ({ names, detectors }) => names?.mayBeIn(text) === true || (detectors !== undefined && mayHoldSecret(text)),
      )
    )
  }

  /** Paths of conditions end with the elements of an array that is here, and nothing else does. */
  get endsInElements(): boolean {
    const next = this.#ofAnyKey?.next
    return next !== undefined && next.complete.length === next.tracks.length && !next.hidesWhole
  }

  /** `mayHide` for all elements of the array at once, where paths end with them. */
  mayHideInside(bytes: Buffer, from: number, to: number): boolean {
    return this.#ofAnyKey?.next.mayHide(bytes, from, to) ?? true
  }

  /** After one more key; undefined when no masked path goes on there. */
  step(key: string): PathState | undefined {
    if (this.#ofAnyKey !== undefined) return this.#ofAnyKey.next
    const known = this.#next.get(key)
    if (known !== undefined || this.#next.has(key)) return known
    const tracks = advance(this.tracks, key)
    const next = tracks.length === 0 ? undefined : new PathState(tracks)
    if (this.#next.size < MAX_KEYS) this.#next.set(key, next)
    return next
  }

  /** The same for a key that is bytes, which are only read where patterns have to be met. */
  stepBytes(bytes: Buffer, from: number, to: number): PathState | undefined {
    this.#literals ??= this.#literalKeys()
    if (this.#literals === 'patterns') return this.step(bytes.toString('utf8', from, to))
    for (const { key, next } of this.#literals) {
      if (key.length === to - from && isAt(bytes, from, key)) return next
    }
    return undefined
  }

  #literalKeys(): Literals {
    const keys = this.tracks.flatMap(({ segments, depth }) => segments[depth] ?? [])
    if (keys.some((key) => key.includes('*'))) return 'patterns'
    return [...new Set(keys)].map((key) => ({ key: Buffer.from(key), next: this.step(key) }))
  }

  /** After an element of an array. */
  stepIndex(index: number): PathState | undefined {
    return this.#ofAnyKey?.next ?? this.step(String(index))
  }
}

/** Keys are short: a call into machine code would cost more than the loop. */
function isAt(bytes: Buffer, from: number, key: Buffer): boolean {
  for (let index = 0; index < key.length; index++) if (bytes[from + index] !== key[index]) return false
  return true
}

/** Beginnings that are remembered for one set of fields: few kinds are asked for again and again. */
const MAX_STATES = 64
const statesOf = new WeakMap<MaskedFields, Map<string, PathState>>()

/**
 * The beginning of an object that is each of `refs`. Its owners have no names yet, so that what was worked out for one answer
 * serves all others.
 */
export function pathsFrom(refs: readonly ResourceRef[], walk: Walk): PathState {
  const key = refs.map(({ apiGroup, resource }) => `${apiGroup}/${resource}`).join(' ')
  const states = statesOf.get(walk.fields) ?? new Map<string, PathState>()
  const known = states.get(key)
  if (known !== undefined) return known
  const nobody = { namespace: '', name: '', uid: '' }
  const state = new PathState(refs.flatMap((ref) => ownedTracks({ ...ref, ...nobody }, [], walk)))
  const [oldest] = states.keys()
  if (oldest !== undefined && states.size >= MAX_STATES) states.delete(oldest)
  statesOf.set(walk.fields, states.set(key, state))
  return state
}
