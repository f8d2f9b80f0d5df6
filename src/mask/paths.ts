import type { ResourceRef } from './fields.ts'
import { advance, isComplete, ownedTracks, type Track, type Walk } from './walk.ts'

/** Array elements whose states are remembered; of longer arrays each is worked out anew. */
const MAX_INDEX = 64
/** Keys whose states are remembered: those of schemas are few, those of maps are without end. */
const MAX_KEYS = 1024

/** Where the masked paths of one kind of object stand after some keys, whichever object it is. */
export class PathState {
  readonly tracks: readonly Track[]
  /** Paths that end here. */
  readonly complete: readonly Track[]
  readonly #next = new Map<string, PathState | undefined>()

  constructor(tracks: readonly Track[]) {
    this.tracks = tracks
    this.complete = tracks.filter(isComplete)
  }

  /** After one more key; undefined when no masked path goes on there. */
  step(key: string): PathState | undefined {
    if (this.#next.has(key)) return this.#next.get(key)
    const tracks = advance(this.tracks, key)
    const next = tracks.length === 0 ? undefined : new PathState(tracks)
    if (this.#next.size < MAX_KEYS) this.#next.set(key, next)
    return next
  }

  /** After an element of an array. */
  stepIndex(index: number): PathState | undefined {
    if (index < MAX_INDEX) return this.step(String(index))
    const tracks = advance(this.tracks, String(index))
    return tracks.length === 0 ? undefined : new PathState(tracks)
  }
}

/** The beginning of an object that is each of `refs`. Its owners have no names yet. */
export function pathsFrom(refs: readonly ResourceRef[], walk: Walk): PathState {
  const nobody = { namespace: '', name: '', uid: '' }
  return new PathState(refs.flatMap((ref) => ownedTracks({ ...ref, ...nobody }, [], walk)))
}
