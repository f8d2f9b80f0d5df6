/** Bytes that wait for a reader before the writer has to wait too. */
const highWaterBytes = 64 * 1024

/** A one-way stream of bytes inside the process: a slow reader slows its writer, and nothing is lost. */
export class Pipe {
  #chunks: Buffer[] = []
  #size = 0
  #ended = false
  #broken = false
  #readers: (() => void)[] = []
  #writers: (() => void)[] = []

  /** Resolves when there is room again; false when nobody reads any more. */
  async write(bytes: Buffer | string): Promise<boolean> {
    const chunk = typeof bytes === 'string' ? Buffer.from(bytes) : bytes
    if (this.#broken || this.#ended) return false
    if (chunk.length > 0) {
      this.#chunks.push(chunk)
      this.#size += chunk.length
      wake(this.#readers)
    }
    while (this.#size > highWaterBytes && !this.#broken) await this.#until(this.#writers)
    return !this.#broken
  }

  /** What has come since, at most `most` bytes; undefined at the end. */
  async read(most = Infinity): Promise<Buffer | undefined> {
    while (this.#chunks.length === 0) {
      if (this.#ended || this.#broken) return undefined
      await this.#until(this.#readers)
    }
    const all = this.#chunks.length === 1 ? (this.#chunks[0] ?? Buffer.alloc(0)) : Buffer.concat(this.#chunks)
    const taken = all.subarray(0, most)
    this.#chunks = taken.length < all.length ? [all.subarray(taken.length)] : []
    this.#size = all.length - taken.length
    wake(this.#writers)
    return taken
  }

  /** Nothing more is written. */
  end(): void {
    this.#ended = true
    wake(this.#readers)
    wake(this.#writers)
  }

  /** Nobody reads or writes any more. */
  break(): void {
    this.#broken = true
    this.#chunks = []
    this.#size = 0
    wake(this.#readers)
    wake(this.#writers)
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    for (let chunk = await this.read(); chunk !== undefined; chunk = await this.read()) yield chunk
  }

  #until(waiting: (() => void)[]): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    waiting.push(resolve)
    return promise
  }
}

function wake(waiting: (() => void)[]): void {
  for (const resolve of waiting.splice(0)) resolve()
}

/** Lines of a stream without their ends; a last line without an end counts too. */
export async function* linesOf(input: Source): AsyncGenerator<string> {
  let rest = ''
  for (let chunk = await input.read(); chunk !== undefined; chunk = await input.read()) {
    const lines = (rest + chunk.toString('latin1')).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) yield Buffer.from(line, 'latin1').toString('utf8')
  }
  if (rest !== '') yield Buffer.from(rest, 'latin1').toString('utf8')
}

export interface Source {
  read(most?: number): Promise<Buffer | undefined>
}

export interface Sink {
  /** False when nobody reads any more. */
  write(bytes: Buffer | string): Promise<boolean>
}

/** A source that is at its end. */
export const nothing: Source = { read: () => Promise.resolve(undefined) }
