import type { Identify } from '../identity/port.ts'
import { Fault, toFault } from '../model/fault.ts'
import type { Subject } from '../model/subject.ts'

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

/**
 * Throws ERR_UNAUTHENTICATED when the session of the caller has ended, or the caller is no longer in every group that it was in
 * when its request was judged.
 */
export async function assertStillIn(before: Subject, identify: () => ReturnType<Identify>): Promise<void> {
  const { subject } = await identify().catch((cause: unknown) => {
    if (toFault(cause).code !== 'ERR_UNAUTHENTICATED') throw cause
    throw new Fault('ERR_UNAUTHENTICATED', `The session of ${before.name} has ended or was revoked.`, {
      advice: 'Sign in or open another session, and repeat the command.',
      cause,
    })
  })
  const lost = before.groups.find((group) => !subject.groups.includes(group))
  if (lost === undefined) return
  throw new Fault('ERR_UNAUTHENTICATED', `${subject.name} is no longer in the group ${lost}.`, {
    advice: 'Repeat the command.',
  })
}
