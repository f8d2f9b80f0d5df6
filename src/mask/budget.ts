import { Fault } from '../model/fault.ts'

const MIB = 1024 * 1024

/** Bytes of an answer that is held without asking: as many as ordinary answers have. */
const FREE_BYTES = MIB / 4

/** Bytes of an answer that is held in the lane of middling ones. */
const MIDDLING_BYTES = 4 * MIB

/** Middling answers at once: 64 MiB together. */
const MIDDLING_PLACES = 16

/** Answers of up to 64 MiB at once: 128 MiB together; a masked one takes several times its length. */
const LARGE_PLACES = 2

/**
 * The memory that all answers being masked share, 192 MiB: without a bound, parallel lists exhaust the broker. Whoever
 * waits for a place in the lane of large answers keeps the one it has; a large one waits for nothing, so none waits for
 * ever.
 */
export class Budget {
  readonly #middling = new Lane(MIDDLING_PLACES)
  readonly #large = new Lane(LARGE_PLACES)
  readonly #deadline: () => AbortSignal

  /** `deadline`: aborts when an answer has waited long enough. */
  constructor(deadline: () => AbortSignal) {
    this.#deadline = deadline
  }

  hold(): Holding {
    const steps = [
      { above: FREE_BYTES, lane: this.#middling },
      { above: MIDDLING_BYTES, lane: this.#large },
    ]
    return new Holding(steps, this.#deadline)
  }
}

/** What one answer holds of the budget. */
export class Holding {
  readonly #deadline: () => AbortSignal
  #steps: readonly { readonly above: number; readonly lane: Lane }[]
  #held: Lane[] = []

  constructor(steps: readonly { readonly above: number; readonly lane: Lane }[], deadline: () => AbortSignal) {
    this.#steps = steps
    this.#deadline = deadline
  }

  /** Waits until that many bytes may be held. Throws ERR_MASK_BUSY when the deadline comes first. */
  async grow(bytes: number): Promise<void> {
    for (const { above, lane } of this.#steps) {
      if (bytes <= above) return
      await lane.enter(this.#deadline())
      this.#held.push(lane)
      this.#steps = this.#steps.slice(1)
    }
  }

  release(): void {
    for (const lane of this.#held) lane.leave()
    this.#held = []
  }
}

class Lane {
  #free: number
  readonly #waiting = new Set<() => void>()

  constructor(places: number) {
    this.#free = places
  }

  async enter(deadline: AbortSignal): Promise<void> {
    if (this.#free > 0) {
      this.#free--
      return
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const giveUp = () => {
      this.#waiting.delete(resolve)
      reject(busy())
    }
    this.#waiting.add(resolve)
    if (deadline.aborted) giveUp()
    deadline.addEventListener('abort', giveUp)
    try {
      await promise
    } finally {
      this.#waiting.delete(resolve)
      deadline.removeEventListener('abort', giveUp)
    }
  }

  /** The place goes to who has waited longest. */
  leave(): void {
    const [next] = this.#waiting
    if (next === undefined) {
      this.#free++
      return
    }
    this.#waiting.delete(next)
    next()
  }
}

function busy(): Fault {
  return new Fault('ERR_MASK_BUSY', 'Too many large answers are being masked at this moment.', {
    advice: 'Ask again later, or for less: a namespace, a selector, or kubectl get --chunk-size.',
  })
}
