import type { ReadStream } from 'node:tty'
import { spawn, type IPty } from '@lydell/node-pty'
import { Fault } from '../model/fault.ts'
import { exitStatusOf } from './exit-status.ts'

/** After the program's exit the pty is read until it ends, or has been silent this long (a background job holds it). */
const quietMs = 300
/** How long a program may take to die of SIGHUP before it is killed. */
const killAfterMs = 2_000

/** A program on a pseudo-terminal of its own. */
export interface PtyProcess {
  readonly pid: number
  /** Raw output, split anywhere; with `encoding: null` node-pty hands on Buffers, whatever its types say. */
  onOutput(listener: (bytes: Buffer) => void): void
  /** Resolves after the last byte of output was delivered; 128 + signal when a signal ended the program. */
  readonly exited: Promise<{ readonly exitStatus: number }>
  /** Bytes pass as they are, whatever node-pty's types say. */
  write(bytes: string | Uint8Array): void
  /** Sizes below 1 are taken as 1; after the exit this does nothing. */
  resize(cols: number, rows: number): void
  /** Stops reading, so that the program blocks once the kernel's buffer is full. Undone by `resume` and by the exit. */
  pause(): void
  resume(): void
  signal(name: NodeJS.Signals): void
  /** What a closed terminal does: SIGHUP to the group, SIGKILL when it does not end. `cause`: what ended the session. */
  hangUp(cause?: NodeJS.Signals): void
}

/** A program on a pty, wherever that is. */
export type ProgramPty = Omit<PtyProcess, 'signal'>

export interface PtyOptions {
  readonly command: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  readonly cols: number
  readonly rows: number
}

/** Starts a command as the leader of a new session on a new pty. Throws ERR_ENVIRONMENT when no pty can be had. */
export function openPty(options: PtyOptions): PtyProcess {
  const [file = '', ...args] = options.command
  const pty = start(file, args, options)
  let ended = false
  const exited = new Promise<{ exitStatus: number }>((resolve) => {
    pty.onExit(({ exitCode, signal }) => {
      ended = true
      resolve({ exitStatus: exitStatusOf(exitCode, signal) })
    })
  })
  drainBeforeClosing(pty)
  const signal = (name: NodeJS.Signals) => {
    if (!ended) signalGroup(pty.pid, name)
  }
  return {
    pid: pty.pid,
    exited,
    onOutput: (listener) => void pty.onData((data: unknown) => listener(data as Buffer)),
    write: (bytes) => {
      if (!ended) pty.write(bytes as string)
    },
    resize: (cols, rows) => {
      if (!ended) pty.resize(Math.max(1, cols), Math.max(1, rows))
    },
    pause: () => {
      if (!ended) pty.pause()
    },
    resume: () => {
      if (!ended) pty.resume()
    },
    signal,
    hangUp: () => {
      signal('SIGHUP')
      setTimeout(() => signal('SIGKILL'), killAfterMs).unref()
    },
  }
}

function start(file: string, args: string[], { env, cwd, cols, rows }: PtyOptions): IPty {
  try {
    return spawn(file, args, {
      name: 'xterm-256color',
      env: { ...env },
      cwd,
      cols: Math.max(1, cols),
      rows: Math.max(1, rows),
      encoding: null,
    })
  } catch (cause) {
    throw new Fault('ERR_ENVIRONMENT', `Cannot open a pseudo-terminal for ${file}.`, {
      advice: 'Check that /dev/ptmx exists and the limit of open files is not reached.',
      cause,
    })
  }
}

/**
 * node-pty 1.1.0 closes the pty 200 ms after the program's exit, read or not: a paused or slow reader loses the tail
 * (up to 16 KB measured). Its socket is private; the pinned version and a test guard this. The close is put off until
 * the pty has ended or is quiet, and reading is resumed so that it can get there.
 */
function drainBeforeClosing(pty: IPty): void {
  const { _socket: socket } = pty as unknown as { readonly _socket: ReadStream }
  const destroy = socket.destroy.bind(socket)
  let lastData = 0
  socket.on('data', () => (lastData = Date.now()))
  socket.destroy = (error?: Error) => {
    if (error !== undefined) return destroy(error)
    socket.resume()
    lastData = Date.now()
    const timer = setInterval(() => {
      if (!socket.readableEnded && !socket.destroyed && Date.now() - lastData < quietMs) return
      clearInterval(timer)
      destroy()
    }, 20)
    return socket
  }
}

function signalGroup(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(-pid, name)
  } catch (failure) {
    const gone = (failure as NodeJS.ErrnoException).code === 'ESRCH'
    if (!gone) throw failure
  }
}
