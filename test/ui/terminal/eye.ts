import xterm from '@xterm/headless'
import type { ChromeFrame } from '../../../src/model/chrome.ts'

/** A screen as the eye sees it: what a terminal of that size shows after the bytes. */
export class Eye {
  readonly #terminal: xterm.Terminal
  readonly cols: number
  readonly rows: number

  /** `convertEol`: a tty turns LF into CR LF on its way to the terminal (ONLCR). */
  constructor(cols: number, rows: number) {
    this.cols = cols
    this.rows = rows
    this.#terminal = new xterm.Terminal({ cols, rows, allowProposedApi: true, scrollback: 0, convertEol: true })
  }

  write(bytes: string): Promise<void> {
    return new Promise((resolve) => this.#terminal.write(bytes, resolve))
  }

  get lines(): string[] {
    const { active } = this.#terminal.buffer
    return Array.from({ length: this.rows }, (_, row) => active.getLine(row)?.translateToString(true) ?? '')
  }

  get text(): string {
    return this.lines.join('\n')
  }

  get alternate(): boolean {
    return this.#terminal.buffer.active.type === 'alternate'
  }
}

/** Places a frame at the bottom of a screen full of `~`, as the painter does, and fails when a row leaves its place. */
export async function look(frame: ChromeFrame, cols: number, rows: number): Promise<Eye> {
  const eye = new Eye(cols, rows)
  const shell = `${'~'.repeat(cols)}\r\n`.repeat(rows - 1) + '~'.repeat(cols)
  const all = [...frame.drawerRows, frame.statusRow]
  const first = rows - all.length
  const placed = all.map((row, index) => `\u001b[${first + index + 1};1H\u001b[2K${row}`)
  await eye.write(shell + placed.join(''))
  for (const line of eye.lines.slice(0, first)) {
    if (line !== '~'.repeat(cols)) throw new Error(`A row of the frame left its place: ${JSON.stringify(line)}`)
  }
  return eye
}

/** A row may hold SGR and nothing else that acts on a terminal. */
export function onlyStyled(row: string): boolean {
  return !/[\u0000-\u001f\u007f-\u009f]/.test(row.replace(/\u001b\[[0-9;]*m/g, ''))
}
