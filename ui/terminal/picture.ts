import type { BrokerEvent, RequestNote } from '../../src/control/contract.ts'
import type { HeldRequest } from '../../src/model/held.ts'
import type { Session, SessionCounts } from '../../src/model/session.ts'

export type ClientEvent = BrokerEvent | { readonly type: 'lost'; readonly reason: string }

/** What a screen knows of the broker, folded from its events. */
export interface Picture {
  readonly link: 'connecting' | 'live' | 'lost' | 'ended'
  /** Why the broker is lost or has ended. */
  readonly trouble: string
  /** Oldest first, in every state. */
  readonly held: readonly HeldRequest[]
  /** Newest first, at most `maxNotes`. */
  readonly notes: readonly RequestNote[]
  readonly counts: SessionCounts
}

/** What a person should be told: a request began to wait, or stopped. */
export interface News {
  readonly kind: 'asked' | 'decided'
  readonly held: HeldRequest
}

/** More than any drawer shows; bounds the memory of a long session. */
const maxNotes = 50

export function emptyPicture(counts: SessionCounts): Picture {
  return { link: 'connecting', trouble: '', held: [], notes: [], counts }
}

/** One event on top of what is known. With `sessionID` only that session is of interest. */
export function fold(picture: Picture, event: ClientEvent, sessionID?: string): { picture: Picture; news: News[] } {
  const ours = (id: string) => sessionID === undefined || id === sessionID
  switch (event.type) {
    case 'hello': {
      const held = event.held.filter((one) => ours(one.sessionID)).toSorted(byAge)
      const session = event.sessions.find((one) => one.id === sessionID)
      return {
        picture: { ...picture, link: 'live', trouble: '', held, counts: session?.counts ?? picture.counts },
        news: held.flatMap((one) => newsOf(picture, one)),
      }
    }
    case 'held': {
      if (!ours(event.held.sessionID)) return { picture, news: [] }
      const others = picture.held.filter((one) => one.id !== event.held.id)
      return {
        picture: { ...picture, held: [...others, event.held].toSorted(byAge) },
        news: newsOf(picture, event.held),
      }
    }
    case 'session':
      return { picture: withSession(picture, event.session, sessionID), news: [] }
    case 'request': {
      if (!ours(event.note.sessionID)) return { picture, news: [] }
      return { picture: { ...picture, notes: [event.note, ...picture.notes].slice(0, maxNotes) }, news: [] }
    }
    case 'lost':
      return { picture: { ...picture, link: 'lost', trouble: event.reason }, news: [] }
    case 'goodbye':
      return { picture: { ...picture, link: 'ended', trouble: event.reason }, news: [] }
    case 'heartbeat':
      return { picture, news: [] }
  }
}

export function pending(picture: Picture): readonly HeldRequest[] {
  return picture.held.filter((held) => held.state === 'pending')
}

function withSession(picture: Picture, session: Session, sessionID: string | undefined): Picture {
  return session.id === sessionID ? { ...picture, counts: session.counts } : picture
}

function newsOf(before: Picture, held: HeldRequest): News[] {
  const was = before.held.find((one) => one.id === held.id)?.state
  if (held.state === 'pending') return was === undefined ? [{ kind: 'asked', held }] : []
  return was === 'pending' ? [{ kind: 'decided', held }] : []
}

function byAge(a: HeldRequest, b: HeldRequest): number {
  return Date.parse(a.createdAt) - Date.parse(b.createdAt) || a.id.localeCompare(b.id)
}
