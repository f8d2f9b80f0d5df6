import { createServer, type Server, type Socket } from 'node:net'
import { once } from 'node:events'
import { constants } from 'node:os'
import { encodeFrame, frameHeader, FrameReader, type Exit, type Frame, type Hello } from './keeper-protocol.ts'
import { byShortPath } from './socket-path.ts'
import type { ProgramPty } from './pty.ts'

/** Bytes that wait for a face to read them before the program has to wait. */
const highWater = 4 * 1024 * 1024
/** Output up to this many bytes may be the echo of a key. */
const echoBytes = 512
/** How long a face may take to read the end of it all (milliseconds). */
const farewellMs = 5_000

export interface KeeperOptions {
  readonly pty: ProgramPty
  /** Of the socket; its folder is its owner's alone. */
  readonly path: string
  readonly hello: Omit<Hello, 'hasHistory' | 'pid'>
  /** Brings the recording up to what was put out; called before a later face reads it. */
  readonly flush: () => void
  /** Without a face the program is hung up after this long (milliseconds). */
  readonly keepMs: number
}

/** Keeps a program running while faces come and go; one face at a time, and a new one takes over. */
export class Keeper {
  readonly #options: KeeperOptions
  readonly #server: Server
  #face: Socket | undefined
  #faces = 0
  #waiting: Buffer[] = []
  #timer: NodeJS.Timeout | undefined
  /** The signal that ended the session, when one did. */
  endedBy: NodeJS.Signals | undefined

  private constructor(options: KeeperOptions) {
    this.#options = options
    this.#server = createServer((socket) => this.#welcome(socket))
    options.pty.onOutput((bytes) => this.#output(bytes))
    // The first face misses nothing: until it is there, nothing is read.
    options.pty.pause()
  }

  /** Listens on the socket. Rejects as node:net does. */
  static async listen(options: KeeperOptions): Promise<Keeper> {
    const keeper = new Keeper(options)
    byShortPath(options.path, (short) => keeper.#server.listen(short))
    await once(keeper.#server, 'listening')
    keeper.#waitForFace()
    return keeper
  }

  /** Ends the program; a signal that is named is what ended the session. */
  hangUp(cause: string): void {
    if (cause in constants.signals) this.endedBy ??= cause as NodeJS.Signals
    this.#options.pty.hangUp()
  }

  /** Tells the face how it ended, once it has read everything, and lets nobody in any more. */
  async close(exit: Exit): Promise<void> {
    clearTimeout(this.#timer)
    this.#server.close()
    this.#hand()
    const face = this.#face
    this.#face = undefined
    if (face === undefined || face.destroyed) return
    const read = once(face, 'close')
    face.end(encodeFrame('exit', JSON.stringify(exit)))
    const late = setTimeout(() => face.destroy(), farewellMs)
    await read
    clearTimeout(late)
  }

  #welcome(socket: Socket): void {
    const { pty, hello, flush } = this.#options
    this.#hand()
    this.#face?.end(encodeFrame('taken'))
    clearTimeout(this.#timer)
    this.#face = socket
    const frames = new FrameReader()
    socket.on('error', () => socket.destroy())
    socket.on('close', () => this.#leave(socket))
    socket.on('drain', () => pty.resume())
    socket.on('data', (chunk: Buffer) => {
      if (socket !== this.#face) return
      try {
        for (const frame of frames.push(chunk)) this.#obey(frame)
      } catch {
        socket.destroy()
      }
    })
    flush()
    this.#faces += 1
    const words: Hello = { ...hello, hasHistory: this.#faces > 1, pid: pty.pid }
    socket.write(encodeFrame('hello', JSON.stringify(words)))
    pty.resume()
  }

  #leave(socket: Socket): void {
    if (socket !== this.#face) return
    this.#face = undefined
    this.#options.pty.resume()
    this.#waitForFace()
  }

  #waitForFace(): void {
    this.#timer = setTimeout(() => this.hangUp('SIGHUP'), this.#options.keepMs)
  }

  /** What can be read at once goes to the face together; a key's echo does not wait for more. */
  #output(bytes: Buffer): void {
    if (this.#face === undefined) return
    this.#waiting.push(bytes)
    if (this.#waiting.length > 1) return
    if (bytes.length <= echoBytes) this.#hand()
    else setImmediate(() => this.#hand())
  }

  #hand(): void {
    const chunks = this.#waiting
    this.#waiting = []
    const face = this.#face
    if (face === undefined || face.destroyed || chunks.length === 0) return
    face.cork()
    face.write(
      frameHeader(
        'output',
        chunks.reduce((sum, { length }) => sum + length, 0),
      ),
    )
    for (const chunk of chunks) face.write(chunk)
    face.uncork()
    if (face.writableLength > highWater) this.#options.pty.pause()
  }

  #obey({ kind, payload }: Frame): void {
    const { pty } = this.#options
    if (kind === 'input') pty.write(payload)
    else if (kind === 'resize') pty.resize(payload.readUInt16BE(0), payload.readUInt16BE(2))
    else if (kind === 'pause') pty.pause()
    else if (kind === 'resume') pty.resume()
    else if (kind === 'hangup') this.hangUp(payload.toString())
  }
}
