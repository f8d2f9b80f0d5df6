// oxlint-disable-next-line import/default -- a CommonJS package: what it exports is the default
import unicode11 from '@xterm/addon-unicode11'
import type { Terminal } from '@xterm/headless'

/** Gives a terminal the character widths of today's terminals, in which emoji are wide. */
export function withTodaysWidths(terminal: Terminal): Terminal {
  terminal.loadAddon(new unicode11.Unicode11Addon())
  terminal.unicode.activeVersion = '11'
  return terminal
}
