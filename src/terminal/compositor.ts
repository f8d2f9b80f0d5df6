import type { Chrome } from '../model/chrome.ts'
import { Fault } from '../model/fault.ts'
import { backgroundOf } from './background.ts'
import { exitStatusOf } from './exit-status.ts'
import { InputTokenizer } from './input.ts'
import type { Leader } from './leader.ts'
import type { ProgramPty } from './pty.ts'
import { Questions } from './questions.ts'
import { Router } from './router.ts'
import { ScreenClient } from './screen-client.ts'
import type { Past } from './screen-protocol.ts'
import { TerminalSeat } from './seat.ts'

/** A lone ESC is the key when nothing follows for this long (milliseconds): terminals send sequences in one piece. */
const escapeMs = 20
/** A terminal's reply may come in pieces over a slow line; after this long (milliseconds) it is no reply. */
const stringMs = 500
/** Output this soon (milliseconds) after a key is its echo, and is painted at once. */
const echoMs = 50
/** Unparsed output (bytes) at which the program has to wait, and at which it goes on; bounds memory in a flood. */
const highWater = 512 << 10
const lowWater = 256 << 10

export interface ShellOptions {
  /** The program, on a pty of `programSize`. */
  readonly pty: ProgramPty
  readonly stdin: NodeJS.ReadStream
  readonly stdout: NodeJS.WriteStream
  readonly chrome: Chrome
  readonly leader: Leader
  /** Programs may write the clipboard; unless said, they may not. */
  readonly clipboard?: boolean
  /** False for terminals that know no such questions: their colours are not asked. */
  readonly asksColours?: boolean
  /** What the program has put out before; its screen is shown as it is by now. */
  readonly history?: readonly Past[]
  /** Leaves the program to its keeper. Absent: a terminal that is lost takes its program with it. */
  readonly detach?: () => void
}

/**
 * Shows a program under the chrome, until it ends or is left to its keeper. Resolves with its exit status, or 128 + signal
 * when a signal or the loss of the terminal ended the stay; the terminal is then as it was found.
 *
 * @throws What the pty's exit rejects with: ERR_RECORDING when the recording failed. ERR_INTERNAL when the screen failed;
 *   with `detach` the program then lives on.
 */
export async function runShell(options: ShellOptions): Promise<{ readonly exitStatus: number }> {
  const { pty, stdout, chrome, detach } = options
  let lost: NodeJS.Signals | undefined
  const end = (signal: NodeJS.Signals) => {
    lost ??= signal
    if (signal === 'SIGHUP' && detach !== undefined) detach()
    else pty.hangUp(signal)
  }
  let failure: Fault | undefined
  const fail = (cause: Error) => {
    failure ??= new Fault('ERR_INTERNAL', `The screen of the shell failed: ${cause.message}.`, { cause })
    end('SIGHUP')
  }
  await using parts = new AsyncDisposableStack()
  const size = () => ({ cols: stdout.columns, rows: stdout.rows, ...modelSize(stdout) })
  const screen = parts.use(
    new ScreenClient({ ...size(), purpose: 'shell', clipboard: options.clipboard ?? false }, stdout, fail),
  )
  const seat = parts.use(new TerminalSeat(options.stdin, stdout, screen))
  if (options.history !== undefined) screen.past(options.history, size())
  const questions = new Questions()
  const follow = new Follow(options, pty, screen, seat, (reply) => {
    questions.take(reply)
    screen.colours(reply)
    const background = backgroundOf(reply)
    if (background !== undefined) chrome.background?.(background)
  })

  chrome.resize(stdout.columns, stdout.rows)
  screen.chrome(chrome.frame)
  parts.defer(chrome.subscribe(() => screen.chrome(chrome.frame)))
  seat.listen(stdout, 'error', () => end('SIGHUP'))
  for (const event of ['end', 'error']) seat.listen(options.stdin, event, () => end('SIGHUP'))
  const fit = () => {
    const { cols, rows } = programSize(stdout)
    pty.resize(cols, rows)
    screen.resize(size())
    chrome.resize(stdout.columns, stdout.rows)
  }
  // Not stdout's 'resize': a terminal that shrinks and grows back at once has lost its content at an unchanged size.
  seat.listen(process, 'SIGWINCH', fit)
  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT'] as const) seat.listen(process, signal, () => end(signal))
  // The screen also works between the messages that it is sent.
  seat.listen(process, 'uncaughtException', fail)
  seat.listen(process, 'SIGTSTP', () => void seat.suspend())
  seat.listen(options.stdin, 'data', (bytes: Buffer) => follow.input(bytes))
  if (options.history !== undefined) fit()
  seat.enter()
  if (options.asksColours === true) stdout.write(questions.ask())

  try {
    const { exitStatus } = await pty.exited
    if (failure !== undefined) throw failure
    return { exitStatus: lost === undefined ? exitStatus : exitStatusOf(null, lost) }
  } finally {
    await questions.settled()
    follow.stop()
    await seat.leave()
  }
}

/** Size of the program's screen in cells: the last row is the status row; a terminal of one row has none. */
export function programSize({ columns, rows }: NodeJS.WriteStream): { cols: number; rows: number } {
  return { cols: columns, rows: Math.max(1, rows - 1) }
}

/** The emulator knows no screen narrower than two columns. */
function modelSize(stdout: NodeJS.WriteStream): { modelCols: number; modelRows: number } {
  const { cols, rows } = programSize(stdout)
  return { modelCols: Math.max(2, cols), modelRows: rows }
}

/** Output to the screen, input to the program or the drawer. */
class Follow {
  readonly #tokenizer = new InputTokenizer()
  readonly #router: Router
  #timer: NodeJS.Timeout | undefined
  #lastInput = -Infinity
  #drawerChanged = -Infinity
  #drawerTop = Infinity
  #bracketedPaste = false

  constructor(
    { chrome, leader, detach }: ShellOptions,
    pty: ProgramPty,
    screen: ScreenClient,
    seat: TerminalSeat,
    reply: (text: string) => void,
  ) {
    this.#router = new Router({
      now: () => performance.now(),
      chrome,
      write: (bytes) => pty.write(bytes),
      suspend: () => void seat.suspend(),
      reply: (bytes) => reply(Buffer.from(bytes).toString('latin1')),
      detach,
      leader,
      shown: () => ({
        drawerTop: this.#drawerTop,
        bracketedPaste: this.#bracketedPaste,
        sinceRepaintMs: performance.now() - this.#drawerChanged,
      }),
    })
    pty.onOutput((bytes) => {
      const unparsed = screen.output(bytes, performance.now() - this.#lastInput < echoMs)
      if (unparsed > highWater) pty.pause()
    })
    screen.onParsed = (unparsed) => {
      if (unparsed < lowWater) pty.resume()
    }
    screen.onReply = (data) => pty.write(data)
    screen.onFrame = (frame) => {
      seat.freshRow = frame.freshRow
      this.#drawerTop = frame.drawerTop
      this.#bracketedPaste = frame.bracketedPaste
      if (frame.copied > 0) chrome.copied?.(frame.copied)
      if (frame.drawerChanged) this.#drawerChanged = performance.now()
    }
  }

  input(bytes: Buffer): void {
    clearTimeout(this.#timer)
    this.#lastInput = performance.now()
    for (const token of this.#tokenizer.push(bytes)) this.#router.route(token)
    const { pending } = this.#tokenizer
    if (pending === 'none' || pending === 'paste') return
    this.#timer = setTimeout(() => this.#flush(), pending === 'string' ? stringMs : escapeMs)
  }

  stop(): void {
    clearTimeout(this.#timer)
  }

  #flush(): void {
    for (const token of this.#tokenizer.flush()) this.#router.route(token)
  }
}
