import { samePerson, type Subject } from '../model/subject.ts'
import type { BrokerEvent, RequestNote } from './contract.ts'

/** A reader this far behind is cut off; it reconnects and gets a fresh `hello`. Bounds memory per screen. */
const maxBacklog = 10_000

/** Ended requests that a screen which comes later is told of; some 400 bytes each. */
const maxRecent = 2000

/** Who reads a stream. */
export interface Reader {
  readonly subject: Subject
  /** True of one who may review, and looks at the sessions of others. */
  readonly watches: boolean
}

/** Fans broker events out to screens, each with its own bounded queue, so that a slow one never holds the others. */
export class EventHub {
  readonly #streams = new Map<EventStream, Reader>()
  #recent: RequestNote[] = []

  publish(event: BrokerEvent): void {
    if (event.type === 'request') this.#keep(event.note)
    for (const stream of this.#streams.keys()) stream.push(event)
  }

  open(reader: Reader): EventStream {
    const stream: EventStream = new EventStream(() => this.#streams.delete(stream))
    this.#streams.set(stream, reader)
    return stream
  }

  /** Ends the streams of these readers, who have to say anew who they are. */
  dismiss(is: (subject: Subject) => boolean): void {
    for (const [stream, { subject }] of this.#streams) if (is(subject)) stream.end({ type: 'renew' })
  }

  /** The latest ended requests of a session, oldest first. */
  recent(sessionID: string): readonly RequestNote[] {
    return this.#recent.filter((note) => note.sessionID === sessionID)
  }

  /** True while a reviewer other than `subject` has a screen open. */
  isWatched(subject: Subject): boolean {
    return [...this.#streams.values()].some((reader) => reader.watches && !samePerson(reader.subject, subject))
  }

  get readers(): number {
    return this.#streams.size
  }

  close(reason: string): void {
    this.publish({ type: 'goodbye', reason })
    for (const stream of this.#streams.keys()) stream.end()
  }

  #keep(note: RequestNote): void {
    this.#recent.push(note)
    if (this.#recent.length > 2 * maxRecent) this.#recent = this.#recent.slice(-maxRecent)
  }
}

/** One screen's queue of events: iterate it to the end, or call `end`. */
export class EventStream implements AsyncIterable<BrokerEvent> {
  readonly #queue: BrokerEvent[] = []
  readonly #onEnd: () => void
  #wake: (() => void) | undefined
  #ended = false

  constructor(onEnd: () => void) {
    this.#onEnd = onEnd
  }

  push(event: BrokerEvent): void {
    if (this.#ended) return
    this.#queue.push(event)
    if (this.#queue.length > maxBacklog) this.end()
    this.#wake?.()
  }

  /** `last` still reaches its reader. */
  end(last?: BrokerEvent): void {
    if (this.#ended) return
    if (last !== undefined) this.#queue.push(last)
    this.#ended = true
    this.#onEnd()
    this.#wake?.()
  }

  async *[Symbol.asyncIterator](): AsyncIterator<BrokerEvent> {
    for (;;) {
      const event = this.#queue.shift()
      if (event !== undefined) yield event
      else if (this.#ended) return
      else await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }
}
