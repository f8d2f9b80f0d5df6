import { isMarkedAsUntransferable } from 'node:worker_threads'
import type { ChromeFrame } from '../model/chrome.ts'
import { colourDepth } from './looks.ts'
import { screenHere, screenInWorker, type ScreenHome } from './screen-home.ts'
import type { FromScreen, Keep, Past, ScreenOptions, ToScreen } from './screen-protocol.ts'

type Frame = Extract<FromScreen, { type: 'frame' }>

/** A screen, writing its frames to a terminal as fast as that takes them. */
export class ScreenClient implements AsyncDisposable {
  readonly #home: ScreenHome
  readonly #isHere: boolean
  readonly #stdout: NodeJS.WriteStream
  readonly #lost: (failure: Error) => void
  #left: PromiseWithResolvers<string> | undefined
  #unparsed = 0
  /** Output that goes to the screen together, once all that can be read now was read, and what must come after it. */
  readonly #queue: (Uint8Array | ToScreen)[] = []
  #queuedBytes = 0
  #isTurnDue = false
  /** Called after each frame was written to the terminal. */
  onFrame: (frame: Frame) => void = () => undefined
  /** Called when the model was to be kept under a number. */
  onKept: (kept: number, isKept: boolean) => void = () => undefined
  onReply: (data: string) => void = () => undefined
  /** Called with the number of bytes not yet parsed, whenever it falls. */
  onParsed: (unparsed: number) => void = () => undefined

  /** `lost` is called when the screen cannot go on. */
  constructor(options: ScreenOptions, stdout: NodeJS.WriteStream, lost: (failure: Error) => void) {
    this.#stdout = stdout
    this.#lost = lost
    this.#isHere = options.purpose === 'shell'
    const open = this.#isHere ? screenHere : screenInWorker
    this.#home = open(
      { ...options, depth: colourDepth(stdout.getColorDepth()) },
      { receive: (message) => this.#receive(message), failed: (failure) => this.#fail(failure) },
    )
    this.#home.post({ type: 'drained' })
  }

  /** Returns how many bytes are not yet parsed. Who called it may not look at them any more: they are handed over. */
  output(bytes: Uint8Array, echo: boolean): number {
    this.#unparsed += bytes.length
    this.#queue.push(bytes)
    this.#queuedBytes += bytes.length
    if (echo && this.#queuedBytes <= turnBytes) this.#turn(true)
    else this.#takeTurn()
    return this.#unparsed
  }

  chrome(frame: ChromeFrame): void {
    const { statusRow, drawerRows, cursor, focused, bells } = frame
    const rows = { statusRow, drawerRows, focused, bells }
    this.#home.post({ type: 'chrome', frame: cursor === undefined ? rows : { ...rows, cursor } })
  }

  resize(size: Omit<ScreenOptions, 'purpose'>): void {
    this.#post({ type: 'resize', ...size })
  }

  /** What was put out before; the screen has `size` afterwards. */
  past(past: readonly (Past | Keep)[], size: Omit<ScreenOptions, 'purpose'>): void {
    this.#post({ type: 'past', past })
    this.resize(size)
  }

  /** Takes what the real terminal answered when asked for its colours. */
  colours(replies: string): void {
    this.#post({ type: 'colours', replies })
  }

  enter(): void {
    this.#post({ type: 'enter' })
  }

  /** The model is again as it was kept under this number; its size is then to be told anew. */
  recall(kept: number): void {
    this.#post({ type: 'recall', kept })
  }

  forget(kept: readonly number[]): void {
    this.#post({ type: 'forget', kept })
  }

  /** Resolves with what gives the terminal back, once all output is parsed. Rejects when the screen failed. */
  leave(): Promise<string> {
    this.#left ??= Promise.withResolvers<string>()
    this.#post({ type: 'leave' })
    return this.#left.promise
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#home.close()
  }

  /** Hands over what waits, of output only so much at once: however costly it is to parse, keys are heard in between. */
  #turn(echo: boolean): void {
    const until = performance.now() + turnMs
    let bytes = 0
    while (bytes < turnBytes && performance.now() < until) {
      const next = this.#queue.shift()
      if (next === undefined) break
      if (next instanceof Uint8Array) {
        const piece = this.#pieceOf(next)
        bytes += piece.length
        this.#queuedBytes -= piece.length
        this.#home.post({ type: 'output', bytes: piece }, handedOver(piece))
      } else {
        this.#home.post(next)
      }
    }
    this.#home.post({ type: 'rest', echo })
    if (this.#queue.length > 0) this.#takeTurn()
  }

  /** In this thread a piece is parsed before the next is looked at; for a worker what came together stays together. */
  #pieceOf(bytes: Uint8Array): Uint8Array {
    if (!this.#isHere || bytes.length <= pieceBytes) return bytes
    this.#queue.unshift(bytes.subarray(pieceBytes))
    return bytes.subarray(0, pieceBytes)
  }

  #takeTurn(): void {
    if (this.#isTurnDue) return
    this.#isTurnDue = true
    setImmediate(() => {
      this.#isTurnDue = false
      this.#turn(false)
    })
  }

  /** After all output so far. */
  #post(message: ToScreen): void {
    if (this.#queue.length === 0) this.#home.post(message)
    else this.#queue.push(message)
  }

  #receive(message: FromScreen): void {
    if (message.type === 'reply') this.onReply(message.data)
    else if (message.type === 'kept') this.onKept(message.kept, message.isKept)
    else if (message.type === 'parsed') {
      this.#unparsed -= message.bytes
      this.onParsed(this.#unparsed)
    } else if (message.type === 'left') {
      this.#left?.resolve(message.text)
      this.#left = undefined
    } else {
      this.#stdout.write(message.text, () => this.#home.post({ type: 'drained' }))
      this.onFrame(message)
    }
  }

  #fail(failure: Error): void {
    this.#left?.reject(failure)
    this.#left = undefined
    this.#lost(failure)
  }
}

/** Output (bytes) that is handed over in one turn of the event loop, and how long (milliseconds) a turn may take. */
const turnBytes = 64 << 10
const turnMs = 8
/** A kilobyte that resets the terminal again and again takes 40 ms, a line of text a few microseconds. */
const pieceBytes = 1 << 10
/** Smaller ones are copied: that costs less than handing them over. */
const leastHandedOver = 4_096

/**
 * The memory behind output that need not be copied for the worker: in a flood the copies cost more than all else here.
 * Only what stands at the end of its memory, so that nothing that is still to come stands behind it.
 */
function handedOver({ buffer, byteOffset, byteLength }: Uint8Array): ArrayBuffer[] {
  const isLast = byteOffset + byteLength === buffer.byteLength
  if (byteLength < leastHandedOver || !isLast || !(buffer instanceof ArrayBuffer)) return []
  return isMarkedAsUntransferable(buffer) ? [] : [buffer]
}
