import type { CastEvent } from '../recording/read.ts'

/** Longest silence that is played, in seconds, unless another is asked for. */
const defaultIdleSeconds = 2

/** A silence longer than is played. */
interface Cut {
  /** When it has ended, in played seconds. */
  readonly seconds: number
  /** How long it was, in seconds. */
  readonly silence: number
}

/** The events at the times they are played: pauses are cut. A recording that is still written grows at its end. */
export class Timeline {
  readonly #events: CastEvent[] = []
  readonly #markers: CastEvent[] = []
  readonly #cuts: Cut[] = []
  readonly #idleSeconds: number
  #before = 0
  #at = 0

  constructor(events: readonly CastEvent[], idleSeconds = defaultIdleSeconds) {
    this.#idleSeconds = idleSeconds
    this.append(events)
  }

  get events(): readonly CastEvent[] {
    return this.#events
  }

  get markers(): readonly CastEvent[] {
    return this.#markers
  }

  get duration(): number {
    return this.#at
  }

  append(events: readonly CastEvent[]): void {
    for (const event of events) {
      const silence = Math.max(0, event.seconds - this.#before)
      this.#at += Math.min(this.#idleSeconds, silence)
      if (silence > this.#idleSeconds) this.#cuts.push({ seconds: this.#at, silence })
      this.#before = event.seconds
      const placed = { ...event, seconds: this.#at }
      this.#events.push(placed)
      if (event.code === 'm') this.#markers.push(placed)
    }
  }

  /** Index of the first event after `seconds`. */
  indexAfter(seconds: number): number {
    let [low, high] = [0, this.#events.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#events[middle]?.seconds ?? 0) > seconds) high = middle
      else low = middle + 1
    }
    return low
  }

  /** The last marker at or before `seconds`. */
  markerAt(seconds: number): CastEvent | undefined {
    return this.#markers.findLast(({ seconds: at }) => at <= seconds)
  }

  /** The last silence cut at or before `seconds`. */
  cutAt(seconds: number): Cut | undefined {
    return this.#cuts.findLast(({ seconds: at }) => at <= seconds)
  }

  markerAfter(seconds: number): CastEvent | undefined {
    return this.#markers.find(({ seconds: at }) => at > seconds)
  }

  markerBefore(seconds: number): CastEvent | undefined {
    return this.#markers.findLast(({ seconds: at }) => at < seconds)
  }
}
