import { Fault } from '../model/fault.ts'

/** Attempts in a minute, spread evenly; a build farm behind one address, or of one subject, needs many. */
const MAX_ATTEMPTS = 600
/** Of these, those that failed. */
const MAX_FAILURES = 60
const WINDOW_MS = 60_000
const MAX_REMEMBERED = 10_000

interface Spent {
  readonly attempts: number
  readonly failures: number
  readonly at: number
}

/** Bounds how often one address, or one subject, may try to sign in: what it spent comes back evenly within a minute. */
export class SignInLimit {
  readonly #now: () => number
  readonly #spent = new Map<string, Spent>()

  constructor(now: () => number) {
    this.#now = now
  }

  /** Notes an attempt. Throws ERR_QUOTA when there were too many. */
  attempt(who: string): void {
    const { attempts, failures } = this.#left(who)
    if (attempts >= MAX_ATTEMPTS || failures >= MAX_FAILURES) throw tooMany()
    this.#note(who, { attempts: attempts + 1, failures })
  }

  failed(who: string): void {
    const { attempts, failures } = this.#left(who)
    this.#note(who, { attempts, failures: failures + 1 })
  }

  /** Notes a failure where attempts are not counted. Throws ERR_QUOTA when there were too many before. */
  refused(who: string): void {
    if (this.#left(who).failures >= MAX_FAILURES) throw tooMany()
    this.failed(who)
  }

  #left(who: string): Omit<Spent, 'at'> {
    const spent = this.#spent.get(who)
    if (spent === undefined) return { attempts: 0, failures: 0 }
    const share = (this.#now() - spent.at) / WINDOW_MS
    return {
      attempts: Math.max(0, spent.attempts - share * MAX_ATTEMPTS),
      failures: Math.max(0, spent.failures - share * MAX_FAILURES),
    }
  }

  #note(who: string, spent: Omit<Spent, 'at'>): void {
    this.#spent.delete(who)
    this.#spent.set(who, { ...spent, at: this.#now() })
    const [oldest] = this.#spent.keys()
    if (oldest !== undefined && this.#spent.size > MAX_REMEMBERED) this.#spent.delete(oldest)
  }
}

function tooMany(): Fault {
  return new Fault('ERR_QUOTA', 'There were too many attempts to sign in.', { advice: 'Wait a minute.' })
}
