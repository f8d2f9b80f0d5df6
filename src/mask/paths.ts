import { mayHoldSecret } from './detect.ts'
import type { ResourceRef } from './fields.ts'
import { advance, isComplete, ownedTracks, type Track, type Walk } from './walk.ts'

/** Array elements whose states are remembered; of longer arrays each is worked out anew. */
const MAX_INDEX = 64
/** Keys whose states are remembered: those of schemas are few, those of maps are without end. */
const MAX_KEYS = 1024

/** Escapes that may spell any word, or the slashes of an address (RFC 8259 section 7). */
const otherSpelling = /\\[u/]/

type Literals = 'patterns' | readonly { readonly key: Buffer; readonly next: PathState | undefined }[]

/** Where the masked paths of one kind of object stand after some keys, whichever object it is. */
export class PathState {
  readonly tracks: readonly Track[]
  /** Paths that end here. */
  readonly complete: readonly Track[]
  /** Other paths go on below. */
  readonly hasMore: boolean
  #literals: Literals | undefined
  readonly #next = new Map<string, PathState | undefined>()

  constructor(tracks: readonly Track[]) {
    this.tracks = tracks
    this.complete = tracks.filter(isComplete)
    this.hasMore = this.complete.length > 0 && this.complete.length < tracks.length
  }

  /** False only when none of the paths that end here hides anything of these bytes of a value. */
  mayHide(bytes: Buffer, from: number, to: number): boolean {
    if (this.complete.some(({ holds }) => holds !== 'condition')) return true
    const text = bytes.toString('latin1', from, to)
    return (
      otherSpelling.test(text) ||
      this.complete.some(
        ({ names, detectors }) => names?.mayBeIn(text) === true || (detectors !== undefined && mayHoldSecret(text)),
      )
    )
  }

  /** After one more key; undefined when no masked path goes on there. */
  step(key: string): PathState | undefined {
    if (this.#next.has(key)) return this.#next.get(key)
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
    if (index < MAX_INDEX) return this.step(String(index))
    const tracks = advance(this.tracks, String(index))
    return tracks.length === 0 ? undefined : new PathState(tracks)
  }
}

/** Keys are short: a call into machine code would cost more than the loop. */
function isAt(bytes: Buffer, from: number, key: Buffer): boolean {
  for (let index = 0; index < key.length; index++) if (bytes[from + index] !== key[index]) return false
  return true
}

/** The beginning of an object that is each of `refs`. Its owners have no names yet. */
export function pathsFrom(refs: readonly ResourceRef[], walk: Walk): PathState {
  const nobody = { namespace: '', name: '', uid: '' }
  return new PathState(refs.flatMap((ref) => ownedTracks({ ...ref, ...nobody }, [], walk)))
}
