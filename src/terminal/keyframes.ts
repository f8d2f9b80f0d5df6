import type { CastEvent } from '../recording/read.ts'

/** Output (characters) between two keyframes of a short recording: as much as is parsed unnoticed, in about 30 ms. */
const firstSpacing = 512 * 1024
/** So many are kept at most; one holds some hundred kilobytes. */
const most = 64

/** Where in a recording the screen can be brought to at once: after so many events, at this size. */
export interface Place {
  readonly end: number
  readonly cols: number
  readonly rows: number
}

/** Which keyframes of a recording the screen keeps. A longer recording has them further apart. */
export class Keyframes {
  #places: Place[]
  readonly #most: number
  #spacing: number
  /** Keyframes were asked for up to here. */
  #end = 0
  #since = 0

  /** `first`: the recording's beginning, which is always kept. */
  constructor(first: Place, spacing = firstSpacing, limit = most) {
    this.#places = [first]
    this.#spacing = spacing
    this.#most = limit
  }

  /** The last one at or before `end`. */
  before(end: number): Place {
    const place = this.#places.findLast((one) => one.end <= end) ?? this.#places[0]
    if (place === undefined) throw new Error('The beginning is always kept.')
    return place
  }

  /** Of the events from number `from` up to `to`, the number of the last one before the next keyframe is due, plus one. */
  due(events: readonly CastEvent[], from: number, to: number): number | undefined {
    for (let at = Math.max(from, this.#end); at < to; at += 1) {
      const event = events[at]
      this.#end = at + 1
      if (event?.code === 'o') this.#since += event.data.length
      if (this.#since < this.#spacing) continue
      this.#since = 0
      return at + 1
    }
    return undefined
  }

  /** The screen keeps this one; returns those it may now forget. */
  kept(place: Place): readonly number[] {
    this.#places.push(place)
    if (this.#places.length <= this.#most) return []
    this.#spacing *= 2
    const forgotten = this.#places.filter((_, index) => index % 2 === 1)
    this.#places = this.#places.filter((_, index) => index % 2 === 0)
    return forgotten.map(({ end }) => end)
  }
}
