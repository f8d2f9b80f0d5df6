import type { Terminal } from '@xterm/headless'
import { setTitle } from './restore.ts'

/** Shortest time in milliseconds between two bells of the program, so that it cannot deafen. */
const bellMs = 100
/** Most characters of base64 put into the clipboard: 100 KiB of text. */
const clipboardLength = Math.ceil((100 << 10) / 3) * 4

/** Title, bell and clipboard of the program, as far as the real terminal gets them. The last of each counts. */
export class Announcements {
  #title = ''
  #clipboard = ''
  #bell = ''
  #lastBell = -Infinity

  /** `clipboard`: programs may write it (OSC 52); nobody may ever read it. */
  follow(terminal: Terminal, clipboard: boolean): void {
    terminal.onTitleChange((title) => (this.#title = setTitle(title)))
    terminal.onBell(() => {
      const now = performance.now()
      if (now - this.#lastBell < bellMs) return
      this.#lastBell = now
      this.ring()
    })
    terminal.parser.registerOscHandler(52, (data) => {
      const text = /^[cps0-7]*;([\w+/]*={0,2})$/.exec(data)?.[1] ?? ''
      if (clipboard && text !== '' && text.length <= clipboardLength) this.#clipboard = `\x1b]52;c;${text}\x07`
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

  take(): string {
    const text = this.#title + this.#clipboard + this.#bell
    this.#title = ''
    this.#clipboard = ''
    this.#bell = ''
    return text
  }
}
