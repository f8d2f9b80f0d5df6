import type { CastEvent } from '../recording/read.ts'
import type { ScreenClient } from './screen-client.ts'
import type { Timeline } from './timeline.ts'

/** How far an arrow key jumps, in seconds. */
const jumpSeconds = 5
/** The bar's clock moves at least this often, in seconds of the wall. */
const tickSeconds = 0.25
const slowest = 0.25
const fastest = 16
/** A marker this little behind (seconds) is where one already is: the previous one is meant. */
const markerSlack = 1

export interface PlayerOptions {
  readonly timeline: Timeline
  readonly title: string
  /** Size of the recorded terminal at its start. */
  readonly cols: number
  readonly rows: number
  readonly screen: Pick<ScreenClient, 'output' | 'clear' | 'chrome' | 'resize'>
  readonly terminal: () => { readonly cols: number; readonly rows: number }
  readonly quit: () => void
}

/** Position, speed and pause of a recording on a screen. */
export class Player {
  readonly #options: PlayerOptions
  #model: { modelCols: number; modelRows: number }
  #next = 0
  #position = 0
  #speed = 1
  #isPlaying = true
  #since = 0
  #timer: NodeJS.Timeout | undefined

  constructor(options: PlayerOptions) {
    this.#options = options
    this.#model = atLeastTwo(options.cols, options.rows)
  }

  start(): void {
    this.#since = performance.now()
    this.#advance()
  }

  stop(): void {
    clearTimeout(this.#timer)
  }

  resize(): void {
    this.#options.screen.resize({ ...this.#options.terminal(), ...this.#model })
    this.#showBar()
  }

  key(name: string): void {
    const { timeline, quit } = this.#options
    const here = this.#position
    this.#settle()
    if (name === 'q' || name === 'ctrl-c') return quit()
    if (name === ' ') this.#togglePlaying()
    else if (name === 'left') this.#seek(here - jumpSeconds)
    else if (name === 'right') this.#seek(here + jumpSeconds)
    else if (name === '[') this.#speed = Math.max(slowest, this.#speed / 2)
    else if (name === ']') this.#speed = Math.min(fastest, this.#speed * 2)
    else if (name === 'm') this.#seek(timeline.markerAfter(here)?.seconds ?? here)
    else if (name === 'M') {
      this.#seek((timeline.markerBefore(here - markerSlack) ?? timeline.markerBefore(here))?.seconds ?? 0)
    } else if (name === '.') this.#step()
    this.#advance()
  }

  #togglePlaying(): void {
    const isAtEnd = this.#position >= this.#options.timeline.duration
    if (isAtEnd) this.#seek(0)
    this.#isPlaying = isAtEnd || !this.#isPlaying
  }

  #step(): void {
    this.#isPlaying = false
    const next = this.#options.timeline.events[this.#next]
    if (next === undefined) return
    this.#position = next.seconds
    this.#next += 1
    this.#show([next])
  }

  #seek(seconds: number): void {
    const { timeline, screen, cols, rows, terminal } = this.#options
    const to = Math.min(timeline.duration, Math.max(0, seconds))
    if (to < this.#position) {
      screen.clear()
      this.#model = atLeastTwo(cols, rows)
      screen.resize({ ...terminal(), ...this.#model })
      this.#next = 0
    }
    this.#position = to
    this.#catchUp()
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
    this.#catchUp()
    if (this.#position >= timeline.duration) this.#isPlaying = false
    this.#showBar()
    if (!this.#isPlaying) return
    const next = timeline.events[this.#next]?.seconds ?? timeline.duration
    const wait = Math.min(tickSeconds, (next - this.#position) / this.#speed)
    this.#timer = setTimeout(() => this.#advance(), Math.max(1, wait * 1000))
  }

  #catchUp(): void {
    const end = this.#options.timeline.indexAfter(this.#position)
    this.#show(this.#options.timeline.events.slice(this.#next, end))
    this.#next = Math.max(this.#next, end)
  }

  #show(events: readonly CastEvent[]): void {
    const { screen, terminal } = this.#options
    let output = ''
    const flush = () => {
      if (output !== '') screen.output(Buffer.from(output), false)
      output = ''
    }
    for (const { code, data } of events) {
      if (code === 'o') output += data
      const size = code === 'r' ? /^(\d+)x(\d+)$/.exec(data) : null
      if (size === null) continue
      flush()
      this.#model = atLeastTwo(Number(size[1]), Number(size[2]))
      screen.resize({ ...terminal(), ...this.#model })
    }
    flush()
  }

  #showBar(): void {
    const { timeline, title, screen, terminal } = this.#options
    const marker = timeline.markerAt(this.#position)?.data
    const parts = [
      `${this.#isPlaying ? '▶' : '‖'} ${clock(this.#position)} / ${clock(timeline.duration)}`,
      `${this.#speed}×`,
      ...(marker === undefined ? [] : [`◆ ${marker}`]),
      title,
      'q quit  Space pause  ←/→ 5 s  [ ] speed  m/M marker  . step',
    ]
    const text = ` ${parts.join('  ')}`.replace(/\p{Cc}/gu, ' ')
    const { cols } = terminal()
    const statusRow = `\x1b[7m${text.slice(0, cols).padEnd(cols)}\x1b[0m`
    screen.chrome({ statusRow, drawerRows: [], focused: false, bells: 0 })
  }
}

function atLeastTwo(cols: number, rows: number): { modelCols: number; modelRows: number } {
  return { modelCols: Math.max(2, cols), modelRows: Math.max(1, rows) }
}

function clock(seconds: number): string {
  const whole = Math.floor(seconds)
  return `${String(Math.floor(whole / 60)).padStart(2, '0')}:${String(whole % 60).padStart(2, '0')}`
}
