import { Fault } from '../model/fault.ts'

/** Attempts in a minute from one address, spread evenly; a build farm behind one address needs many. */
const MAX_ATTEMPTS = 600
/** Of these, those that failed. */
const MAX_FAILURES = 60
const WINDOW_MS = 60_000
const MAX_ADDRESSES = 10_000

interface Spent {
  readonly attempts: number
  readonly failures: number
  readonly at: number
}

/** Bounds how often one address may try to sign in: what it spent comes back evenly within a minute. */
export class SignInLimit {
  readonly #now: () => number
  readonly #spent = new Map<string, Spent>()

  constructor(now: () => number) {
    this.#now = now
  }

  /** Notes an attempt. Throws ERR_QUOTA when there were too many. */
  attempt(address: string): void {
    const { attempts, failures } = this.#left(address)
    if (attempts >= MAX_ATTEMPTS || failures >= MAX_FAILURES) throw tooMany()
    this.#note(address, { attempts: attempts + 1, failures })
  }

  failed(address: string): void {
    const { attempts, failures } = this.#left(address)
    this.#note(address, { attempts, failures: failures + 1 })
  }

  /** Notes a failure where attempts are not counted. Throws ERR_QUOTA when there were too many before. */
  refused(address: string): void {
    if (this.#left(address).failures >= MAX_FAILURES) throw tooMany()
    this.failed(address)
  }

  #left(address: string): Omit<Spent, 'at'> {
    const spent = this.#spent.get(address)
    if (spent === undefined) return { attempts: 0, failures: 0 }
    const share = (this.#now() - spent.at) / WINDOW_MS
    return {
      attempts: Math.max(0, spent.attempts - share * MAX_ATTEMPTS),
      failures: Math.max(0, spent.failures - share * MAX_FAILURES),
    }
  }

  #note(address: string, spent: Omit<Spent, 'at'>): void {
    this.#spent.delete(address)
    this.#spent.set(address, { ...spent, at: this.#now() })
    const [oldest] = this.#spent.keys()
    if (oldest !== undefined && this.#spent.size > MAX_ADDRESSES) this.#spent.delete(oldest)
  }
}

function tooMany(): Fault {
  return new Fault('ERR_QUOTA', 'Too many attempts to sign in came from this address.', { advice: 'Wait a minute.' })
}
