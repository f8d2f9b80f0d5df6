import type { IBufferCell, IBufferLine, Terminal } from '@xterm/headless'

/** One character cell. `chars` is empty for the right half of a wide character. */
export interface Cell {
  readonly chars: string
  readonly width: number
  /** SGR parameters after the reset, empty for the terminal's own look. */
  readonly style: string
}

export type Row = readonly Cell[]

export const blank: Cell = { chars: ' ', width: 1, style: '' }

/** Cells of one buffer line, exactly `cols` of them; a character cut by the edge becomes blank. */
export function readRow(line: IBufferLine | undefined, cols: number, scratch: IBufferCell): Row {
  const row: Cell[] = []
  for (let col = 0; col < cols; col += 1) row.push(readCell(line, col, cols, scratch))
  return row
}

export function readCell(line: IBufferLine | undefined, col: number, cols: number, scratch: IBufferCell): Cell {
  const cell = line?.getCell(col, scratch)
  return cell === undefined ? blank : toCell(cell, col, cols)
}

/** Rows `from` up to `from + count` of a terminal's active buffer, counted from the top of its scrollback. */
export function readRows(terminal: Terminal, from: number, count: number, cols: number): Row[] {
  const buffer = terminal.buffer.active
  const scratch = buffer.getNullCell()
  // Beyond its end xterm's buffer begins again at the top.
  const line = (y: number) => (y < buffer.length ? buffer.getLine(y) : undefined)
  return Array.from({ length: count }, (_, index) => readRow(line(from + index), cols, scratch))
}

function toCell(cell: IBufferCell, col: number, cols: number): Cell {
  const width = cell.getWidth()
  const style = styleOf(cell)
  if (width === 2 && col === cols - 1) return { chars: ' ', width: 1, style }
  if (width === 0) return { chars: '', width, style }
  const chars = cell.getChars()
  if (chars !== '' && chars !== ' ') return { chars, width, style }
  return style === '' ? blank : { chars: ' ', width: 1, style }
}

function styleOf(cell: IBufferCell): string {
  if (cell.isAttributeDefault()) return ''
  const parts: string[] = []
  if (cell.isBold()) parts.push('1')
  if (cell.isDim()) parts.push('2')
  if (cell.isItalic()) parts.push('3')
  if (cell.isUnderline()) parts.push('4')
  if (cell.isBlink()) parts.push('5')
  if (cell.isInverse()) parts.push('7')
  if (cell.isInvisible()) parts.push('8')
  if (cell.isStrikethrough()) parts.push('9')
  if (cell.isOverline()) parts.push('53')
  if (!cell.isFgDefault()) parts.push(colour(cell.isFgRGB(), cell.getFgColor(), 30))
  if (!cell.isBgDefault()) parts.push(colour(cell.isBgRGB(), cell.getBgColor(), 40))
  return parts.join(';')
}

/** SGR 30–37/40–47 for the first eight, 90–97/100–107 for the bright ones, 38/48 for the rest (ECMA-48, ISO 8613-6). */
function colour(rgb: boolean, value: number, base: 30 | 40): string {
  if (rgb) return `${base + 8};2;${value >> 16};${(value >> 8) & 255};${value & 255}`
  if (value < 8) return String(base + value)
  return value < 16 ? String(base + 52 + value) : `${base + 8};5;${value}`
}
