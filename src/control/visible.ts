import { namesReviewer, type HeldRequest } from '../model/held.ts'
import type { Session } from '../model/session.ts'
import type { Sessions } from '../session/port.ts'
import type { BrokerEvent } from './contract.ts'
import type { Caller } from './caller.ts'

/** Groups whose people look after the broker. */
const officers = ['chaperone:operators', 'chaperone:reviewers']

/**
 * What of a broker its callers may see and end. The operator, and reviewers with tokens of their own, see all. Whoever merely
 * signed in sees their own sessions and requests, those of their agents, and what they may be asked to review.
 */
export class View {
  readonly #caller: Caller
  readonly #sessions: Pick<Sessions, 'get' | 'list'>

  constructor(caller: Caller, sessions: Pick<Sessions, 'get' | 'list'>) {
    this.#caller = caller
    this.#sessions = sessions
  }

  session({ subject }: Session): boolean {
    return this.#seesAll || this.#isOwn(subject)
  }

  held(held: HeldRequest): boolean {
    return this.#seesAll || this.#isOwn(held.subject) || namesReviewer(held, this.#caller.subject)
  }

  /** The event as this caller sees it; undefined when it does not. */
  event(event: BrokerEvent): BrokerEvent | undefined {
    switch (event.type) {
      case 'hello':
        return {
          ...event,
          held: event.held.filter((held) => this.held(held)),
          sessions: event.sessions.filter((session) => this.session(session)),
        }
      case 'held':
        return this.held(event.held) ? event : undefined
      case 'session':
        return this.session(event.session) ? event : undefined
      case 'request':
        return this.#seesAll || this.#isOfOwn(event.note.sessionID) ? event : undefined
      default:
        return event
    }
  }

  get #seesAll(): boolean {
    const { role, subject } = this.#caller
    return role !== 'person' || officers.some((group) => subject.groups.includes(group))
  }

  #isOwn({ name, uid, onBehalfOf }: Session['subject']): boolean {
    const { subject } = this.#caller
    return (name === subject.name && uid === subject.uid) || onBehalfOf === subject.name
  }

  #isOfOwn(sessionID: string): boolean {
    return this.#sessions.list().some((session) => session.id === sessionID && this.#isOwn(session.subject))
  }
}
