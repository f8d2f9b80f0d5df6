import type { Terminal } from '@xterm/headless'

/** Longest text of one cell in UTF-16 units; a family with skin tones has 25. More marks nobody can tell apart. */
const cellLength = 64
/** Output (bytes) after which the cells are looked through for such as grew beyond; bounds memory. */
const sweepBytes = 4 << 20

/** Private in xterm 6.0.0, as is all below: the lines of a buffer with the texts of their combined cells. */
interface Lines {
  readonly length: number
  get(index: number): { readonly _combined: Record<number, string> } | undefined
}

/** A letter and the first of the marks on it. */
export function boundMarks(chars: string): string {
  if (chars.length <= cellLength) return chars
  const end = (chars.codePointAt(cellLength - 1) ?? 0) > 0xffff ? cellLength - 1 : cellLength
  return chars.slice(0, end)
}

/** Marks without end on one letter stay in the model's memory, which this bounds. */
export class MarkSweep {
  readonly #terminal: Terminal
  #unswept = 0

  constructor(terminal: Terminal) {
    this.#terminal = terminal
  }

  /** To be called after each piece of output. */
  count(bytes: number): void {
    this.#unswept += bytes
    if (this.#unswept < sweepBytes) return
    this.#unswept = 0
    const { _core: core } = this.#terminal as unknown as Internals
    for (const { lines } of [core.buffers.normal, core.buffers.alt]) {
      for (let y = 0; y < lines.length; y += 1) shorten(lines.get(y)?._combined ?? {})
    }
  }
}

function shorten(texts: Record<number, string>): void {
  for (const col in texts) texts[col] = boundMarks(texts[col] ?? '')
}

/** Unlike the public way, this hands over the parameters themselves and not a copy. */
interface Internals {
  readonly _core: {
    readonly buffers: { readonly normal: { readonly lines: Lines }; readonly alt: { readonly lines: Lines } }
    registerCsiHandler(
      id: { readonly prefix?: string; readonly intermediates?: string; readonly final: string },
      callback: (params: { readonly params: Int32Array }) => boolean,
    ): void
  }
}

/**
 * Bounds the counts of the sequences that xterm carries out step by step: ten bytes that scroll by two thousand million
 * lines would keep the screen busy for hours. More steps than the screen has lines or columns change nothing more.
 */
export function boundCounts(terminal: Terminal): void {
  const { _core: core } = terminal as unknown as Internals
  const bound = (final: string, most: () => number) =>
    core.registerCsiHandler({ final }, ({ params }) => {
      params[0] = Math.min(params[0] ?? 0, most())
      return false
    })
  for (const final of 'STLM') bound(final, () => terminal.rows)
  for (const final of 'IZ') bound(final, () => terminal.cols)
  bound('b', () => terminal.rows * terminal.cols)
}
