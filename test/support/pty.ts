import { spawn } from '@lydell/node-pty'
import xterm from '@xterm/headless'
import { personsEnvironment } from './environment.ts'
import { withTodaysWidths } from './widths.ts'
import { waitForText, type Wanted } from './wait.ts'

export interface PtyOptions {
  readonly cols?: number
  readonly rows?: number
  readonly cwd?: string
  /** Added to a person's environment. */
  readonly env?: Readonly<Record<string, string>>
}

/** A program in a real pseudo-terminal, and the screen a person would see. */
export interface Pty extends AsyncDisposable {
  readonly pid: number
  /** The exit of the program, after everything it wrote is on the screen. `signal` is 0 when none ended it. */
  readonly exit: Promise<{ readonly code: number; readonly signal: number }>
  /** Sends keys as bytes: `\r` is Enter, `\x1b[A` is the up arrow, `\x1d` is Ctrl-]. */
  type(text: string): void
  resize(cols: number, rows: number): void
  /** The visible screen, rows joined by newlines, blanks at the ends of rows and empty rows at the bottom removed. */
  text(): string
  /** One visible row; 0 is the top, -1 the bottom. */
  row(index: number): string
  /** Lines that have left the screen at the top, oldest first. */
  scrollback(): readonly string[]
  /** Every byte the program wrote, decoded as UTF-8. */
  output(): string
  /** True while the program uses the alternate screen. */
  readonly onAlternateScreen: boolean
  /** Waits for the screen to show what is wanted; see {@link waitForText}. */
  waitForScreen(wanted: Wanted, milliseconds?: number): Promise<string>
}

/** Starts a program in a pseudo-terminal; disposal kills it and everything in its process group. */
export function openPty(file: string, args: readonly string[], options: PtyOptions = {}): Pty {
  const { cols = 100, rows = 30 } = options
  const terminal = withTodaysWidths(new xterm.Terminal({ cols, rows, scrollback: 5000, allowProposedApi: true }))
  const program = spawn(file, [...args], {
    cols,
    rows,
    name: 'xterm-256color',
    env: personsEnvironment(options.env),
    encoding: null,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  })
  const listeners = new Set<(ended: boolean) => void>()
  const tell = (ended: boolean) => {
    for (const listener of listeners) listener(ended)
  }
  const chunks: Buffer[] = []
  let ended = false
  program.onData((data: string | Buffer) => {
    const chunk = Buffer.from(data)
    chunks.push(chunk)
    terminal.write(chunk, () => tell(false))
  })
  // As a real terminal does, the screen answers what the program asks it.
  terminal.onData((reply) => program.write(reply))
  const exited = Promise.withResolvers<{ code: number; signal: number }>()
  program.onExit(({ exitCode, signal }) => {
    terminal.write('', () => {
      ended = true
      tell(true)
      exited.resolve({ code: exitCode, signal: signal ?? 0 })
    })
  })

  const line = (index: number) => terminal.buffer.active.getLine(index)?.translateToString(true) ?? ''
  const visible = () => Array.from({ length: terminal.rows }, (_, index) => line(terminal.buffer.active.baseY + index))
  const pty: Pty = {
    pid: program.pid,
    exit: exited.promise,
    type: (text) => program.write(text),
    resize: (newCols, newRows) => {
      terminal.resize(newCols, newRows)
      program.resize(newCols, newRows)
    },
    text: () => visible().join('\n').trimEnd(),
    row: (index) => visible().at(index) ?? '',
    scrollback: () => Array.from({ length: terminal.buffer.active.baseY }, (_, index) => line(index)),
    output: () => Buffer.concat(chunks).toString('utf8'),
    get onAlternateScreen() {
      return terminal.buffer.active.type === 'alternate'
    },
    waitForScreen: (wanted, milliseconds) =>
      waitForText(
        {
          text: () => pty.text(),
          onChange: (listener) => {
            listeners.add(listener)
            if (ended) listener(true)
            return () => listeners.delete(listener)
          },
        },
        wanted,
        milliseconds,
      ),
    [Symbol.asyncDispose]: async () => {
      if (!ended) killGroup(program.pid)
      await exited.promise
      terminal.dispose()
    },
  }
  return pty
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch (error) {
    // ESRCH: it ended by itself in the meantime, which is all we want.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}
