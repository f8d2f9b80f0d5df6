import type { Terminal } from '@xterm/headless'

/** Modes of the real terminal that follow the program (xterm's ctlseqs, DECSET). */
export interface Modes {
  readonly mouse: 'none' | 'x10' | 'vt200' | 'drag' | 'any'
  readonly mouseEncoding: 'default' | 'sgr' | 'urxvt'
  readonly focus: boolean
  readonly cursorKeys: boolean
  readonly keypad: boolean
  readonly cursorVisible: boolean
  /** DECSCUSR parameter; 0 is the terminal's own. */
  readonly cursorShape: number
}

/** What a shell finds and must find again. */
export const ordinaryModes: Modes = {
  mouse: 'none',
  mouseEncoding: 'default',
  focus: false,
  cursorKeys: false,
  keypad: false,
  cursorVisible: true,
  cursorShape: 0,
}

/** Follows the modes a program sets on its model; the ones xterm does not report come from parser hooks. */
export class ProgramModes {
  readonly #terminal: Terminal
  #visible = true
  #shape = 0
  #encoding: Modes['mouseEncoding'] = 'default'

  constructor(terminal: Terminal) {
    this.#terminal = terminal
    const { parser } = terminal
    const set = (on: boolean) => (params: (number | number[])[]) => {
      for (const param of params) this.#set(param, on)
      return false
    }
    const reset = () => {
      this.#visible = true
      this.#shape = 0
      this.#encoding = 'default'
      return false
    }
    parser.registerCsiHandler({ prefix: '?', final: 'h' }, set(true))
    parser.registerCsiHandler({ prefix: '?', final: 'l' }, set(false))
    parser.registerCsiHandler({ intermediates: ' ', final: 'q' }, ([shape]) => {
      if (typeof shape === 'number' && shape <= 6) this.#shape = shape
      return false
    })
    parser.registerCsiHandler({ intermediates: '!', final: 'p' }, reset)
    parser.registerEscHandler({ final: 'c' }, reset)
  }

  get current(): Modes {
    const { modes } = this.#terminal
    return {
      mouse: modes.mouseTrackingMode,
      mouseEncoding: this.#encoding,
      focus: modes.sendFocusMode,
      cursorKeys: modes.applicationCursorKeysMode,
      keypad: modes.applicationKeypadMode,
      cursorVisible: this.#visible,
      cursorShape: this.#shape,
    }
  }

  #set(param: number | number[], on: boolean): void {
    if (param === 25) this.#visible = on
    if (param === 1006) this.#encoding = on ? 'sgr' : 'default'
    if (param === 1015) this.#encoding = on ? 'urxvt' : 'default'
  }
}

const tracking = { none: undefined, x10: 9, vt200: 1000, drag: 1002, any: 1003 } as const
const encodings = { default: undefined, sgr: 1006, urxvt: 1015 } as const

/** Escape sequences that bring the real terminal from one set of modes to another. */
export function changeModes(from: Modes, to: Modes): string {
  const flag = (mode: number, was: boolean, is: boolean) => (was === is ? '' : `\x1b[?${mode}${is ? 'h' : 'l'}`)
  const choice = (was: number | undefined, is: number | undefined) =>
    was === is ? '' : (was === undefined ? '' : `\x1b[?${was}l`) + (is === undefined ? '' : `\x1b[?${is}h`)
  return [
    choice(tracking[from.mouse], tracking[to.mouse]),
    choice(encodings[from.mouseEncoding], encodings[to.mouseEncoding]),
    flag(1004, from.focus, to.focus),
    flag(1, from.cursorKeys, to.cursorKeys),
    from.keypad === to.keypad ? '' : to.keypad ? '\x1b=' : '\x1b>',
    from.cursorShape === to.cursorShape ? '' : `\x1b[${to.cursorShape} q`,
    flag(25, from.cursorVisible, to.cursorVisible),
  ].join('')
}
