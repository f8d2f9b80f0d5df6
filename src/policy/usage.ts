/** Callers of one rule that are remembered; each keeps as many times as its limit. */
const MAX_CALLERS = 2000

/** How often callers did what a rule limits. Times are milliseconds since the epoch. */
export class Usage {
  /** Times, oldest first, by rule and caller; whoever acted last stands last. */
  readonly #times = new Map<string, number[]>()

  /** How many times within the last `perMs`. */
  count(rule: string, caller: string, perMs: number, now: number): number {
    const times = this.#times.get(keyOf(rule, caller)) ?? []
    return times.length - firstAfter(times, now - perMs)
  }

  /** Notes one more; no more than `limit` are kept, since more make no difference. */
  note(rule: string, caller: string, limit: number, now: number): void {
    const key = keyOf(rule, caller)
    const times = this.#times.get(key) ?? []
    times.push(now)
    if (times.length > limit) times.shift()
    this.#times.delete(key)
    this.#times.set(key, times)
    const [oldest] = this.#times.keys()
    if (oldest !== undefined && this.#times.size > MAX_CALLERS) this.#times.delete(oldest)
  }
}

function keyOf(rule: string, caller: string): string {
  return JSON.stringify([rule, caller])
}

/** Index of the first time after `then`. */
function firstAfter(times: readonly number[], then: number): number {
  const index = times.findIndex((time) => time > then)
  return index === -1 ? times.length : index
}
