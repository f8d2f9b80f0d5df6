/** Callers of one rule that are remembered; each keeps as many times as its limit. */
const MAX_CALLERS = 2000

/** How often callers did what a rule limits. Times are milliseconds since the epoch. */
export class Usage {
  /** By rule, then by caller: times, oldest first; the caller who acted last stands last. Callers of one rule displace none of another. */
  readonly #rules = new Map<string, Map<string, number[]>>()

  /** How many times within the last `perMs`. */
  count(rule: string, caller: string, perMs: number, now: number): number {
    const times = this.#rules.get(rule)?.get(caller) ?? []
    return times.length - firstAfter(times, now - perMs)
  }

  /** Notes one more; no more than `limit` are kept, since more make no difference. */
  note(rule: string, caller: string, limit: number, now: number): void {
    const callers = this.#rules.get(rule) ?? new Map<string, number[]>()
    this.#rules.set(rule, callers)
    const times = callers.get(caller) ?? []
    times.push(now)
    if (times.length > limit) times.shift()
    callers.delete(caller)
    callers.set(caller, times)
    const [oldest] = callers.keys()
    if (oldest !== undefined && callers.size > MAX_CALLERS) callers.delete(oldest)
  }
}

/** Index of the first time after `then`. */
function firstAfter(times: readonly number[], then: number): number {
  const index = times.findIndex((time) => time > then)
  return index === -1 ? times.length : index
}
