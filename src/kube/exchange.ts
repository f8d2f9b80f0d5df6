import type { Dispatcher } from 'undici'
import type { UpstreamAnswer } from './port.ts'

/** Bytes that wait for their reader before the API server is made to wait. */
const WINDOW_BYTES = 256 * 1024

type Sent = Dispatcher.DispatchOptions & { readonly signal: AbortSignal | undefined }

/**
 * Sends one request and resolves with its answer once the headers are there. `map` makes the errors of the connection
 * those that callers get; `onDone` is called once, when the connection is free or gone.
 *
 * undici's own `request` costs a Node stream for each answer; this is its dispatch with a queue in between.
 */
export function exchange(
  pool: Dispatcher,
  { signal, ...options }: Sent,
  map: (thrown: unknown) => Error,
  onDone: () => void,
): Promise<UpstreamAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<UpstreamAnswer>()
  let controller: Dispatcher.DispatchController | undefined
  const leave = () => abort(signal?.reason as Error)
  const done = () => {
    signal?.removeEventListener('abort', leave)
    onDone()
  }
  const body = new AnswerBody({
    pause: () => controller?.pause(),
    resume: () => controller?.resume(),
    abort: (reason) => abort(reason),
  })
  let early: Error | undefined
  const abort = (reason: Error) => {
    if (controller !== undefined) controller.abort(reason)
    else {
      early = reason
      reject(map(reason))
    }
  }
  signal?.addEventListener('abort', leave)
  if (signal?.aborted === true) leave()
  pool.dispatch(options, {
    onRequestStart(started) {
      controller = started
      if (early !== undefined) started.abort(early)
    },
    onResponseStart(_controller, statusCode, headers) {
      if (statusCode >= 200) resolve({ statusCode, headers, body })
    },
    onResponseData(_controller, chunk) {
      body.push(chunk)
    },
    onResponseEnd() {
      body.end()
      done()
    },
    onResponseError(_controller, error) {
      const mapped = map(error)
      body.fail(mapped)
      reject(mapped)
      done()
    },
  })
  return promise
}

interface Source {
  pause(): void
  resume(): void
  abort(reason: Error): void
}

/**
 * The bytes of an answer, pulled by one reader, who gets all that wait in one piece: few large writes cost less than many
 * small ones. More than a window is not fetched ahead.
 */
class AnswerBody implements AsyncIterator<Uint8Array> {
  readonly #source: Source
  #chunks: Uint8Array[] = []
  #waitingBytes = 0
  #isPaused = false
  #isOver = false
  #failure: Error | undefined
  #wake: (() => void) | undefined

  constructor(source: Source) {
    this.#source = source
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  push(chunk: Uint8Array): void {
    if (this.#isOver) return
    this.#chunks.push(chunk)
    this.#waitingBytes += chunk.length
    if (this.#waitingBytes > WINDOW_BYTES && !this.#isPaused) {
      this.#isPaused = true
      this.#source.pause()
    }
    this.#wake?.()
  }

  end(): void {
    this.#isOver = true
    this.#wake?.()
  }

  fail(failure: Error): void {
    this.#failure = failure
    this.end()
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    while (this.#chunks.length === 0 && !this.#isOver) {
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
    const first = this.#chunks.shift()
    if (first === undefined) {
      if (this.#failure !== undefined) throw this.#failure
      return { done: true, value: undefined }
    }
    this.#waitingBytes -= first.length
    if (this.#isPaused && this.#waitingBytes === 0) {
      this.#isPaused = false
      this.#source.resume()
    }
    return { done: false, value: first }
  }

  /** Lets go of the rest; the connection ends, since what is on it cannot be read past. */
  destroy(): void {
    this.#chunks = []
    if (this.#isOver) return
    this.#isOver = true
    this.#wake?.()
    this.#source.abort(new Error('The reader of this answer left.'))
  }

  return(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.destroy()
    return Promise.resolve({ done: true, value: undefined })
  }
}
