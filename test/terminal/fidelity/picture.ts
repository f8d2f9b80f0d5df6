import type { IBufferCell, Terminal } from '@xterm/headless'

/** What a person sees of a terminal, and what the program asked it for. Compared as text, so that a difference reads well. */
export interface Picture {
  /** Each row as its characters; `‹…›` before a run names its look, `‹›` is the terminal's own. */
  readonly rows: readonly string[]
  readonly cursor: string
  readonly modes: string
  readonly title: string
}

/** xterm's private parts that no public method tells: underline style and colour, links. */
interface Extended {
  readonly extended: { readonly underlineStyle: number; readonly underlineColor: number; readonly urlId: number }
}
interface Links {
  readonly _core: { readonly _oscLinkService: { getLinkData(id: number): { readonly uri: string } | undefined } }
}

/** Follows what xterm does not remember of a program's output: cursor visibility and shape, mouse encoding, title. */
export class Watcher {
  readonly #terminal: Terminal
  #visible = true
  #shape = 0
  readonly #encodings = new Set<number>()
  #title = ''

  constructor(terminal: Terminal) {
    this.#terminal = terminal
    const { parser } = terminal
    for (const final of ['h', 'l']) {
      parser.registerCsiHandler({ prefix: '?', final }, (params) => {
        for (const param of params) this.#set(Number(param), final === 'h')
        return false
      })
    }
    parser.registerCsiHandler({ intermediates: ' ', final: 'q' }, ([shape]) => {
      this.#shape = Number(shape)
      return false
    })
    for (const final of ['c', 'p']) {
      const id = final === 'c' ? { final } : { intermediates: '!', final }
      const reset = () => {
        this.#visible = true
        this.#shape = 0
        this.#encodings.clear()
        return false
      }
      if (final === 'c') parser.registerEscHandler(id, reset)
      else parser.registerCsiHandler(id, reset)
    }
    terminal.onTitleChange((title) => (this.#title = title))
  }

  /** Of the first `rows` rows on the screen. */
  picture(rows: number): Picture {
    const { active } = this.#terminal.buffer
    const { modes } = this.#terminal
    return {
      rows: Array.from({ length: rows }, (_, row) => this.#row(active.baseY + row)),
      cursor: this.#visible
        ? `${active.cursorX},${active.cursorY} shape ${this.#shape}`
        : `hidden, shape ${this.#shape}`,
      modes: [
        active.type,
        `mouse ${modes.mouseTrackingMode} ${[...this.#encodings].toSorted((a, b) => a - b).join(' ')}`,
        `cursor keys ${modes.applicationCursorKeysMode}`,
        `keypad ${modes.applicationKeypadMode}`,
        `focus ${modes.sendFocusMode}`,
      ].join('; '),
      title: this.#title,
    }
  }

  #set(mode: number, on: boolean): void {
    if (mode === 25) this.#visible = on
    if (![1005, 1006, 1015, 1016].includes(mode)) return
    if (on) this.#encodings.add(mode)
    else this.#encodings.delete(mode)
  }

  #row(y: number): string {
    const { active } = this.#terminal.buffer
    const line = active.getLine(y)
    const scratch = active.getNullCell()
    let text = ''
    let last = ''
    for (let col = 0; col < this.#terminal.cols; col += 1) {
      const cell = line?.getCell(col, scratch)
      if (cell === undefined || cell.getWidth() === 0) continue
      const look = this.#look(cell)
      if (look !== last) text += `‹${look}›`
      last = look
      text += cell.getChars() || ' '
    }
    return text.trimEnd()
  }

  #look(cell: IBufferCell): string {
    const { underlineStyle, underlineColor, urlId } = (cell as IBufferCell & Extended).extended
    // What xterm keeps of SGR 59 and of no colour at all differs and looks the same.
    const colour = underlineColor === 0x3ff_ffff ? 0 : underlineColor
    const link = urlId === 0 ? undefined : (this.#terminal as unknown as Links)._core._oscLinkService.getLinkData(urlId)
    const flags = [
      cell.isBold() && 'bold',
      cell.isDim() && 'dim',
      cell.isItalic() && 'italic',
      cell.isUnderline() && `underline ${underlineStyle} ${colour}`,
      cell.isBlink() && 'blink',
      cell.isInverse() && 'inverse',
      cell.isInvisible() && 'invisible',
      cell.isStrikethrough() && 'struck',
      cell.isOverline() && 'overline',
      !cell.isFgDefault() && `in ${cell.isFgRGB() ? 'rgb' : ''}${cell.getFgColor()}`,
      !cell.isBgDefault() && `over ${cell.isBgRGB() ? 'rgb' : ''}${cell.getBgColor()}`,
      link !== undefined && `link ${link.uri}`,
    ]
    return flags.filter(Boolean).join(' ')
  }
}
