import type { ChromeFrame } from '../model/chrome.ts'
import type { CastEvent } from '../recording/read.ts'
import { helpRows, markerRows } from './player-rows.ts'
import type { ScreenClient } from './screen-client.ts'
import { clock, fit, oneLine, parseClock, seekBar } from './seek-bar.ts'
import { Stage, type StageOptions } from './stage.ts'
import { Transcript } from './transcript.ts'

/** How far the arrow keys jump, in seconds, alone and with Shift. */
const jumpSeconds = 5
const longJumpSeconds = 60
/** The bar's clock moves at least this often, in seconds of the wall. */
const tickSeconds = 0.25
export const slowest = 0.25
export const fastest = 16
/** A marker this little behind (seconds) is where one already is: the previous one is meant. */
const markerSlack = 1

/** So long (seconds) it is said that a silence was cut. */
const cutSeconds = 3

export interface PlayerOptions extends Omit<StageOptions, 'screen'> {
  readonly title: string
  readonly screen: StageOptions['screen'] & Pick<ScreenClient, 'chrome'>
  /** True while the recording may still grow. */
  readonly isLive?: boolean
  readonly speed?: number
  /** Seconds at which to begin. */
  readonly start?: number
  readonly quit: () => void
}

/** What lies over the screen: nothing, words being typed, or a list. */
type Overlay =
  | { readonly kind: 'none' }
  | { readonly kind: 'help' }
  | { readonly kind: 'search'; readonly typed: string }
  | { readonly kind: 'time'; readonly typed: string }
  | { readonly kind: 'markers'; readonly chosen: number }

/** Position, speed and pause of a recording on a screen, and what its user asks of it. */
export class Player {
  readonly #options: PlayerOptions
  readonly #transcript = new Transcript()
  readonly #stage: Stage
  #position = 0
  #speed: number
  #isPlaying = true
  #isLive: boolean
  #overlay: Overlay = { kind: 'none' }
  #words = ''
  #note = ''
  #since = 0
  #timer: NodeJS.Timeout | undefined

  constructor(options: PlayerOptions) {
    this.#options = options
    this.#stage = new Stage(options)
    this.#speed = options.speed ?? 1
    this.#isLive = options.isLive ?? false
    this.#transcript.append(options.timeline.events, 0)
  }

  start(): void {
    this.#since = performance.now()
    if (this.#options.start !== undefined) this.#seek(this.#options.start)
    this.#advance()
  }

  stop(): void {
    clearTimeout(this.#timer)
  }

  resize(): void {
    this.#stage.resize()
    this.#show()
  }

  /** A recording that is still written has gone on. */
  append(events: readonly CastEvent[]): void {
    const { timeline } = this.#options
    this.#settle()
    const wasAtEnd = this.#position >= timeline.duration
    this.#transcript.append(events, timeline.events.length)
    timeline.append(events)
    if (this.#isPlaying && wasAtEnd) this.#position = timeline.duration
    this.#advance()
  }

  /** Nothing more will come. */
  finish(): void {
    this.#isLive = false
    this.#advance()
  }

  key(name: string): void {
    this.#settle()
    if (name === 'ctrl-c' || name === 'ctrl-d') return this.#options.quit()
    this.#note = ''
    if (this.#overlay.kind === 'none') {
      if (name === 'q') return this.#options.quit()
      this.#command(name)
    } else this.#overlayKey(this.#overlay, name)
    this.#advance()
  }

  #command(name: string): void {
    const { timeline } = this.#options
    const here = this.#position
    const jumps: Readonly<Record<string, number>> = {
      left: -jumpSeconds,
      right: jumpSeconds,
      'shift-left': -longJumpSeconds,
      'shift-right': longJumpSeconds,
    }
    const jump = jumps[name]
    if (jump !== undefined) this.#seek(here + jump)
    else if (name === ' ' || name === 'space') this.#togglePlaying()
    else if (name === 'home') this.#seek(0)
    else if (name === 'end') this.#seek(timeline.duration)
    else if (name === '-') this.#speed = Math.max(slowest, this.#speed / 2)
    else if (name === '+' || name === '=') this.#speed = Math.min(fastest, this.#speed * 2)
    else if (name === ']' || name === 'm') this.#seek(timeline.markerAfter(here)?.seconds ?? here)
    else if (name === '[' || name === 'M') {
      this.#seek((timeline.markerBefore(here - markerSlack) ?? timeline.markerBefore(here))?.seconds ?? 0)
    } else if (name === '.') this.#step(1)
    else if (name === ',') this.#step(-1)
    else if (name === 'n') this.#find('forward')
    else if (name === 'N') this.#find('backward')
    else if (name === 'l') this.#overlay = { kind: 'markers', chosen: this.#markerIndex() }
    else if (name === '/') this.#overlay = { kind: 'search', typed: '' }
    else if (name === 'g') this.#overlay = { kind: 'time', typed: '' }
    else if (name === '?' || name === 'h') this.#overlay = { kind: 'help' }
  }

  #overlayKey(overlay: Overlay, name: string): void {
    if (name === 'escape' || overlay.kind === 'none' || overlay.kind === 'help') this.#overlay = { kind: 'none' }
    else if (overlay.kind === 'markers') this.#listKey(overlay.chosen, name)
    else this.#typedKey(overlay.kind, overlay.typed, name)
  }

  #listKey(chosen: number, name: string): void {
    const { markers } = this.#options.timeline
    const moves: Readonly<Record<string, number>> = { up: -1, down: 1, pageup: -10, pagedown: 10, home: -1e9, end: 1e9 }
    const move = moves[name]
    if (move !== undefined) {
      const to = Math.max(0, Math.min(markers.length - 1, chosen + move))
      this.#overlay = { kind: 'markers', chosen: to }
      return
    }
    this.#overlay = { kind: 'none' }
    const marker = markers[chosen]
    if (name === 'enter' && marker !== undefined) this.#seek(marker.seconds)
  }

  #typedKey(kind: 'search' | 'time', typed: string, name: string): void {
    if (name === 'backspace') this.#overlay = { kind, typed: Array.from(typed).slice(0, -1).join('') }
    else if (name !== 'enter') {
      const added = name === 'space' ? ' ' : name
      if (Array.from(added).length === 1) this.#overlay = { kind, typed: typed + added }
    } else {
      this.#overlay = { kind: 'none' }
      if (kind === 'search') {
        this.#words = typed === '' ? this.#words : typed
        this.#find('forward')
      } else this.#goTo(typed)
    }
  }

  #goTo(typed: string): void {
    const seconds = parseClock(typed)
    if (seconds === undefined) this.#note = `${typed} is no time: write 90 or 1:30`
    else this.#seek(seconds)
  }

  #find(direction: 'forward' | 'backward'): void {
    if (this.#words === '') {
      this.#note = 'search with / first'
      return
    }
    const found = this.#transcript.find(this.#words, this.#stage.end - 1, direction)
    const event = found === undefined ? undefined : this.#options.timeline.events[found]
    if (found === undefined || event === undefined) {
      this.#note = `no ${direction === 'forward' ? 'later' : 'earlier'} “${this.#words}”`
      return
    }
    this.#isPlaying = false
    this.#seekToEvent(found)
    this.#note = `found “${this.#words}”`
  }

  #markerIndex(): number {
    const { timeline } = this.#options
    return Math.max(
      0,
      timeline.markers.findLastIndex(({ seconds }) => seconds <= this.#position),
    )
  }

  #togglePlaying(): void {
    const isAtEnd = this.#position >= this.#options.timeline.duration && !this.#isLive
    if (isAtEnd) this.#seek(0)
    this.#isPlaying = isAtEnd || !this.#isPlaying
  }

  #step(by: 1 | -1): void {
    this.#isPlaying = false
    const to = this.#stage.end - 1 + by
    if (to >= 0 && to < this.#options.timeline.events.length) this.#seekToEvent(to)
  }

  #seek(seconds: number): void {
    const { timeline } = this.#options
    const to = Math.min(timeline.duration, Math.max(0, seconds))
    this.#stage.show(timeline.indexAfter(to))
    this.#position = to
  }

  /** To the moment right after that event. */
  #seekToEvent(index: number): void {
    this.#stage.show(index + 1)
    this.#position = this.#options.timeline.events[index]?.seconds ?? this.#position
  }

  /** Takes over the time that has passed while playing. */
  #settle(): void {
    const now = performance.now()
    const passed = ((now - this.#since) / 1000) * this.#speed
    this.#since = now
    if (this.#isPlaying) this.#position = Math.min(this.#options.timeline.duration, this.#position + passed)
  }

  #advance(): void {
    clearTimeout(this.#timer)
    const { timeline } = this.#options
    this.#settle()
    if (this.#isPlaying) this.#stage.show(Math.max(this.#stage.end, timeline.indexAfter(this.#position)))
    const isAtEnd = this.#position >= timeline.duration
    if (isAtEnd && !this.#isLive) this.#isPlaying = false
    this.#show()
    if (!this.#isPlaying || isAtEnd) return
    const next = timeline.events[this.#stage.end]?.seconds ?? timeline.duration
    const wait = Math.min(tickSeconds, (next - this.#position) / this.#speed)
    this.#timer = setTimeout(() => this.#advance(), Math.max(1, wait * 1000))
  }

  #show(): void {
    const { timeline, title, screen, terminal } = this.#options
    const { cols, rows } = terminal()
    const isAtEnd = this.#position >= timeline.duration
    const { recorded } = this.#stage
    const isCut = recorded.cols > cols || recorded.rows > rows - 1
    const bar = seekBar(
      {
        state: this.#isPlaying ? (this.#isLive && isAtEnd ? 'live' : 'playing') : 'paused',
        position: this.#position,
        duration: timeline.duration,
        speed: this.#speed,
        markers: timeline.markers.map(({ seconds }) => seconds),
        note: this.#note || this.#lastNews(),
        title: oneLine(isCut ? `${recorded.cols}×${recorded.rows}, cut to fit` : title),
      },
      cols,
    )
    screen.chrome(this.#frame(bar, cols, rows))
  }

  /** The marker at the position, or that a silence was cut there. */
  #lastNews(): string {
    const { timeline } = this.#options
    const marker = timeline.markerAt(this.#position)
    const cut = timeline.cutAt(this.#position)
    if (cut === undefined || cut.seconds < (marker?.seconds ?? 0)) return marker?.data ?? ''
    return this.#position - cut.seconds < cutSeconds ? `${clock(cut.silence)} of silence cut` : (marker?.data ?? '')
  }

  #frame(bar: string, cols: number, rows: number): ChromeFrame {
    const overlay = this.#overlay
    const frame = { statusRow: bar, drawerRows: [], focused: false, bells: 0 }
    if (overlay.kind === 'none') return frame
    if (overlay.kind === 'help') return { ...frame, drawerRows: helpRows(cols) }
    if (overlay.kind === 'markers')
      return { ...frame, drawerRows: markerRows(this.#options.timeline.markers, overlay.chosen, cols, rows) }
    const prompt = overlay.kind === 'search' ? ' Search: ' : ' Go to (90, 1:30): '
    const typed = `${prompt}${oneLine(overlay.typed)}`
    const cursor = { row: 0, col: Math.min(cols - 1, typed.length) }
    return { ...frame, drawerRows: [fit(typed, cols)], cursor, focused: true }
  }
}
