import { Fault } from '../model/fault.ts'

interface Waiter {
  admit(): void
}

/** A fixed number of connections, handed out in the order of asking. Who waits too long is told so. */
export class Slots {
  readonly #limit: number
  readonly #waitMs: number
  readonly #what: string
  readonly #waiting = new Set<Waiter>()
  #taken = 0

  /** `what` names the connections in the plural, for the error. */
  constructor(options: { readonly limit: number; readonly waitMs: number; readonly what: string }) {
    this.#limit = options.limit
    this.#waitMs = options.waitMs
    this.#what = options.what
  }

  /**
   * Resolves with a function that gives the slot back, however often it is called. Nothing has been sent when it
   * rejects.
   *
   * @throws Fault ERR_UPSTREAM_TIMEOUT when no slot gets free in time; the signal's reason when it aborts before.
   */
  async take(signal?: AbortSignal): Promise<() => void> {
    signal?.throwIfAborted()
    if (this.#taken >= this.#limit) await this.#turn(signal)
    else this.#taken++
    let held = true
    return () => {
      if (held) this.#giveBack()
      held = false
    }
  }

  #turn(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = () => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', onAbort)
        this.#waiting.delete(waiter)
      }
      const onAbort = () => {
        leave()
        reject(signal?.reason as Error)
      }
      const waiter: Waiter = {
        admit: () => {
          leave()
          resolve()
        },
      }
      const timer = setTimeout(() => {
        leave()
        reject(this.#late())
      }, this.#waitMs)
      signal?.addEventListener('abort', onAbort)
      this.#waiting.add(waiter)
    })
  }

  #giveBack(): void {
    const [next] = this.#waiting
    if (next === undefined) this.#taken--
    else next.admit()
  }

  #late(): Fault {
    return new Fault(
      'ERR_UPSTREAM_TIMEOUT',
      `All ${this.#limit} ${this.#what} to the API server stayed busy for ${this.#waitMs / 1000} s; nothing was sent.`,
      { advice: 'Try again when less is running.' },
    )
  }
}
