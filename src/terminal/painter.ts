import type { Looks } from './looks.ts'
import { blank, type Cell, type Row } from './rows.ts'

/** A gap of so many equal cells is cheaper to paint over than to jump. */
const gap = 6

/**
 * What is on the real screen, and the shortest way from there to what should be. Writes only cells that differ; never
 * lets the terminal wrap or scroll by itself.
 */
export class Painter {
  readonly #rows: number
  readonly #blankRow: Row
  readonly #looks: Looks
  /** An undefined row is unknown: someone else may have written there. */
  #screen: (Row | undefined)[]

  constructor(cols: number, rows: number, looks: Looks) {
    this.#looks = looks
    this.#rows = rows
    this.#blankRow = Array.from({ length: cols }, () => blank)
    this.#screen = Array.from({ length: rows }, () => undefined)
  }

  /** Escape sequences that bring the first `target.length` rows to `target`; empty when they already are. */
  paint(target: readonly Row[]): string {
    let text = ''
    for (const [index, row] of target.slice(0, this.#rows).entries()) {
      text += paintRow(this.#screen[index], row, index, this.#looks)
      this.#screen[index] = row
    }
    return text
  }

  /**
   * Lets lines leave at the top into the terminal's own scrollback, in portions of a screen: they are put where they
   * leave, then the screen is scrolled by line feeds on its last row.
   */
  scrollOut(lines: readonly Row[]): string {
    let text = ''
    // Never on the last row, not for a moment: there people look for what Chaperone says.
    const height = Math.max(1, this.#rows - 1)
    for (let at = 0; at < lines.length; at += height) {
      const portion = lines.slice(at, at + height)
      text += this.paint(portion)
      text += `\x1b[0m\x1b[${this.#rows};1H${'\n'.repeat(portion.length)}`
      const below = Array.from({ length: portion.length }, () => this.#blankRow)
      this.#screen = [...this.#screen.slice(portion.length), ...below]
    }
    return text
  }
}

export function sameCell(a: Cell | undefined, b: Cell | undefined): boolean {
  return a === b || (a?.chars === b?.chars && a?.style === b?.style && a?.width === b?.width && a?.link === b?.link)
}

/** True for every printable that no terminal draws wider or narrower than one cell. */
function isPlain(chars: string): boolean {
  const code = chars.charCodeAt(0)
  return chars.length === 1 && code >= 0x20 && code <= 0x7e
}

/**
 * Paints the differing runs of one row. With anything but plain cells in the old or the new row the whole row is
 * painted, for terminals disagree about the width of the rest. Looked through in loops: at 60 frames a second a function
 * for each cell costs more than what it does.
 */
function paintRow(old: Row | undefined, row: Row, index: number, looks: Looks): string {
  if (old === row) return ''
  const changed = differenceFrom(old, row, 0)
  if (changed === row.length) return ''
  const end = contentEnd(row)
  if (old === undefined || !isPlainRow(old) || !isPlainRow(row)) {
    return paintRun(row, index, 0, end, looks) + (end < row.length ? clearFrom(index, end) : '')
  }
  let text = ''
  for (let from = changed; from < row.length;) {
    if (from >= end) return text + clearFrom(index, from)
    const to = runEnd(old, row, from, end)
    text += paintRun(row, index, from, to, looks)
    from = differenceFrom(old, row, to)
  }
  return text
}

/** First column not before `from` in which the two differ; the row's length when there is none. */
function differenceFrom(old: Row | undefined, row: Row, from: number): number {
  for (let col = from; col < row.length; col += 1) if (!sameCell(row[col], old?.[col])) return col
  return row.length
}

function isPlainRow(row: Row): boolean {
  for (const { chars } of row) if (!isPlain(chars)) return false
  return true
}

/** Column after the last cell that is not blank. */
function contentEnd(row: Row): number {
  let end = row.length
  while (end > 0 && sameCell(row[end - 1], blank)) end -= 1
  return end
}

function runEnd(old: Row, row: Row, from: number, end: number): number {
  let to = from + 1
  for (let col = to; col < end && col - to < gap; col += 1) if (!sameCell(old[col], row[col])) to = col + 1
  return to
}

function clearFrom(index: number, col: number): string {
  return `\x1b[0m\x1b[${index + 1};${col + 1}H\x1b[K`
}

/** After anything but a plain cell the cursor is placed again: it may stand elsewhere than we think. */
function paintRun(row: Row, index: number, from: number, to: number, looks: Looks): string {
  let text = ''
  let style: string | undefined
  let link = ''
  let isPlaced = false
  for (let col = from; col < to; col += 1) {
    const cell = row[col] ?? blank
    if (cell.width === 0) continue
    if (!isPlaced) text += `\x1b[${index + 1};${col + 1}H`
    if (cell.style !== style) text += cell.style === '' ? '\x1b[0m' : `\x1b[0;${looks.of(cell.style)}m`
    style = cell.style
    // The Linux console writes out what follows an unknown command for the system.
    const wanted = looks.depth === 4 ? '' : cell.link
    if (wanted !== link) text += linkTo(wanted)
    link = wanted
    text += cell.chars
    isPlaced = isPlain(cell.chars)
  }
  return link === '' ? text : text + linkTo('')
}

function linkTo(link: string): string {
  return `\x1b]8;${link === '' ? ';' : link}\x1b\\`
}
