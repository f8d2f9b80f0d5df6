import { spawn } from '@lydell/node-pty'

const cols = 120
const rows = 40

/** How long (milliseconds) anything measured may take before the bench gives up on it. */
const patienceMs = 60_000
/** Bytes before a piece of output in which a marker that it ends may have begun. */
const tailBytes = 4 << 10

/** Sequences a painter writes between the characters a person reads: CSI, OSC, single ESC. */
// oxlint-disable-next-line no-control-regex -- these are the controls
const sequences = /\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[ -/]*[0-Z\\^-~]/g

/** The terminal a contender runs in: takes everything at once, as the fastest of terminals would, and looks for markers. */
export class Outer implements AsyncDisposable {
  readonly pid: number
  readonly #pty
  readonly #exited = Promise.withResolvers<undefined>()
  #tail = Buffer.alloc(0)
  #look: (data: Buffer) => void = () => undefined
  #ended = false
  #lost: () => void = () => undefined
  bytes = 0

  constructor(command: readonly string[], env: Readonly<Record<string, string>>, cwd: string) {
    const [file = '', ...args] = command
    this.#pty = spawn(file, args, { cols, rows, cwd, name: 'xterm-256color', env: { ...env }, encoding: null })
    this.pid = this.#pty.pid
    this.#pty.onData((data: string | Buffer) => this.#take(Buffer.from(data)))
    this.#pty.onExit(() => {
      this.#ended = true
      this.#lost()
      this.#exited.resolve(undefined)
    })
  }

  write(text: string): void {
    this.#pty.write(text)
  }

  /** Only what is painted from now on is looked at. */
  forget(): void {
    this.#tail = Buffer.alloc(0)
  }

  /** Resolves with `performance.now()` of the moment the text stood in the output, sequences left out. */
  async seen(text: string): Promise<number> {
    const found = Promise.withResolvers<number>()
    this.#lost = () => {
      found.reject(new Error(`${JSON.stringify(text)} was not painted. The last of the output:\n${this.#text()}`))
    }
    const late = setTimeout(this.#lost, patienceMs)
    if (this.#ended) this.#lost()
    const last = text.slice(-1)
    this.#look = (data) => {
      // Cheap first: it is not this search that is to be measured in a flood.
      if (data.includes(last) && this.#text().includes(text)) found.resolve(performance.now())
    }
    this.#look(this.#tail)
    try {
      return await found.promise
    } finally {
      clearTimeout(late)
      this.#look = this.#lost = () => undefined
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end('SIGHUP')
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    if (!this.#ended) this.#pty.kill(signal)
    const late = setTimeout(() => this.#pty.kill('SIGKILL'), 5_000)
    await this.#exited.promise
    clearTimeout(late)
  }

  #take(data: Buffer): void {
    this.bytes += data.length
    this.#tail = Buffer.concat([this.#tail.subarray(-tailBytes), data])
    this.#look(data)
  }

  #text(): string {
    return this.#tail.toString('utf8').replaceAll(sequences, '')
  }
}
