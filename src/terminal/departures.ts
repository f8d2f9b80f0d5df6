import type { IMarker, Terminal } from '@xterm/headless'
import type { Links } from './links.ts'
import { blank, readRow, type Row } from './rows.ts'

/** Lines of scrollback the model keeps: more than one piece of output (see `pieceBytes`) can scroll away. */
export const modelScrollback = 5_000
/** Output is parsed in pieces of at most this size, so that no line leaves the scrollback before it was counted. */
export const pieceBytes = 4_096
/** Most lines handed on at once. More than this in one frame nobody can read, and the recording has them. */
const floodLines = 500

/** Counts the lines that leave the model's main screen at the top and hands them on once. */
export class Departures {
  readonly #terminal: Terminal
  readonly #links: Links
  #first: IMarker | undefined
  #waiting = 0
  #isReset = false
  /** Of the lines between the mark and the top of the screen, those the real terminal let leave by itself. */
  #settled = 0

  constructor(terminal: Terminal, links: Links) {
    this.#terminal = terminal
    this.#links = links
    terminal.parser.registerEscHandler({ final: 'c' }, () => {
      this.#isReset = true
      return false
    })
    this.#mark()
  }

  /** To be called after each piece of output. */
  count(): void {
    const gone = this.#gone()
    this.#waiting += Math.max(0, gone ?? 0)
    // On the alternate screen no mark can be set on the main one.
    if (this.#terminal.buffer.active.type !== 'normal') this.#settled += Math.max(0, gone ?? 0)
    else if (gone === undefined || gone > 0) this.#mark()
  }

  /**
   * To be called after each change of size. The real terminal changes its size by the same rules: it drops what is below
   * the cursor, among it our row, then lets lines leave at the top. So it lacks just one of those that left the model.
   * Lines that came back from the scrollback leave it again later.
   */
  resized(): void {
    const gone = this.#gone() ?? 0
    if (this.#waiting === 0 && gone !== 0) this.#settled += gone > 0 ? gone - 1 : gone
    this.count()
  }

  /** What has left so far is not for this terminal. */
  forget(): void {
    this.#waiting = 0
    this.#mark()
  }

  /** The lines that left since the last call, oldest first; a flood is cut and says so. */
  take(cols: number): Row[] {
    if (this.#waiting === 0) return []
    const { normal } = this.#terminal.buffer
    const shown = Math.min(this.#waiting, floodLines, normal.baseY)
    const cut = this.#waiting - shown
    this.#waiting = 0
    const scratch = normal.getNullCell()
    const lines = Array.from({ length: shown }, (_, index) =>
      readRow(normal.getLine(normal.baseY - shown + index), cols, scratch, this.#links),
    )
    return cut === 0 ? lines : [notice(`… ${cut} lines, see recording`, cols), ...lines]
  }

  /** Undefined when the mark is gone with all that stood there. */
  #gone(): number | undefined {
    if (this.#first === undefined || this.#first.isDisposed || this.#isReset) return undefined
    return this.#terminal.buffer.normal.baseY - this.#first.line - this.#settled
  }

  #mark(): void {
    const { active } = this.#terminal.buffer
    if (active.type !== 'normal') return
    this.#first?.dispose()
    this.#first = this.#terminal.registerMarker(-active.cursorY)
    this.#isReset = false
    this.#settled = 0
  }
}

function notice(text: string, cols: number): Row {
  return Array.from({ length: cols }, (_, col) => {
    const chars = text[col]
    return chars === undefined ? blank : { chars, width: 1, style: '2', link: '' }
  })
}
