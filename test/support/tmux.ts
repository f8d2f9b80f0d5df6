import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { personsEnvironment } from './environment.ts'
import { requireProgram } from './require.ts'
import { temporaryFolder } from './tmp.ts'
import { waitForText, type Wanted } from './wait.ts'

export interface TmuxOptions {
  readonly cols?: number
  readonly rows?: number
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
}

/** One window of a private tmux server, for stories in which another program types into the terminal. */
export interface Tmux extends AsyncDisposable {
  /** The server's socket, as `tmux -S` and the TMUX variable name it. */
  readonly socket: string
  /** tmux's own key names, each one argument: `Enter`, `C-c`, `Up`. */
  sendKeys(...keys: string[]): Promise<void>
  /** Text exactly as given, with no key names in it. */
  type(text: string): Promise<void>
  /** The visible screen without colours. */
  capture(): Promise<string>
  resize(cols: number, rows: number): Promise<void>
  waitFor(wanted: Wanted, milliseconds?: number): Promise<string>
}

/**
 * Starts a command (a shell line) in a tmux server of its own; disposal ends that server and no other. After the command the
 * screen stays and shows `[ended CODE]`.
 */
export async function openTmux(command: string, options: TmuxOptions = {}): Promise<Tmux> {
  const program = requireProgram('tmux')
  await using cleanup = new AsyncDisposableStack()
  const folder = cleanup.use(await temporaryFolder())
  const socket = join(folder.path, 'tmux')
  const env = personsEnvironment(options.env)
  const tmux = async (...args: string[]) => {
    const { stdout } = await promisify(execFile)(program, ['-S', socket, '-f', '/dev/null', ...args], { env })
    return stdout
  }
  const { cols = 100, rows = 30, cwd = folder.path } = options
  const size = (width: number, height: number) => ['-x', String(width), '-y', String(height)]
  // tmux can lose the last words of a pane that dies, so the pane outlives the command and says how it ended.
  const line = `(${command}\n); printf '[ended %d]\\n' $?; exec sleep infinity`
  const session = ['new-session', '-d', '-s', 'story', ...size(cols, rows), '-c', cwd, line]
  await tmux(...session, ';', 'set', '-g', 'window-size', 'manual')

  // A client in control mode hears of every change, so that waiting needs no clock.
  const observer = spawn(program, ['-S', socket, '-C', 'attach', '-t', 'story'], {
    env,
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  const observerGone = once(observer, 'exit')
  cleanup.defer(async () => {
    await tmux('kill-server')
    await observerGone
  })
  const listeners = new Set<(ended: boolean) => void>()
  observer.stdout.on('data', () => {
    for (const listener of listeners) listener(false)
  })
  const capture = () => tmux('capture-pane', '-p', '-t', 'story')
  const owned = cleanup.move()
  return {
    socket,
    sendKeys: async (...keys) => void (await tmux('send-keys', '-t', 'story', ...keys)),
    type: async (text) => void (await tmux('send-keys', '-t', 'story', '-l', text)),
    capture,
    resize: async (newCols, newRows) => void (await tmux('resize-window', '-t', 'story', ...size(newCols, newRows))),
    waitFor: (wanted, milliseconds) =>
      waitForText(
        {
          text: capture,
          onChange: (listener) => {
            listeners.add(listener)
            return () => listeners.delete(listener)
          },
        },
        wanted,
        milliseconds,
      ),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}
