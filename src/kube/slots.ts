import { Fault } from '../model/fault.ts'

interface Waiter {
  readonly party: string
  admit(): void
}

/**
 * A fixed number of connections, handed out in the order of asking. Of those one party may hold a part only, so that one
 * that takes many answers and reads none of them slows itself alone. Who waits too long is told so.
 */
export class Slots {
  readonly #limit: number
  readonly #perParty: number
  readonly #held = new Map<string, number>()
  readonly #waitMs: number
  readonly #what: string
  readonly #waiting = new Set<Waiter>()
  #taken = 0

  /** `what` names the connections in the plural, for the error. */
  constructor(options: {
    readonly limit: number
    /** Absent = as many as there are. */
    readonly perParty?: number
    readonly waitMs: number
    readonly what: string
  }) {
    this.#limit = options.limit
    this.#perParty = options.perParty ?? options.limit
    this.#waitMs = options.waitMs
    this.#what = options.what
  }

  /**
   * Resolves with a function that gives the slot back, however often it is called. Nothing has been sent when it
   * rejects.
   *
   * @throws Fault ERR_UPSTREAM_TIMEOUT when no slot gets free in time; the signal's reason when it aborts before.
   */
  async take(party: string, signal?: AbortSignal): Promise<() => void> {
    signal?.throwIfAborted()
    if (this.#isFree(party)) this.#seat(party)
    else await this.#turn(party, signal)
    let held = true
    return () => {
      if (held) this.#giveBack(party)
      held = false
    }
  }

  #isFree(party: string): boolean {
    return this.#taken < this.#limit && (this.#held.get(party) ?? 0) < this.#perParty
  }

  #seat(party: string): void {
    this.#taken++
    this.#held.set(party, (this.#held.get(party) ?? 0) + 1)
  }

  #turn(party: string, signal: AbortSignal | undefined): Promise<void> {
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
        party,
        admit: () => {
          leave()
          this.#seat(party)
          resolve()
        },
      }
      const timer = setTimeout(() => {
        leave()
        reject(this.#late(party))
      }, this.#waitMs)
      signal?.addEventListener('abort', onAbort)
      this.#waiting.add(waiter)
    })
  }

  #giveBack(party: string): void {
    const left = (this.#held.get(party) ?? 0) - 1
    if (left > 0) this.#held.set(party, left)
    else this.#held.delete(party)
    this.#taken--
    for (const waiter of this.#waiting) {
      if (this.#isFree(waiter.party)) {
        waiter.admit()
        return
      }
    }
  }

  #late(party: string): Fault {
    const own = this.#perParty < this.#limit && (this.#held.get(party) ?? 0) >= this.#perParty
    const which = own
      ? `All ${this.#perParty} ${this.#what} that one session may hold`
      : `All ${this.#limit} ${this.#what}`
    return new Fault(
      'ERR_UPSTREAM_TIMEOUT',
      `${which} to the API server stayed busy for ${this.#waitMs / 1000} s; nothing was sent.`,
      { advice: 'Try again when less is running.' },
    )
  }
}
