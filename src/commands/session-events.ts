import type { ClientEvent, ControlClient, RequestNote } from '../control/contract.ts'
import type { HeldRequest } from '../model/held.ts'
import type { Session } from '../model/session.ts'

/** What happens in a session, and between it and its broker. */
export type SessionEvent =
  | { readonly type: 'held'; readonly held: HeldRequest }
  | { readonly type: 'request'; readonly note: RequestNote }
  | { readonly type: 'lost'; readonly reason: string }
  /** After it was lost; `known`: the session still is one of its. */
  | { readonly type: 'back'; readonly known: boolean }
  | { readonly type: 'ended'; readonly reason: string }

/** More than a broker repeats when it is connected to again. */
const maxNoted = 5000

/** Reads the broker's event stream for one session; while it is open, the broker keeps the session alive. */
export class SessionEvents {
  readonly #stop = new AbortController()
  readonly #listeners = new Set<(event: SessionEvent) => void>()
  readonly #noted = new Set<string>()
  readonly #states = new Map<string, string>()
  readonly #done: Promise<void>
  #session: Session
  #isLost = false

  constructor(client: ControlClient, session: Session) {
    this.#session = session
    this.#done = this.#read(client)
  }

  /** As the broker told it last. */
  get session(): Session {
    return this.#session
  }

  subscribe(listener: (event: SessionEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#done
  }

  async #read(client: ControlClient): Promise<void> {
    for await (const event of client.events(this.#stop.signal)) this.#take(event)
  }

  #take(event: ClientEvent): void {
    switch (event.type) {
      case 'hello':
        this.#greet(event.sessions)
        for (const note of event.notes ?? []) this.#takeNote(note)
        for (const held of event.held) this.#takeHeld(held)
        return
      case 'held':
        this.#takeHeld(event.held)
        return
      case 'request':
        this.#takeNote(event.note)
        return
      case 'goodbye':
        this.#tell({ type: 'ended', reason: event.reason })
        return
      case 'lost':
        // Told once, not again at each attempt to reconnect.
        if (!this.#isLost) this.#tell(event)
        this.#isLost = true
        return
      case 'refused':
        if (!this.#isLost) this.#tell({ type: 'lost', reason: event.reason })
        this.#isLost = true
        return
      case 'session':
        if (event.session.id === this.#session.id) this.#session = event.session
        return
      case 'heartbeat':
        return
    }
  }

  #greet(sessions: readonly Session[]): void {
    const session = sessions.find(({ id }) => id === this.#session.id)
    this.#session = session ?? this.#session
    if (this.#isLost) this.#tell({ type: 'back', known: session?.endedAt === undefined && session !== undefined })
    this.#isLost = false
  }

  /** What ended while there was no connection is told after it, and nothing twice. */
  #takeNote(note: RequestNote): void {
    if (note.sessionID !== this.#session.id || this.#noted.has(note.auditID)) return
    const [oldest] = this.#noted
    if (oldest !== undefined && this.#noted.size >= maxNoted) this.#noted.delete(oldest)
    this.#noted.add(note.auditID)
    this.#tell({ type: 'request', note })
  }

  /** A reconnect repeats what is known: only a change of state is news. */
  #takeHeld(held: HeldRequest): void {
    if (held.sessionID !== this.#session.id || this.#states.get(held.id) === held.state) return
    this.#states.set(held.id, held.state)
    this.#tell({ type: 'held', held })
  }

  #tell(event: SessionEvent): void {
    for (const listener of this.#listeners) listener(event)
  }
}
