import type { Terminal } from '@xterm/headless'
import { setTitle } from './restore.ts'

/** Shortest time in milliseconds between two bells of the program, so that it cannot deafen. */
const bellMs = 100
/** Most characters of base64 put into the clipboard: 100 KiB of text. */
const clipboardLength = Math.ceil((100 << 10) / 3) * 4

/** What a frame hands on to the real terminal, and how many bytes of it are for the clipboard. */
export interface Announced {
  readonly text: string
  readonly copied: number
}

/** Title, bell and clipboard of the program, as far as the real terminal gets them. The last of each counts. */
export class Announcements {
  #title = ''
  /** In base64. */
  #clipboard = ''
  #bell = ''
  #lastBell = -Infinity

  /** `mayCopy`: the program may write the clipboard now (OSC 52); nobody may ever read it. */
  follow(terminal: Terminal, mayCopy: () => boolean): void {
    terminal.onTitleChange((title) => (this.#title = setTitle(title)))
    terminal.onBell(() => {
      const now = performance.now()
      if (now - this.#lastBell < bellMs) return
      this.#lastBell = now
      this.ring()
    })
    terminal.parser.registerOscHandler(52, (data) => {
      const text = /^[cps0-7]*;([\w+/]*={0,2})$/.exec(data)?.[1] ?? ''
      if (text !== '' && text.length <= clipboardLength && mayCopy()) this.#clipboard = text
      return true
    })
  }

  ring(): void {
    this.#bell = '\x07'
  }

  /** Of what was announced so far only the title still counts. */
  hush(): void {
    this.#clipboard = ''
    this.#bell = ''
  }

  take(): Announced {
    const clipboard = this.#clipboard === '' ? '' : `\x1b]52;c;${this.#clipboard}\x07`
    const text = this.#title + clipboard + this.#bell
    const copied = Buffer.byteLength(this.#clipboard, 'base64')
    this.#title = ''
    this.#clipboard = ''
    this.#bell = ''
    return { text, copied }
  }
}
