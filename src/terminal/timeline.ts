import type { CastEvent } from '../recording/read.ts'

/** Longest silence that is played, in seconds. */
const idleSeconds = 2

/** The events at the times they are played: pauses are cut to {@link idleSeconds}. */
export class Timeline {
  readonly events: readonly CastEvent[]

  constructor(events: readonly CastEvent[]) {
    let before = 0
    let at = 0
    this.events = events.map((event) => {
      at += Math.min(idleSeconds, Math.max(0, event.seconds - before))
      before = event.seconds
      return { ...event, seconds: at }
    })
  }

  get duration(): number {
    return this.events.at(-1)?.seconds ?? 0
  }

  /** Index of the first event after `seconds`. */
  indexAfter(seconds: number): number {
    const index = this.events.findIndex((event) => event.seconds > seconds)
    return index === -1 ? this.events.length : index
  }

  /** The last marker at or before `seconds`. */
  markerAt(seconds: number): CastEvent | undefined {
    return this.events.findLast(({ code, seconds: at }) => code === 'm' && at <= seconds)
  }

  markerAfter(seconds: number): CastEvent | undefined {
    return this.events.find(({ code, seconds: at }) => code === 'm' && at > seconds)
  }

  markerBefore(seconds: number): CastEvent | undefined {
    return this.events.findLast(({ code, seconds: at }) => code === 'm' && at < seconds)
  }
}
