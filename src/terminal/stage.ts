import type { CastEvent } from '../recording/read.ts'
import { Keyframes, type Place } from './keyframes.ts'
import type { ScreenClient } from './screen-client.ts'
import type { Keep, Past } from './screen-protocol.ts'
import type { Timeline } from './timeline.ts'

/** More output (characters) than this is brought to the screen without showing what is in between. */
const quietChars = 256 * 1024

export interface StageOptions {
  readonly timeline: Timeline
  /** Size of the recorded terminal at its start. */
  readonly cols: number
  readonly rows: number
  readonly screen: Pick<ScreenClient, 'output' | 'resize' | 'past' | 'recall' | 'forget' | 'onKept'>
  readonly terminal: () => { readonly cols: number; readonly rows: number }
}

/** A recording's screen after any number of its events. */
export class Stage {
  readonly #options: StageOptions
  readonly #keyframes: Keyframes
  /** Keyframes that the screen was asked for and has not confirmed. */
  readonly #asked = new Map<number, Place>()
  #place: Place

  constructor(options: StageOptions) {
    this.#options = options
    this.#place = placeOf(0, options.cols, options.rows)
    this.#keyframes = new Keyframes(this.#place)
    options.screen.onKept = (end, isKept) => this.#confirm(end, isKept)
    options.screen.past([{ keep: 0 }], this.#size)
  }

  /** How many events the screen shows. */
  get end(): number {
    return this.#place.end
  }

  /** Size of the recorded terminal now. */
  get recorded(): { readonly cols: number; readonly rows: number } {
    return this.#place
  }

  resize(): void {
    this.#options.screen.resize(this.#size)
  }

  /** The screen shows the first `end` events. */
  show(end: number): void {
    const { screen } = this.#options
    const nearest = this.#keyframes.before(end)
    if (end < this.#place.end || nearest.end > this.#place.end) {
      screen.recall(nearest.end)
      this.#place = nearest
      this.resize()
    }
    if (end > this.#place.end) this.#play(end)
  }

  get #size(): { cols: number; rows: number; modelCols: number; modelRows: number } {
    return { ...this.#options.terminal(), modelCols: this.#place.cols, modelRows: this.#place.rows }
  }

  #play(end: number): void {
    const { screen } = this.#options
    const past = this.#pastUpTo(end)
    const length = past.reduce((sum, piece) => sum + ('bytes' in piece ? piece.bytes.length : 0), 0)
    const isPlain = past.every((piece) => 'bytes' in piece)
    if (length > quietChars || !isPlain) screen.past(past, this.#size)
    else for (const piece of past) screen.output(piece.bytes, false)
  }

  #pastUpTo(end: number): (Past | Keep)[] {
    const { events } = this.#options.timeline
    const past: (Past | Keep)[] = []
    while (this.#place.end < end) {
      const due = this.#keyframes.due(events, this.#place.end, end)
      past.push(...this.#pieces(events.slice(this.#place.end, due ?? end)))
      if (due === undefined) continue
      past.push({ keep: due })
      this.#asked.set(due, this.#place)
    }
    return past
  }

  /** Output and sizes; output that follows output is one piece. */
  #pieces(events: readonly CastEvent[]): Past[] {
    const pieces: Past[] = []
    let output: string[] = []
    const flush = () => {
      if (output.length > 0) pieces.push({ bytes: Buffer.from(output.join('')) })
      output = []
    }
    let { cols, rows } = this.#place
    for (const { code, data } of events) {
      if (code === 'o') output.push(data)
      const size = code === 'r' ? /^(\d+)x(\d+)$/.exec(data) : null
      if (size === null) continue
      flush()
      ;({ cols, rows } = placeOf(0, Number(size[1]), Number(size[2])))
      pieces.push({ cols, rows })
    }
    flush()
    this.#place = { end: this.#place.end + events.length, cols, rows }
    return pieces
  }

  #confirm(end: number, isKept: boolean): void {
    const place = this.#asked.get(end)
    this.#asked.delete(end)
    if (place === undefined || !isKept) return
    const forgotten = this.#keyframes.kept(place)
    if (forgotten.length > 0) this.#options.screen.forget(forgotten)
  }
}

function placeOf(end: number, cols: number, rows: number): Place {
  return { end, cols: Math.max(2, cols), rows: Math.max(1, rows) }
}
