/** Watches and streams of one session. k9s keeps a few dozen; a program that leaks them must not take them all. */
const MAX_STREAMS_PER_SESSION = 100

/** Counts what runs long, by session. */
export class StreamLimit {
  readonly #running = new Map<string, number>()

  /** Takes a place and returns how to give it back; undefined when the session has no place left. */
  enter(sessionID: string): (() => void) | undefined {
    const running = this.#running.get(sessionID) ?? 0
    if (running >= MAX_STREAMS_PER_SESSION) return undefined
    this.#running.set(sessionID, running + 1)
    return () => this.#leave(sessionID)
  }

  #leave(sessionID: string): void {
    const running = (this.#running.get(sessionID) ?? 0) - 1
    if (running > 0) this.#running.set(sessionID, running)
    else this.#running.delete(sessionID)
  }
}
