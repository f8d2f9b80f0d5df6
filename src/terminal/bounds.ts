import type { Terminal } from '@xterm/headless'

/** Private in xterm 6.0.0: unlike the public way, this hands over the parameters themselves and not a copy. */
interface Internals {
  readonly _core: {
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
