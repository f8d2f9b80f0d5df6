/** How long (milliseconds) a terminal may take to answer before it is left without waiting any more. */
const patienceMs = 150

/**
 * Asks the real terminal for its text, background and cursor colours and its first 16 of the palette (xterm: OSC 10, 11,
 * 12, 4), and last what it is (DA1), which all answer: after that answer none is on its way.
 */
const questions = ['10;?', '11;?', '12;?', ...Array.from({ length: 16 }, (_, index) => `4;${index};?`)]
  .map((question) => `\x1b]${question}\x1b\\`)
  .join('')
const fence = '\x1b[c'

/** Our questions to the real terminal. No answer may reach a program, nor the shell that gets the terminal after us. */
export class Questions {
  readonly #answered = Promise.withResolvers<void>()
  #isOpen = false

  /** What to write to the terminal. */
  ask(): string {
    this.#isOpen = true
    return questions + fence
  }

  take(reply: string): void {
    if (!/^\x1b\[\?[\d;]*c$/.test(reply)) return
    this.#isOpen = false
    this.#answered.resolve()
  }

  /** Resolves once no answer is on its way, or it has been waited for long enough. */
  async settled(): Promise<void> {
    if (!this.#isOpen) return
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, patienceMs)))
    await Promise.race([this.#answered.promise, late])
    clearTimeout(timer)
  }
}
