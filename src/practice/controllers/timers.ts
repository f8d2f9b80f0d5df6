/** Named timers: one of a name at a time, none keeps the process alive, all end together. */
export class Timers {
  readonly #pending = new Map<string, NodeJS.Timeout>()

  /**
   * Runs `action` after `ms`, unless a timer of that name is already waiting. What it throws is told as a warning of the
   * process: one object that a controller cannot bear must not stop the others.
   */
  after(ms: number, name: string, action: () => void): void {
    if (this.#pending.has(name)) return
    const timer = setTimeout(() => {
      this.#pending.delete(name)
      try {
        action()
      } catch (thrown) {
        process.emitWarning(`A controller of the practice cluster failed at ${name}: ${String(thrown)}`)
      }
    }, ms)
    timer.unref()
    this.#pending.set(name, timer)
  }

  close(): void {
    for (const timer of this.#pending.values()) clearTimeout(timer)
    this.#pending.clear()
  }
}
