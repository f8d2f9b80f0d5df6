import type { ChromeFrame } from '../model/chrome.ts'
import type { CastEvent } from '../recording/read.ts'
import { playerKeys } from './player-keys.ts'
import type { Past } from './screen-protocol.ts'
import type { ScreenClient } from './screen-client.ts'
import { clock, fit, oneLine, parseClock, seekBar } from './seek-bar.ts'
import type { Timeline } from './timeline.ts'
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
/** More output (characters) than this is brought to the screen without showing what is in between. */
const quietChars = 256 * 1024

export interface PlayerOptions {
  readonly timeline: Timeline
  readonly title: string
  /** Size of the recorded terminal at its start. */
  readonly cols: number
  readonly rows: number
  readonly screen: Pick<ScreenClient, 'output' | 'clear' | 'chrome' | 'resize' | 'past'>
  readonly terminal: () => { readonly cols: number; readonly rows: number }
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
  #model: { modelCols: number; modelRows: number }
  #next = 0
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
    this.#model = atLeastTwo(options.cols, options.rows)
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
    this.#options.screen.resize({ ...this.#options.terminal(), ...this.#model })
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
    else if (name === '[') this.#speed = Math.max(slowest, this.#speed / 2)
    else if (name === ']') this.#speed = Math.min(fastest, this.#speed * 2)
    else if (name === 'm') this.#seek(timeline.markerAfter(here)?.seconds ?? here)
    else if (name === 'M') {
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
    const found = this.#transcript.find(this.#words, this.#next - 1, direction)
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
    const to = this.#next - 1 + by
    if (to >= 0 && to < this.#options.timeline.events.length) this.#seekToEvent(to)
  }

  #seek(seconds: number): void {
    const { timeline } = this.#options
    const to = Math.min(timeline.duration, Math.max(0, seconds))
    this.#bringTo(timeline.indexAfter(to), to < this.#position)
    this.#position = to
  }

  /** To the moment right after that event. */
  #seekToEvent(index: number): void {
    this.#bringTo(index + 1, index + 1 < this.#next)
    this.#position = this.#options.timeline.events[index]?.seconds ?? this.#position
  }

  /** The screen shows the events before `end`. */
  #bringTo(end: number, isBack: boolean): void {
    const { timeline, screen, cols, rows, terminal } = this.#options
    if (isBack) {
      screen.clear()
      this.#model = atLeastTwo(cols, rows)
      screen.resize({ ...terminal(), ...this.#model })
      this.#next = 0
    }
    const events = timeline.events.slice(this.#next, end)
    this.#next = Math.max(this.#next, end)
    this.#play(events)
  }

  #play(events: readonly CastEvent[]): void {
    const { screen, terminal } = this.#options
    const past = pastOf(events)
    const length = past.reduce((sum, piece) => sum + ('bytes' in piece ? piece.bytes.length : 0), 0)
    for (const piece of past) if ('cols' in piece) this.#model = atLeastTwo(piece.cols, piece.rows)
    const size = { ...terminal(), ...this.#model }
    if (length > quietChars) {
      screen.past(past, size)
      return
    }
    for (const piece of past) {
      if ('bytes' in piece) screen.output(piece.bytes, false)
      else screen.resize({ ...terminal(), ...atLeastTwo(piece.cols, piece.rows) })
    }
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
    this.#bringTo(timeline.indexAfter(this.#position), false)
    const isAtEnd = this.#position >= timeline.duration
    if (isAtEnd && !this.#isLive) this.#isPlaying = false
    this.#show()
    if (!this.#isPlaying || isAtEnd) return
    const next = timeline.events[this.#next]?.seconds ?? timeline.duration
    const wait = Math.min(tickSeconds, (next - this.#position) / this.#speed)
    this.#timer = setTimeout(() => this.#advance(), Math.max(1, wait * 1000))
  }

  #show(): void {
    const { timeline, title, screen, terminal } = this.#options
    const { cols, rows } = terminal()
    const isAtEnd = this.#position >= timeline.duration
    const bar = seekBar(
      {
        state: this.#isPlaying ? (this.#isLive && isAtEnd ? 'live' : 'playing') : 'paused',
        position: this.#position,
        duration: timeline.duration,
        speed: this.#speed,
        markers: timeline.markers.map(({ seconds }) => seconds),
        note: this.#note || (timeline.markerAt(this.#position)?.data ?? ''),
        title: oneLine(title),
      },
      cols,
    )
    screen.chrome(this.#frame(bar, cols, rows))
  }

  #frame(bar: string, cols: number, rows: number): ChromeFrame {
    const overlay = this.#overlay
    const frame = { statusRow: bar, drawerRows: [], focused: false, bells: 0 }
    if (overlay.kind === 'none') return frame
    if (overlay.kind === 'help') return { ...frame, drawerRows: helpRows(cols) }
    if (overlay.kind === 'markers') return { ...frame, drawerRows: this.#markerRows(overlay.chosen, cols, rows) }
    const prompt = overlay.kind === 'search' ? ' Search: ' : ' Go to (90, 1:30): '
    const typed = `${prompt}${oneLine(overlay.typed)}`
    const cursor = { row: 0, col: Math.min(cols - 1, typed.length) }
    return { ...frame, drawerRows: [fit(typed, cols)], cursor, focused: true }
  }

  #markerRows(chosen: number, cols: number, rows: number): string[] {
    const { markers } = this.#options.timeline
    const title = fit(
      ` ${markers.length === 1 ? '1 marker' : `${markers.length} markers`}  ↑ ↓ choose  Enter goes there  Esc closes`,
      cols,
    )
    if (markers.length === 0)
      return [fit(' This recording has no markers. They stand where a request was held, denied or masked.', cols)]
    const shown = Math.max(1, Math.min(markers.length, Math.floor(rows / 2) - 1))
    const top = Math.max(0, Math.min(chosen - Math.floor(shown / 2), markers.length - shown))
    const lines = markers.slice(top, top + shown).map(({ seconds, data }, offset) => {
      const line = fit(` ${top + offset === chosen ? '▸' : ' '} ${clock(seconds)}  ${oneLine(data)}`, cols)
      return top + offset === chosen ? `\x1b[1m${line}\x1b[0m` : line
    })
    return [`\x1b[4m${title}\x1b[0m`, ...lines]
  }
}

function helpRows(cols: number): string[] {
  return playerKeys.map(({ label, does }) => fit(` ${label.padEnd(10)} ${does}`, cols))
}

/** Output and sizes; output that follows output is one piece. */
function pastOf(events: readonly CastEvent[]): Past[] {
  const past: Past[] = []
  let output: string[] = []
  const flush = () => {
    if (output.length > 0) past.push({ bytes: Buffer.from(output.join('')) })
    output = []
  }
  for (const { code, data } of events) {
    if (code === 'o') output.push(data)
    const size = code === 'r' ? /^(\d+)x(\d+)$/.exec(data) : null
    if (size === null) continue
    flush()
    past.push({ cols: Number(size[1]), rows: Number(size[2]) })
  }
  flush()
  return past
}

function atLeastTwo(cols: number, rows: number): { modelCols: number; modelRows: number } {
  return { modelCols: Math.max(2, cols), modelRows: Math.max(1, rows) }
}
