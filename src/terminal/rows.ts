import type { IBufferCell, IBufferLine, Terminal } from '@xterm/headless'
import { boundMarks } from './bounds.ts'
import type { Links } from './links.ts'

/** One character cell. `chars` is empty for the right half of a wide character. */
export interface Cell {
  readonly chars: string
  readonly width: number
  /**
   * SGR parameters after the reset, empty for the terminal's own look. Those with sub-parameters stand in a sequence of
   * their own, for terminals that do not know them drop the sequence.
   */
  readonly style: string
  /** What stands between `OSC 8 ;` and its end; empty for no link. */
  readonly link: string
}

export type Row = readonly Cell[]

export const blank: Cell = { chars: ' ', width: 1, style: '', link: '' }

/** Cells of one buffer line, exactly `cols` of them; a character cut by the edge becomes blank. */
export function readRow(line: IBufferLine | undefined, cols: number, scratch: IBufferCell, links?: Links): Row {
  const row: Cell[] = []
  for (let col = 0; col < cols; col += 1) row.push(readCell(line, col, cols, scratch, links))
  return row
}

/** Without `links` no cell has one. */
export function readCell(
  line: IBufferLine | undefined,
  col: number,
  cols: number,
  scratch: IBufferCell,
  links?: Links,
): Cell {
  const width = line?.getCell(col, scratch)?.getWidth() ?? 1
  const isLost = width !== 1 && isLostHalf(line, col, width, scratch)
  const cell = line?.getCell(col, scratch)
  return cell === undefined ? blank : toCell(cell, isLost, col, cols, links)
}

/**
 * Insertions and deletions may leave one half of a wide character without the other. Terminals show such halves in ways of their
 * own, and all that follows in the row would stand elsewhere.
 */
function isLostHalf(line: IBufferLine | undefined, col: number, width: number, scratch: IBufferCell): boolean {
  if (width === 0) return line?.getCell(col - 1, scratch)?.getWidth() !== 2
  const next = line?.getCell(col + 1, scratch)
  return next !== undefined && (next.getWidth() !== 0 || next.getChars() !== '')
}

/** Rows `from` up to `from + count` of a terminal's active buffer, counted from the top of its scrollback. */
export function readRows(terminal: Terminal, from: number, count: number, cols: number): Row[] {
  const buffer = terminal.buffer.active
  const scratch = buffer.getNullCell()
  // Beyond its end xterm's buffer begins again at the top.
  const line = (y: number) => (y < buffer.length ? buffer.getLine(y) : undefined)
  return Array.from({ length: count }, (_, index) => readRow(line(from + index), cols, scratch))
}

/**
 * What xterm 6.0.0 keeps of a cell beside its two colours. Private, so the version is pinned and a test compares what
 * is painted with what was written. `underlineStyle` would not do: of a link it is always dashed.
 */
interface Extended {
  readonly _ext: number
  readonly urlId: number
}
const plain: Extended = { _ext: 0, urlId: 0 }
/** In the background: the cell has more attributes. */
const isExtended = 0x1000_0000
/** In the foreground: underlined, in whatever style. */
const isUnderlined = 0x1000_0000

function toCell(cell: IBufferCell, isLost: boolean, col: number, cols: number, links: Links | undefined): Cell {
  const { fg, bg, extended: more } = cell as unknown as { fg: number; bg: number; extended: Extended }
  const extended = (bg & isExtended) === 0 ? plain : more
  const width = cell.getWidth()
  const style = cell.isAttributeDefault() ? '' : styleOf(cell, fg, extended._ext)
  const link = extended.urlId === 0 ? '' : (links?.parameters(extended.urlId) ?? '')
  if (isLost || (width === 2 && col === cols - 1)) return { chars: ' ', width: 1, style, link }
  const chars = boundMarks(cell.getChars())
  // A mark that found nothing to stand on has a cell to itself; no terminal shows it.
  if (width === 0)
    return chars === '' && col > 0 ? { chars, width, style, link } : { chars: ' ', width: 1, style, link }
  if (chars !== '' && chars !== ' ') return { chars, width, style, link }
  return style === '' && link === '' ? blank : { chars: ' ', width: 1, style, link }
}

type Look = Omit<IBufferCell, 'getWidth' | 'getChars' | 'getCode' | 'isAttributeDefault'>

/** The look that what a program writes next will have, as xterm 6.0.0 keeps it; private too. */
export interface Attributes extends Look {
  readonly fg: number
  readonly bg: number
  readonly extended: Extended
}

/** SGR parameters of a look as DECRQSS reports them (xterm's ctlseqs): after a reset, colours with colons. */
export function reportedStyle(attributes: Attributes): string {
  const { fg, bg, extended } = attributes
  const underline = underlineOf(fg, (bg & isExtended) === 0 ? plain._ext : extended._ext)
  return ['0', ...partsOf(attributes, underline === '', reportedColour), ...(underline ? [underline] : [])].join(';')
}

function styleOf(cell: IBufferCell, fg: number, extended: number): string {
  const underline = underlineOf(fg, extended)
  const plainParts = partsOf(cell, underline !== undefined, colour).join(';')
  return underline === undefined || underline === '' ? plainParts : `${plainParts}m\x1b[${underline}`
}

function partsOf(cell: Look, isUnderlined: boolean, write: typeof colour): string[] {
  const parts: string[] = []
  if (cell.isBold()) parts.push('1')
  if (cell.isDim()) parts.push('2')
  if (cell.isItalic()) parts.push('3')
  if (isUnderlined) parts.push('4')
  if (cell.isBlink()) parts.push('5')
  if (cell.isInverse()) parts.push('7')
  if (cell.isInvisible()) parts.push('8')
  if (cell.isStrikethrough()) parts.push('9')
  if (cell.isOverline()) parts.push('53')
  if (!cell.isFgDefault()) parts.push(write(cell.isFgRGB(), cell.getFgColor(), 30))
  if (!cell.isBgDefault()) parts.push(write(cell.isBgRGB(), cell.getBgColor(), 40))
  return parts
}

/** What xterm takes for the underline colour after SGR 59, which asks for the ordinary one. */
const noUnderlineColour = 0x3ff_ffff

/** Style and colour of an underline, empty for the plain one; undefined for none. */
function underlineOf(fg: number, extended: number): string | undefined {
  const style = (extended >>> 26) & 7
  if (style === 0 && (fg & isUnderlined) === 0) return undefined
  return [style > 1 ? `4:${style}` : '', underlineColour(extended & noUnderlineColour)].filter(Boolean).join(';')
}

/** SGR 58 in the form with colons, which nobody takes for other parameters. */
function underlineColour(packed: number): string {
  const mode = packed >>> 24
  if (mode === 0 || packed === noUnderlineColour) return ''
  if (mode < 3) return `58:5:${packed & 255}`
  return `58:2::${(packed >>> 16) & 255}:${(packed >>> 8) & 255}:${packed & 255}`
}

/** SGR 30–37/40–47 for the first eight, 90–97/100–107 for the bright ones, 38/48 for the rest (ECMA-48, ISO 8613-6). */
function colour(rgb: boolean, value: number, base: 30 | 40): string {
  if (rgb) return `${base + 8};2;${value >> 16};${(value >> 8) & 255};${value & 255}`
  if (value < 8) return String(base + value)
  return value < 16 ? String(base + 52 + value) : `${base + 8};5;${value}`
}

/** As `colour`, but with colons between the parts of one colour. */
function reportedColour(rgb: boolean, value: number, base: 30 | 40): string {
  if (rgb) return `${base + 8}:2::${value >> 16}:${(value >> 8) & 255}:${value & 255}`
  return value < 16 ? colour(rgb, value, base) : `${base + 8}:5:${value}`
}
