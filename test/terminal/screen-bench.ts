import xterm from '@xterm/headless'
import type { ChromeFrame } from '../../src/model/chrome.ts'
import { boundCounts } from '../../src/terminal/bounds.ts'
import { readRows } from '../../src/terminal/rows.ts'
import type { FromScreen, Past, ScreenOptions } from '../../src/terminal/screen-protocol.ts'
import { Screen } from '../../src/terminal/screen.ts'
import { withTodaysWidths } from '../support/widths.ts'

export const cols = 20
export const rows = 6
export const chrome: ChromeFrame = { statusRow: 'status', drawerRows: [], focused: false, bells: 0 }

const shared = { allowProposedApi: true, logLevel: 'off' } as const

/** A screen, and the terminal its frames arrive on. */
export class Bench {
  readonly terminal = withTodaysWidths(new xterm.Terminal({ ...shared, cols, rows, scrollback: 100 }))
  readonly model = withTodaysWidths(new xterm.Terminal({ ...shared, cols, rows: rows - 1 }))
  readonly sent: FromScreen[] = []
  readonly #screen: Screen
  #arrived = Promise.withResolvers<void>()

  constructor(options: Partial<ScreenOptions> = {}) {
    boundCounts(this.model)
    const size = { cols, rows, modelCols: cols, modelRows: rows - 1 }
    this.#screen = new Screen({ ...size, purpose: 'shell', ...options }, (message) => {
      this.sent.push(message)
      if (message.type === 'frame' || message.type === 'left')
        this.terminal.write(message.text, () => this.#arrived.resolve())
    })
    this.#screen.handle({ type: 'chrome', frame: chrome })
    this.#screen.handle({ type: 'enter' })
  }

  /** Feeds output and waits for the frame that shows all of it. */
  async show(bytes: Uint8Array): Promise<void> {
    this.output(bytes)
    await new Promise<void>((resolve) => this.model.write(bytes, resolve))
    await this.frame(chrome)
  }

  output(bytes: Uint8Array): void {
    this.#screen.handle({ type: 'output', bytes })
    this.#screen.handle({ type: 'rest', echo: false })
  }

  /** What the program was answered so far. */
  get replies(): string {
    return this.sent.map((message) => (message.type === 'reply' ? message.data : '')).join('')
  }

  past(past: readonly Past[]): void {
    this.#screen.handle({ type: 'past', past })
  }

  colours(replies: string): void {
    this.#screen.handle({ type: 'colours', replies })
  }

  async frame(next: ChromeFrame): Promise<void> {
    this.#arrived = Promise.withResolvers<void>()
    this.#screen.handle({ type: 'chrome', frame: next })
    await new Promise((resolve) => setImmediate(resolve))
    this.#screen.handle({ type: 'drained' })
    await this.#arrived.promise
  }

  /** The real terminal changes first, then the screen hears of it. */
  async resize(width: number, height: number): Promise<void> {
    this.terminal.resize(width, height)
    this.#screen.handle({
      type: 'resize',
      cols: width,
      rows: height,
      modelCols: Math.max(2, width),
      modelRows: Math.max(1, height - 1),
    })
    await this.frame(chrome)
  }

  /** All lines of the terminal with its scrollback that hold text. */
  lines(): string[] {
    const { normal } = this.terminal.buffer
    return Array.from({ length: normal.length }, (_, y) => normal.getLine(y)?.translateToString(true) ?? '').filter(
      Boolean,
    )
  }

  shown(): unknown[] {
    return readRows(this.terminal, this.terminal.buffer.active.baseY, rows - 1, cols)
  }

  expected(): unknown[] {
    return readRows(this.model, this.model.buffer.active.baseY, rows - 1, cols)
  }

  row(y: number): string {
    const { active } = this.terminal.buffer
    return active.getLine(active.baseY + y)?.translateToString(true) ?? ''
  }
}
