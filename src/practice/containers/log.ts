/** Bytes of output that are kept of one run of a container; older lines go first. */
const keptBytes = 1024 * 1024

export interface LogLine {
  readonly time: Date
  readonly text: string
}

/** What one run of a container wrote, by lines. */
export class Log {
  readonly #now: () => Date
  #lines: LogLine[] = []
  /** Lines that were dropped before the first one kept. */
  #dropped = 0
  #size = 0
  #rest = ''
  #closed = false
  #waiting: (() => void)[] = []

  constructor(now: () => Date) {
    this.#now = now
  }

  get lines(): readonly LogLine[] {
    return this.#lines
  }

  add(line: LogLine): void {
    this.#lines.push(line)
    this.#size += line.text.length
    while (this.#size > keptBytes && this.#lines.length > 1) {
      this.#size -= this.#lines.shift()?.text.length ?? 0
      this.#dropped += 1
    }
    this.#wake()
  }

  /** Output as it comes; a line is kept when its end is there. */
  write(bytes: Buffer | string): void {
    const lines = (this.#rest + (typeof bytes === 'string' ? bytes : bytes.toString('utf8'))).split('\n')
    this.#rest = lines.pop() ?? ''
    const time = this.#now()
    for (const text of lines) this.add({ time, text })
  }

  /** Nothing more is written. */
  close(): void {
    if (this.#rest !== '') this.add({ time: this.#now(), text: this.#rest })
    this.#rest = ''
    this.#closed = true
    this.#wake()
  }

  /** The lines after those there are now, as they come, until the log is closed or the signal aborts. */
  async *follow(signal: AbortSignal): AsyncGenerator<LogLine> {
    let next = this.#dropped + this.#lines.length
    signal.addEventListener('abort', () => this.#wake(), { once: true })
    for (;;) {
      for (; next < this.#dropped + this.#lines.length; next += 1) {
        const line = this.#lines[Math.max(0, next - this.#dropped)]
        if (line !== undefined && !signal.aborted) yield line
      }
      if (this.#closed || signal.aborted) return
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#waiting.push(resolve)
      await promise
    }
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve()
  }
}
