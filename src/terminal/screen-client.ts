import { isMarkedAsUntransferable } from 'node:worker_threads'
import type { ChromeFrame } from '../model/chrome.ts'
import { colourDepth } from './looks.ts'
import { screenHere, screenInWorker, type ScreenHome } from './screen-home.ts'
import type { FromScreen, Keep, Past, ScreenOptions, ToScreen } from './screen-protocol.ts'

type Frame = Extract<FromScreen, { type: 'frame' }>

/** A screen, writing its frames to a terminal as fast as that takes them. */
export class ScreenClient implements AsyncDisposable {
  readonly #home: ScreenHome
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
    const open = options.purpose === 'shell' ? screenHere : screenInWorker
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
    let chunks: Uint8Array[] = []
    let bytes = 0
    const hand = () => {
      if (chunks.length > 0) this.#home.post({ type: 'output', chunks, echo }, handedOver(chunks))
      chunks = []
    }
    while (bytes < turnBytes) {
      const next = this.#queue.shift()
      if (next === undefined) break
      if (next instanceof Uint8Array) {
        chunks.push(next)
        bytes += next.length
        this.#queuedBytes -= next.length
      } else {
        hand()
        this.#home.post(next)
      }
    }
    hand()
    if (this.#queue.length > 0) this.#takeTurn()
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

/** Output (bytes) that is handed over in one turn of the event loop. */
const turnBytes = 64 << 10
/** Smaller ones are copied: that costs less than handing them over. */
const leastHandedOver = 4_096

/**
 * The memory behind chunks that need not be copied for the worker: in a flood the copies cost more than all else here.
 * Only a chunk at the end of its memory, so that none that is still to come stands behind it.
 */
function handedOver(chunks: readonly Uint8Array[]): ArrayBuffer[] {
  const memory = new Set<ArrayBuffer>()
  for (const { buffer, byteOffset, byteLength } of chunks) {
    const isLast = byteOffset + byteLength === buffer.byteLength
    if (byteLength < leastHandedOver || !isLast || !(buffer instanceof ArrayBuffer)) continue
    if (!isMarkedAsUntransferable(buffer)) memory.add(buffer)
  }
  return [...memory]
}
