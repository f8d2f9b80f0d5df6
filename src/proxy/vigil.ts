/** How long a stream may outlive its session. */
const INTERVAL_MS = 2_000

/** Keeps asking whether a caller is still who it was, so that a session that ends takes its streams with it. */
export class Vigil {
  readonly #ask: () => Promise<unknown>
  #lost: AbortController | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(ask: () => Promise<unknown>) {
    this.#ask = ask
  }

  /** Aborts with the reason once the answer is no. */
  get lost(): AbortSignal {
    return (this.#lost ??= new AbortController()).signal
  }

  /** Asks now; rejects when the answer is no. */
  async check(): Promise<void> {
    await this.#ask()
  }

  /** Asks again and again until `end`. */
  keep(): void {
    this.#timer = setInterval(() => {
      this.#ask().catch((reason: unknown) => this.#lost?.abort(reason))
    }, INTERVAL_MS)
  }

  end(): void {
    clearInterval(this.#timer)
  }
}
