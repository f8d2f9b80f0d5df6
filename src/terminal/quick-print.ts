import type { Terminal } from '@xterm/headless'

/** In the content of a cell: where its width stands, and a width of 1. */
const widthShift = 22
const oneWide = 1 << widthShift
/** In the background: the look has attributes that are kept elsewhere (underline style, link). */
const isExtended = 0x1000_0000
const numbersPerCell = 3

/** Private in xterm 6.0.0, so the version is pinned and a test compares what stands on the screen with and without. */
interface InputHandler {
  print(codes: Uint32Array, start: number, end: number): void
  readonly _curAttrData: { readonly fg: number; readonly bg: number }
  readonly _activeBuffer: {
    x: number
    readonly y: number
    readonly ybase: number
    readonly lines: { get(index: number): { readonly _data: Uint32Array } | undefined }
  }
  readonly _parser: { precedingJoinState: number }
  readonly _charsetService: { readonly charset: unknown }
  readonly _coreService: { readonly modes: { readonly insertMode: boolean } }
}

/**
 * Lets a terminal print plain text several times as fast: xterm asks for the width of every character, which is most of
 * what a flood of output costs. Where a line is full, a wide character is cut in two or a character is not plain, xterm
 * prints, with all that these need; other characters go into their cells as they are.
 */
export function printQuickly(terminal: Terminal): void {
  const { _inputHandler: input } = (terminal as unknown as { readonly _core: { _inputHandler: InputHandler } })._core
  const { _parser: parser } = input
  const print = input.print.bind(input)
  /** What xterm remembers of a plain character that was printed last. */
  let afterPlain: number | undefined

  /** Prints one plain character as xterm does, and all on its line that follow; returns where they end. */
  const printPlain = (codes: Uint32Array, start: number, end: number) => {
    let at = start
    if (afterPlain === undefined || !isClear(input, terminal.cols)) {
      at += 1
      print(codes, start, at)
      afterPlain ??= parser.precedingJoinState
    }
    const filled = fill(input, codes, at, end, terminal.cols)
    if (filled === 0) {
      if (at === start) print(codes, start, start + 1)
      return start + 1
    }
    at += filled
    parser.precedingJoinState = afterPlain
    if (cellWidth(input._activeBuffer, 0, terminal.cols) === 0) {
      input._activeBuffer.x -= 1
      print(codes, at - 1, at)
    }
    return at
  }

  input.print = (codes, start, end) => {
    if (!isOrdinary(input)) return print(codes, start, end)
    for (let at = start; at < end;) {
      const first = at
      while (at < end && !isPlain(codes[at] ?? 0)) at += 1
      if (at > first) print(codes, first, at)
      if (at < end) at = printPlain(codes, at, end)
    }
  }
}

/** The next character neither wraps nor overwrites the right half of a wide one. */
function isClear({ _activeBuffer: buffer }: InputHandler, cols: number): boolean {
  return buffer.x < cols && (buffer.x === 0 || cellWidth(buffer, -1, cols) !== 2)
}

/** Nothing is on that xterm does with each character besides putting it into a cell. */
function isOrdinary({ _charsetService, _coreService, _curAttrData }: InputHandler): boolean {
  const isPlainLook = (_curAttrData.bg & isExtended) === 0
  return isPlainLook && !_coreService.modes.insertMode && _charsetService.charset === undefined
}

function isPlain(code: number): boolean {
  return code >= 0x20 && code < 0x7f
}

/** Puts what is plain from there on into the cells from the cursor to the end of its line; returns how many. */
function fill(input: InputHandler, codes: Uint32Array, from: number, end: number, cols: number): number {
  const buffer = input._activeBuffer
  const { fg, bg } = input._curAttrData
  const cells = cellsAtCursor(buffer)
  const to = Math.min(end, from + Math.min(cols, cells.length / numbersPerCell) - buffer.x)
  let at = from
  for (let cell = buffer.x * numbersPerCell; at < to; cell += numbersPerCell) {
    const code = codes[at] ?? 0
    if (!isPlain(code)) break
    cells[cell] = code | oneWide
    cells[cell + 1] = fg
    cells[cell + 2] = bg
    at += 1
  }
  if (at === from) return 0
  buffer.x += at - from
  return at - from
}

/** Of the cell so many columns from the cursor; undefined where there is none. */
function cellWidth(buffer: InputHandler['_activeBuffer'], columns: number, cols: number): number | undefined {
  const col = buffer.x + columns
  return col < cols ? (cellsAtCursor(buffer)[col * numbersPerCell] ?? oneWide) >>> widthShift : undefined
}

function cellsAtCursor({ lines, ybase, y }: InputHandler['_activeBuffer']): Uint32Array {
  return lines.get(ybase + y)?._data ?? none
}

const none = new Uint32Array()
