import { createServer, type Server, type Socket } from 'node:net'
import { once } from 'node:events'
import { constants } from 'node:os'
import { encodeFrame, frameHeader, FrameReader, type Exit, type Frame, type Hello } from './keeper-protocol.ts'
import { byShortPath } from './socket-path.ts'
import type { ProgramPty } from './pty.ts'
import { unfinishedCharacter } from './utf8.ts'

/** Bytes that wait for a face to read them before the program has to wait. */
const highWater = 512 * 1024
/** Output up to this many bytes may be the echo of a key. */
const echoBytes = 512
/** Turns of the event loop (far below a millisecond each) that output may wait for more of it, and bytes at which it does not. */
const gatheringTurns = 8
const gatheredBytes = 64 * 1024
/** How long a face may take to read the end of it all (milliseconds). */
const farewellMs = 5_000
const none = Buffer.alloc(0)
/** At least as long (milliseconds) it waits for its first face, which may be slow to start. */
const firstFaceMs = 30_000
/** How long one who connects may take to say that it is a face (milliseconds). */
const greetingMs = 5_000

export interface KeeperOptions {
  readonly pty: ProgramPty
  /** Of the socket; its folder is its owner's alone. */
  readonly path: string
  readonly hello: Omit<Hello, 'hasHistory' | 'recordedBytes' | 'pid'>
  /** Brings the recording up to what was put out, and gives its length (bytes): so far a later face reads it. */
  readonly flush: () => number
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
  #waitingBytes = 0
  /** The face asked the program to wait, whatever its socket has room for. */
  #isHeldUp = false
  /** The beginning of a character at the end of the output: the recording does not hold it before its rest is there. */
  #unfinished: Buffer = none
  #timer: NodeJS.Timeout | undefined
  /** The signal that ended the session, when one did. */
  endedBy: NodeJS.Signals | undefined

  private constructor(options: KeeperOptions) {
    this.#options = options
    this.#server = createServer((socket) => this.#greet(socket))
    options.pty.onOutput((bytes) => this.#output(bytes))
    // The first face misses nothing: until it is there, nothing is read.
    options.pty.pause()
  }

  /** Listens on the socket. Rejects as node:net does. */
  static async listen(options: KeeperOptions): Promise<Keeper> {
    const keeper = new Keeper(options)
    byShortPath(options.path, (short) => keeper.#server.listen(short))
    await once(keeper.#server, 'listening')
    keeper.#waitForFace(Math.max(options.keepMs, firstFaceMs))
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

  #greet(socket: Socket): void {
    const frames = new FrameReader()
    const silent = setTimeout(() => socket.destroy(), greetingMs)
    socket.on('error', () => socket.destroy())
    socket.on('close', () => {
      clearTimeout(silent)
      this.#leave(socket)
    })
    socket.on('drain', () => socket === this.#face && !this.#isHeldUp && this.#options.pty.resume())
    socket.on('data', (chunk: Buffer) => {
      try {
        for (const frame of frames.push(chunk)) {
          if (socket === this.#face) this.#obey(frame)
          else if (frame.kind === 'attach') {
            clearTimeout(silent)
            this.#welcome(socket)
          }
        }
      } catch {
        socket.destroy()
      }
    })
  }

  #welcome(socket: Socket): void {
    const { pty, hello, flush } = this.#options
    if (!this.#server.listening) {
      socket.destroy()
      return
    }
    this.#hand()
    this.#face?.end(encodeFrame('taken'))
    clearTimeout(this.#timer)
    this.#face = socket
    this.#faces += 1
    this.#isHeldUp = false
    const words: Hello = { ...hello, hasHistory: this.#faces > 1, recordedBytes: flush(), pid: pty.pid }
    socket.write(encodeFrame('hello', JSON.stringify(words)))
    if (this.#unfinished.length > 0) socket.write(encodeFrame('output', this.#unfinished))
    pty.resume()
  }

  #leave(socket: Socket): void {
    if (socket !== this.#face) return
    this.#face = undefined
    this.#isHeldUp = false
    this.#options.pty.resume()
    this.#waitForFace(this.#options.keepMs)
  }

  #waitForFace(ms: number): void {
    this.#timer = setTimeout(() => this.hangUp('SIGHUP'), ms)
  }

  /** What can be read at once goes to the face together; a key's echo does not wait for more. */
  #output(bytes: Buffer): void {
    if ((bytes.at(-1) ?? 0) < 0x80) this.#unfinished = none
    else this.#unfinished = unfinishedCharacter(Buffer.concat([this.#unfinished, bytes.subarray(-3)]))
    if (this.#face === undefined) return
    this.#waiting.push(bytes)
    this.#waitingBytes += bytes.length
    if (this.#waiting.length > 1) return
    if (bytes.length <= echoBytes) this.#hand()
    else this.#handSoon(this.#waitingBytes, gatheringTurns)
  }

  /** The kernel hands over what a program writes at once in pieces: as long as each turn brings one, they go together. */
  #handSoon(known: number, turns: number): void {
    setImmediate(() => {
      const isGrowing = this.#waitingBytes > known && this.#waitingBytes < gatheredBytes
      if ((isGrowing || turns === gatheringTurns) && turns > 0) this.#handSoon(this.#waitingBytes, turns - 1)
      else this.#hand()
    })
  }

  #hand(): void {
    const chunks = this.#waiting
    this.#waiting = []
    this.#waitingBytes = 0
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
    else if (kind === 'pause') this.#holdUp(true)
    else if (kind === 'resume') this.#holdUp(false)
    else if (kind === 'hangup') this.hangUp(payload.toString())
  }

  #holdUp(isHeldUp: boolean): void {
    this.#isHeldUp = isHeldUp
    if (isHeldUp) this.#options.pty.pause()
    else if ((this.#face?.writableLength ?? 0) <= highWater) this.#options.pty.resume()
  }
}
