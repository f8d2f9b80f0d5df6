import type { Terminal } from '@xterm/headless'
import type { ProgramModes } from './modes.ts'
import { reportedStyle, type Attributes } from './rows.ts'

/** Private in xterm 6.0.0, so the version is pinned and a test asks for what was set. */
interface Core {
  readonly _inputHandler: { readonly _curAttrData: Attributes }
}

/**
 * Answers what a program asks of its own settings (DECRQSS) where xterm would not say what it set: the look of what it
 * writes next, and the cursor's shape. Of a shape that it has not set we know nothing: it is the real terminal's own.
 */
export function answerStatusStrings(terminal: Terminal, modes: ProgramModes, reply: (text: string) => void): void {
  terminal.parser.registerDcsHandler({ intermediates: '$', final: 'q' }, (setting) => {
    if (setting === 'm') reply(`\x1bP1$r${reportedStyle(currentLook(terminal))}m\x1b\\`)
    else if (setting === ' q') reply(shapeReport(modes.current.cursorShape))
    else return false
    return true
  })
}

function currentLook(terminal: Terminal): Attributes {
  return (terminal as unknown as { readonly _core: Core })._core._inputHandler._curAttrData
}

function shapeReport(shape: number): string {
  return shape === 0 ? '\x1bP0$r\x1b\\' : `\x1bP1$r${shape} q\x1b\\`
}
