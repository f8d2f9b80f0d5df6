import type { Terminal } from '@xterm/headless'

/**
 * All of a model that later output can build on. Written as escape sequences it would lack what no sequence sets (pending
 * wraps, tab stops, saved cursors of the hidden screen), and a screen after a seek must be the screen that was seen.
 */
export interface Keyframe {
  readonly cols: number
  readonly rows: number
  readonly isAlternate: boolean
  readonly normal: KeptBuffer
  readonly alternate: KeptBuffer
  readonly attributes: Cloneable
  readonly charset: Omit<Charsets, 'reset'>
  readonly modes: object
  readonly privateModes: object
  readonly convertEol: boolean
  readonly joinState: number
}

/** Private in xterm 6.0.0, as is all below, so the version is pinned and a test compares seeking with playing. */
interface Cloneable {
  clone(): this
}
interface Lines {
  readonly length: number
  maxLength: number
  get(index: number): Cloneable | undefined
  push(line: Cloneable): void
  splice(start: number, count: number): void
}
interface Places {
  x: number
  y: number
  ybase: number
  ydisp: number
  scrollTop: number
  scrollBottom: number
  savedX: number
  savedY: number
  savedCharset: unknown
}
interface ScreenBuffer extends Places {
  readonly lines: Lines
  tabs: object
  savedCurAttrData: Cloneable
  clearAllMarkers(): void
}
interface Charsets {
  charset: unknown
  glevel: number
  _charsets: readonly unknown[]
}
interface Core {
  readonly buffers: {
    readonly normal: ScreenBuffer
    readonly alt: ScreenBuffer
    readonly active: ScreenBuffer
    activateAltBuffer(): void
    activateNormalBuffer(): void
  }
  readonly coreService: { modes: object; decPrivateModes: object }
  readonly _charsetService: Charsets
  readonly _inputHandler: {
    _curAttrData: Cloneable
    readonly _parser: { readonly currentState: number; precedingJoinState: number }
  }
}
interface KeptBuffer {
  readonly lines: readonly Cloneable[]
  /** Not always what the size says: a hidden screen keeps that of its former size. */
  readonly maxLength: number
  readonly places: Places
  readonly tabs: object
  readonly savedAttributes: Cloneable
}

/** The parser is between sequences. */
const ground = 0

/** Undefined inside an escape sequence, whose beginning is in the parser alone. */
export function takeKeyframe(terminal: Terminal): Keyframe | undefined {
  const { buffers, coreService, _charsetService: charsets, _inputHandler: input } = coreOf(terminal)
  if (input._parser.currentState !== ground) return undefined
  return {
    cols: terminal.cols,
    rows: terminal.rows,
    isAlternate: buffers.active === buffers.alt,
    normal: keepBuffer(buffers.normal),
    alternate: keepBuffer(buffers.alt),
    attributes: input._curAttrData.clone(),
    charset: { charset: charsets.charset, glevel: charsets.glevel, _charsets: [...charsets._charsets] },
    modes: { ...coreService.modes },
    privateModes: { ...coreService.decPrivateModes },
    convertEol: terminal.options.convertEol ?? false,
    joinState: input._parser.precedingJoinState,
  }
}

/** The terminal is as it was then. To be called between two pieces of output. */
export function recallKeyframe(terminal: Terminal, keyframe: Keyframe): void {
  const { buffers, coreService, _charsetService: charsets, _inputHandler: input } = coreOf(terminal)
  terminal.resize(keyframe.cols, keyframe.rows)
  if (keyframe.isAlternate) buffers.activateAltBuffer()
  else buffers.activateNormalBuffer()
  recallBuffer(buffers.normal, keyframe.normal)
  recallBuffer(buffers.alt, keyframe.alternate)
  input._curAttrData = keyframe.attributes.clone()
  Object.assign(charsets, keyframe.charset, { _charsets: [...keyframe.charset._charsets] })
  coreService.modes = { ...keyframe.modes }
  coreService.decPrivateModes = { ...keyframe.privateModes }
  terminal.options.convertEol = keyframe.convertEol
  input._parser.precedingJoinState = keyframe.joinState
}

function keepBuffer(buffer: ScreenBuffer): KeptBuffer {
  const lines = Array.from({ length: buffer.lines.length }, (_, y) => buffer.lines.get(y)?.clone())
  const { x, y, ybase, ydisp, scrollTop, scrollBottom, savedX, savedY, savedCharset } = buffer
  return {
    lines: lines.filter((line) => line !== undefined),
    maxLength: buffer.lines.maxLength,
    places: { x, y, ybase, ydisp, scrollTop, scrollBottom, savedX, savedY, savedCharset },
    tabs: { ...buffer.tabs },
    savedAttributes: buffer.savedCurAttrData.clone(),
  }
}

function recallBuffer(buffer: ScreenBuffer, kept: KeptBuffer): void {
  buffer.clearAllMarkers()
  buffer.lines.splice(0, buffer.lines.length)
  buffer.lines.maxLength = kept.maxLength
  for (const line of kept.lines) buffer.lines.push(line.clone())
  Object.assign(buffer, kept.places)
  buffer.tabs = { ...kept.tabs }
  buffer.savedCurAttrData = kept.savedAttributes.clone()
}

function coreOf(terminal: Terminal): Core {
  return (terminal as unknown as { readonly _core: Core })._core
}
