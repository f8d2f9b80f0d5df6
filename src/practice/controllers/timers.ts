/** Named timers: one of a name at a time, none keeps the process alive, all end together. */
export class Timers {
  readonly #pending = new Map<string, NodeJS.Timeout>()

  /** Runs `action` after `ms`, unless a timer of that name is already waiting. */
  after(ms: number, name: string, action: () => void): void {
    if (this.#pending.has(name)) return
    const timer = setTimeout(() => {
      this.#pending.delete(name)
      action()
    }, ms)
    timer.unref()
    this.#pending.set(name, timer)
  }

  close(): void {
    for (const timer of this.#pending.values()) clearTimeout(timer)
    this.#pending.clear()
  }
}
