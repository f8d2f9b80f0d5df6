import type { IBufferCell, IBufferLine, Terminal } from '@xterm/headless'
import type { Links } from './links.ts'
import { blank, readCell, type Cell, type Row } from './rows.ts'

/** Looks (pairs of foreground and background) that are remembered at once. */
const looksKept = 2_048

/**
 * A line as xterm 6.0.0 keeps it: content, foreground and background of each cell, packed into three numbers. Private,
 * so the version is pinned and a test compares what is read here with what the public way gives.
 */
interface PackedLine {
  readonly length: number
  readonly _data: Uint32Array
}
const numbersPerCell = 3
/** In the content: how many columns the cell takes. */
const widthShift = 22
/** In the content: the cell's text is a combined string, kept elsewhere. */
const isCombined = 0x20_0000
/** In the background: more attributes (underline style, link) are kept elsewhere. */
const isExtended = 0x1000_0000

/** In foreground or background: a direct colour. Of these there are too many to remember what they look like. */
const isDirect = 0x300_0000

interface Known {
  readonly packed: Uint32Array
  readonly row: Row
}

/**
 * Reads rows of one terminal's active buffer. A line that has not changed since the last reading is the same row again,
 * and equal cells are the same object: at 60 frames a second reading every cell anew costs more than painting.
 */
export class RowReader {
  readonly #terminal: Terminal
  readonly #scratch: IBufferCell
  readonly #links: Links | undefined
  #known = new Map<PackedLine, Known>()
  readonly #looks = new Map<number, Map<number, Map<number, Cell>>>()
  #looksCount = 0

  constructor(terminal: Terminal, links?: Links) {
    this.#terminal = terminal
    this.#links = links
    this.#scratch = terminal.buffer.active.getNullCell()
  }

  /** Rows `from` up to `from + count`, counted from the top of the scrollback, each exactly `cols` cells. */
  read(from: number, count: number, cols: number): Row[] {
    const { active } = this.#terminal.buffer
    const kept = new Map<PackedLine, Known>()
    const rows = Array.from({ length: count }, (_, index) => {
      // Beyond its end xterm's buffer begins again at the top.
      const view = from + index < active.length ? active.getLine(from + index) : undefined
      return view === undefined ? Array.from({ length: cols }, () => blank) : this.#row(view, cols, kept)
    })
    this.#known = kept
    return rows
  }

  #row(view: IBufferLine, cols: number, kept: Map<PackedLine, Known>): Row {
    const line = (view as unknown as { readonly _line: PackedLine })._line
    const { _data: packed } = line
    const numbers = Math.min(cols, line.length) * numbersPerCell
    const found = this.#known.get(line)
    const known = found?.row.length === cols && found.packed.length === numbers ? found : undefined
    const same = known === undefined ? 0 : sameUntil(known.packed, packed, numbers)
    if (known !== undefined && same === numbers) {
      kept.set(line, known)
      return known.row
    }
    let isPacked = true
    const row: Cell[] = known === undefined ? [] : known.row.slice()
    // The first half of a wide character depends on what follows it.
    for (let col = Math.max(0, Math.floor(same / numbersPerCell) - 1); col < cols; col += 1) {
      const at = col * numbersPerCell
      const content = packed[at] ?? 0
      const isSingle = content >>> widthShift === 1
      const isSame = isSingle && known !== undefined && at < numbers
      if (isSame && sameNumbers(known.packed, packed, at, at + numbersPerCell)) continue
      const foreground = packed[at + 1] ?? 0
      const background = packed[at + 2] ?? 0
      const isWhole = (content & isCombined) === 0 && (background & isExtended) === 0
      isPacked &&= isWhole
      const isRare = (foreground & isDirect) === isDirect || (background & isDirect) === isDirect
      // What the halves of a wide character are depends on their neighbours.
      const isSingular = isRare || !isWhole || !isSingle || col === cols - 1 || at >= numbers
      row[col] = isSingular
        ? readCell(view, col, cols, this.#scratch, this.#links)
        : this.#cell(view, col, cols, content, this.#look(foreground, background))
    }
    if (isPacked) kept.set(line, { packed: snapshot(known, packed, numbers), row })
    return row
  }

  #cell(view: IBufferLine, col: number, cols: number, content: number, look: Map<number, Cell>): Cell {
    const known = look.get(content)
    if (known !== undefined) return known
    const cell = readCell(view, col, cols, this.#scratch, this.#links)
    look.set(content, cell)
    return cell
  }

  #look(foreground: number, background: number): Map<number, Cell> {
    let byBackground = this.#looks.get(foreground)
    let look = byBackground?.get(background)
    if (look !== undefined) return look
    this.#looksCount += 1
    if (this.#looksCount > looksKept) {
      this.#looks.clear()
      this.#looksCount = 1
      byBackground = undefined
    }
    byBackground ??= new Map<number, Map<number, Cell>>()
    this.#looks.set(foreground, byBackground)
    look = new Map<number, Cell>()
    byBackground.set(background, look)
    return look
  }
}

/** Index of the first number that differs; `count` when none does. */
function sameUntil(kept: Uint32Array, packed: Uint32Array, count: number): number {
  let index = 0
  while (index < count && kept[index] === packed[index]) index += 1
  return index
}

function sameNumbers(kept: Uint32Array, packed: Uint32Array, from: number, to: number): boolean {
  for (let index = from; index < to; index += 1) if (kept[index] !== packed[index]) return false
  return true
}

/** Into the array of the last reading where there is one: thousands of new arrays a second cost more than the copies. */
function snapshot(known: Known | undefined, packed: Uint32Array, count: number): Uint32Array {
  if (known?.packed.length !== count) return packed.slice(0, count)
  for (let index = 0; index < count; index += 1) known.packed[index] = packed[index] ?? 0
  return known.packed
}
