import { spawn } from '@lydell/node-pty'
import xterm from '@xterm/headless'
import { personsEnvironment } from '../../support/environment.ts'
import { withTodaysWidths } from '../../support/widths.ts'
import { waitForText, type Changing } from '../../support/wait.ts'
import { Watcher, type Picture } from './picture.ts'

export interface SideOptions {
  readonly command: readonly string[]
  readonly cols: number
  readonly rows: number
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
}

/** A program in a terminal of its own, alone or inside Chaperone. */
export class Side implements AsyncDisposable, Changing {
  readonly pid: number
  readonly #terminal: xterm.Terminal
  readonly #watcher: Watcher
  readonly #pty
  readonly #listeners = new Set<(ended: boolean) => void>()
  readonly #exited = Promise.withResolvers<undefined>()
  readonly #chunks: Buffer[] = []
  #ended = false

  constructor({ command, cols, rows, cwd, env }: SideOptions) {
    this.#terminal = withTodaysWidths(new xterm.Terminal({ cols, rows, scrollback: 100, allowProposedApi: true }))
    this.#watcher = new Watcher(this.#terminal)
    const [file = '', ...args] = command
    const name = 'xterm-256color'
    // It shows any colour, and says so.
    const said = personsEnvironment({ COLORTERM: 'truecolor', ...env })
    this.#pty = spawn(file, args, { cols, rows, cwd, name, env: said, encoding: null })
    this.pid = this.#pty.pid
    this.#pty.onData((data: string | Buffer) => {
      this.#chunks.push(Buffer.from(data))
      this.#terminal.write(Buffer.from(data), () => this.#tell())
    })
    // As a real terminal does, the screen answers what the program asks it.
    this.#terminal.onData((reply) => this.#pty.write(reply))
    this.#pty.onExit(() => {
      this.#terminal.write('', () => {
        this.#ended = true
        this.#tell()
        this.#exited.resolve(undefined)
      })
    })
  }

  type(text: string): void {
    this.#pty.write(text)
  }

  resize(cols: number, rows: number): void {
    this.#terminal.resize(cols, rows)
    this.#pty.resize(cols, rows)
  }

  picture(rows: number): Picture {
    return this.#watcher.picture(rows)
  }

  text(): string {
    const { active } = this.#terminal.buffer
    const rows = Array.from({ length: this.#terminal.rows }, (_, row) => active.getLine(active.baseY + row))
    return rows.map((row) => row?.translateToString(true) ?? '').join('\n')
  }

  /** Every byte the program wrote. */
  output(): Buffer {
    return Buffer.concat(this.#chunks)
  }

  /** Resolves once the program has written more than so many bytes. */
  async grows(bytes: number): Promise<void> {
    await waitForText({ text: () => '', onChange: (listener) => this.onChange(listener) }, () => {
      return this.output().length > bytes
    })
  }

  onChange(listener: (ended: boolean) => void): () => void {
    this.#listeners.add(listener)
    if (this.#ended) listener(true)
    return () => this.#listeners.delete(listener)
  }

  async waitFor(wanted: string | RegExp): Promise<void> {
    await waitForText(this, wanted)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // An interactive shell ignores SIGTERM and ends on SIGHUP; Chaperone takes either and ends its own child.
    for (const signal of ['SIGTERM', 'SIGHUP'] as const) this.#signal(this.pid, signal)
    const late = setTimeout(() => this.#signal(-this.pid, 'SIGKILL'), 1_000)
    await this.#exited.promise
    clearTimeout(late)
    this.#terminal.dispose()
  }

  #signal(pid: number, signal: NodeJS.Signals): void {
    try {
      if (!this.#ended) process.kill(pid, signal)
    } catch (error) {
      // ESRCH: it ended by itself in the meantime, which is all we want.
      if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
    }
  }

  #tell(): void {
    for (const listener of this.#listeners) listener(this.#ended)
  }
}
