import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { Fault } from '../model/fault.ts'
import { byShortPath } from './socket-path.ts'
import { encodeFrame, FrameReader, type Exit, type Frame, type FrameKind, type Hello } from './keeper-protocol.ts'
import type { ProgramPty } from './pty.ts'

/** How a face parts from its keeper. */
export type Parting =
  | { readonly kind: 'exit'; readonly exit: Exit }
  /** Another face took over. */
  | { readonly kind: 'taken' }
  /** We left it to its keeper. */
  | { readonly kind: 'left' }
  /** The keeper is gone without a word. */
  | { readonly kind: 'lost' }

/** Output (bytes) that waits here until somebody listens; the rest waits at the keeper. */
const maxEarlyBytes = 4 * 1024 * 1024

/** A program on a pty that a keeper holds. */
export interface KeptPty extends ProgramPty {
  readonly hello: Hello
  /** How it ended; `exited` resolves with it, with status 0 when the program lives on. */
  readonly parting: Promise<Parting>
  /** Leaves the program to its keeper. */
  detach(): void
}

/**
 * Becomes the face of the keeper at `path`.
 *
 * @throws Fault ERR_TERMINAL when nobody listens there.
 */
export async function openKept(path: string): Promise<KeptPty> {
  const socket = byShortPath(path, (short) => connect(short))
  const reader = new FrameReader()
  const parting = Promise.withResolvers<Parting>()
  const hello = Promise.withResolvers<Hello>()
  let early: Buffer[] = []
  let earlyBytes = 0
  let listen = (bytes: Buffer): void => {
    early.push(bytes)
    earlyBytes += bytes.length
    if (earlyBytes > maxEarlyBytes) socket.pause()
  }
  const take = ({ kind, payload }: Frame) => {
    if (kind === 'hello') hello.resolve(JSON.parse(payload.toString()) as Hello)
    else if (kind === 'output') listen(payload)
    else if (kind === 'taken') parting.resolve({ kind })
    else if (kind === 'exit') parting.resolve({ kind, exit: JSON.parse(payload.toString()) as Exit })
  }
  socket.on('data', (chunk: Buffer) => {
    try {
      for (const frame of reader.push(chunk)) take(frame)
    } catch (thrown) {
      hello.reject(thrown)
      socket.destroy()
    }
  })
  socket.on('error', (cause) => hello.reject(noKeeper(path, cause)))
  socket.on('close', () => {
    hello.reject(noKeeper(path))
    parting.resolve({ kind: 'lost' })
  })
  const send = (kind: FrameKind, payload: Uint8Array | string = '') => {
    if (socket.writable) socket.write(encodeFrame(kind, payload))
  }
  send('attach')
  const greeting = await hello.promise
  return {
    hello: greeting,
    pid: greeting.pid,
    parting: parting.promise,
    exited: parting.promise.then((how) => ({ exitStatus: how.kind === 'exit' ? how.exit.exitStatus : 0 })),
    onOutput: (listener) => {
      listen = listener
      for (const bytes of early) listener(bytes)
      early = []
      socket.resume()
    },
    write: (bytes) => send('input', bytes),
    resize: (cols, rows) => send('resize', sizePayload(cols, rows)),
    pause: () => send('pause'),
    resume: () => send('resume'),
    hangUp: (cause = 'SIGHUP') => send('hangup', cause),
    detach: () => leave(socket, parting),
  }
}

/** Whether a keeper listens at `path`; its face stays its face. */
export async function isListening(path: string): Promise<boolean> {
  try {
    const socket = byShortPath(path, (short) => connect(short))
    await once(socket, 'connect')
    socket.destroy()
    return true
  } catch {
    return false
  }
}

function leave(socket: Socket, parting: PromiseWithResolvers<Parting>): void {
  socket.end()
  parting.resolve({ kind: 'left' })
}

function sizePayload(cols: number, rows: number): Buffer {
  const payload = Buffer.alloc(4)
  payload.writeUInt16BE(Math.min(0xffff, Math.max(1, cols)), 0)
  payload.writeUInt16BE(Math.min(0xffff, Math.max(1, rows)), 2)
  return payload
}

function noKeeper(path: string, cause?: unknown): Fault {
  return new Fault('ERR_TERMINAL', `No shell is kept at ${path} any more.`, {
    advice: 'It has ended; open a new one with `chaperone shell`.',
    ...(cause === undefined ? {} : { cause }),
  })
}
