import { isMarkedAsUntransferable, Worker } from 'node:worker_threads'
import type { ChromeFrame } from '../model/chrome.ts'
import { colourDepth } from './looks.ts'
import type { FromScreen, Keep, Past, ScreenOptions, ToScreen } from './screen-protocol.ts'

type Frame = Extract<FromScreen, { type: 'frame' }>

/** A screen in its worker, writing its frames to a terminal as fast as that takes them. */
export class ScreenClient implements AsyncDisposable {
  readonly #worker: Worker
  readonly #stdout: NodeJS.WriteStream
  readonly #lost: (failure: Error) => void
  #left: PromiseWithResolvers<string> | undefined
  #unparsed = 0
  /** Output that goes to the worker together, once all that can be read now was read. */
  #waiting: Uint8Array[] = []
  /** Called after each frame was written to the terminal. */
  onFrame: (frame: Frame) => void = () => undefined
  /** Called when the model was to be kept under a number. */
  onKept: (kept: number, isKept: boolean) => void = () => undefined
  onReply: (data: string) => void = () => undefined
  /** Called with the number of bytes not yet parsed, whenever it falls. */
  onParsed: (unparsed: number) => void = () => undefined

  /** `lost` is called when the worker dies. */
  constructor(options: ScreenOptions, stdout: NodeJS.WriteStream, lost: (failure: Error) => void) {
    this.#stdout = stdout
    this.#lost = lost
    const ending = import.meta.url.endsWith('.ts') ? '.ts' : '.js'
    this.#worker = new Worker(new URL(`./screen-worker${ending}`, import.meta.url), {
      workerData: { ...options, depth: colourDepth(stdout.getColorDepth()) } satisfies ScreenOptions,
    })
    this.#worker.on('message', (message: FromScreen) => this.#receive(message))
    this.#worker.on('error', (failure) => this.#fail(failure instanceof Error ? failure : new Error(String(failure))))
    this.#post({ type: 'drained' })
  }

  /** Returns how many bytes are not yet parsed. Who called it may not look at them any more: they are handed over. */
  output(bytes: Uint8Array, echo: boolean): number {
    this.#unparsed += bytes.length
    if (this.#waiting.push(bytes) === 1 && !echo) setImmediate(() => this.#hand(false))
    if (echo) this.#hand(true)
    return this.#unparsed
  }

  chrome(frame: ChromeFrame): void {
    const { statusRow, drawerRows, cursor, focused, bells } = frame
    const rows = { statusRow, drawerRows, focused, bells }
    this.#post({ type: 'chrome', frame: cursor === undefined ? rows : { ...rows, cursor } })
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

  /** Resolves with what gives the terminal back, once all output is parsed. Rejects when the worker died. */
  leave(): Promise<string> {
    this.#left ??= Promise.withResolvers<string>()
    this.#post({ type: 'leave' })
    return this.#left.promise
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.terminate()
  }

  #hand(echo: boolean): void {
    const chunks = this.#waiting
    if (chunks.length === 0) return
    this.#waiting = []
    this.#worker.postMessage({ type: 'output', chunks, echo } satisfies ToScreen, handedOver(chunks))
  }

  #post(message: ToScreen): void {
    this.#hand(false)
    this.#worker.postMessage(message)
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
      this.#stdout.write(message.text, () => this.#post({ type: 'drained' }))
      this.onFrame(message)
    }
  }

  #fail(failure: Error): void {
    this.#left?.reject(failure)
    this.#left = undefined
    this.#lost(failure)
  }
}

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
