import { Fault } from '../model/fault.ts'
import type { ReasonCode } from '../model/decision.ts'
import { shortId } from '../model/id.ts'
import type { Mode, Session, SessionCounts } from '../model/session.ts'
import type { Subject } from '../model/subject.ts'
import type { Sessions } from './port.ts'

interface Entry {
  session: Session
  /** Hash of the token; empty for a client, whose credentials are kept elsewhere. */
  readonly credential: string
}

/** Ended sessions of clients that stay in lists; a build farm makes thousands a day. */
const MAX_ENDED_CLIENTS = 200

/** What sessions need from outside: time, randomness, and a way to make and recognise tokens. */
export interface SessionParts {
  readonly now: () => Date
  readonly random: (bytes: number) => Uint8Array
  readonly newToken: () => string
  readonly hash: (token: string) => string
}

/** The sessions of one broker, in memory: a session and its token never outlive the broker that made them. */
export class SessionRegistry implements Sessions {
  readonly #parts: SessionParts
  readonly #byID = new Map<string, Entry>()
  readonly #byCredential = new Map<string, string>()
  readonly #listeners = new Set<(session: Session) => void>()

  constructor(parts: SessionParts) {
    this.#parts = parts
  }

  begin(ask: Parameters<Sessions['begin']>[0]): ReturnType<Sessions['begin']> {
    const token = this.#parts.newToken()
    const credential = this.#parts.hash(token)
    const { expiresAt, ...rest } = ask
    const end = expiresAt === undefined ? {} : { expiresAt: new Date(expiresAt).toISOString() }
    const session = this.#add({ ...rest, ...end }, credential)
    this.#byCredential.set(credential, session.id)
    return { session, token }
  }

  /** Starts the session of a client; `expiresAt` in milliseconds since the epoch. */
  beginClient(ask: {
    readonly subject: Subject
    readonly mode: Mode
    readonly command: readonly string[]
    readonly waitMs: number
    readonly reason?: string
    readonly expiresAt: number
  }): Session {
    return this.#add({ ...ask, kind: 'client', expiresAt: new Date(ask.expiresAt).toISOString() }, '')
  }

  /** The session while it runs, and until it expires where it does. */
  living(id: string): Session | undefined {
    const session = this.#byID.get(id)?.session
    if (session === undefined || session.endedAt !== undefined || this.#hasExpired(session)) return undefined
    return session
  }

  /** Gives a session more time, and what is known of its subject now. Throws ERR_NOT_FOUND. */
  prolong(id: string, subject: Subject, expiresAt: number): Session {
    return this.#change(id, { subject, expiresAt: new Date(expiresAt).toISOString() })
  }

  /** Those whose time is over but who have not been ended. */
  expired(): readonly Session[] {
    return this.active().filter((session) => this.#hasExpired(session))
  }

  /** The live session of a token, or undefined when there is none, it has ended or its time is over. */
  byToken(token: string): Session | undefined {
    const id = this.#byCredential.get(this.#parts.hash(token))
    return id === undefined ? undefined : this.living(id)
  }

  get(id: string): Session {
    return this.#entry(id).session
  }

  list(): readonly Session[] {
    return Array.from(this.#byID.values(), (entry) => entry.session)
  }

  active(): readonly Session[] {
    return this.list().filter((session) => session.endedAt === undefined)
  }

  nameRecording(id: string, recording: string): Session {
    return this.#change(id, { recording })
  }

  /** Adds to the counts; sessions that are gone are ignored, since requests may end after their session. */
  count(id: string, more: Partial<SessionCounts>, lastReason?: ReasonCode): void {
    const entry = this.#byID.get(id)
    if (entry === undefined) return
    const { requests, held, denied, masked } = entry.session.counts
    this.#change(id, {
      counts: {
        requests: requests + (more.requests ?? 0),
        held: held + (more.held ?? 0),
        denied: denied + (more.denied ?? 0),
        masked: masked + (more.masked ?? 0),
      },
      ...(lastReason === undefined ? {} : { lastReason }),
    })
  }

  end(id: string): Session {
    const entry = this.#entry(id)
    if (entry.session.endedAt !== undefined) return entry.session
    this.#byCredential.delete(entry.credential)
    const ended = this.#change(id, { endedAt: this.#parts.now().toISOString() })
    if (ended.kind === 'client') this.#forgetOldest()
    return ended
  }

  subscribe(listener: (session: Session) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #add(ask: Pick<Session, 'kind' | 'subject' | 'mode' | 'command'> & Partial<Session>, credential: string): Session {
    const session: Session = {
      ...ask,
      id: shortId('s', 8, this.#parts.random),
      startedAt: this.#parts.now().toISOString(),
      recording: '',
      counts: { requests: 0, held: 0, denied: 0, masked: 0 },
    }
    this.#byID.set(session.id, { session, credential })
    this.#announce(session)
    return session
  }

  #hasExpired({ expiresAt }: Session): boolean {
    return expiresAt !== undefined && Date.parse(expiresAt) <= this.#parts.now().getTime()
  }

  #forgetOldest(): void {
    const ended = this.list().filter(({ kind, endedAt }) => kind === 'client' && endedAt !== undefined)
    if (ended.length > MAX_ENDED_CLIENTS && ended[0] !== undefined) this.#byID.delete(ended[0].id)
  }

  #entry(id: string): Entry {
    const entry = this.#byID.get(id)
    if (entry === undefined) throw new Fault('ERR_NOT_FOUND', `There is no session ${id} in this broker.`)
    return entry
  }

  #change(id: string, change: Partial<Session>): Session {
    const entry = this.#entry(id)
    entry.session = { ...entry.session, ...change }
    this.#announce(entry.session)
    return entry.session
  }

  #announce(session: Session): void {
    for (const listener of this.#listeners) listener(session)
  }
}
