import type { ClientEvent, RequestNote } from '../../src/control/contract.ts'
import type { HeldRequest } from '../../src/model/held.ts'
import type { Session, SessionCounts } from '../../src/model/session.ts'

/** What a screen knows of the broker, folded from its events. */
export interface Picture {
  /** `expired`: the broker is there, but the session is not any more; `refused`: it does not know who looks (any more). */
  readonly link: 'connecting' | 'live' | 'lost' | 'refused' | 'ended' | 'expired'
  /** Why the broker is lost or has ended. */
  readonly trouble: string
  /** Oldest first, in every state. */
  readonly held: readonly HeldRequest[]
  /** Newest first, at most `maxNotes`. */
  readonly notes: readonly RequestNote[]
  readonly counts: SessionCounts
  /** The session as the broker last told it; undefined before, and on screens that follow no session. */
  readonly session: Session | undefined
  /** Since when the link is what it is; milliseconds since the epoch. */
  readonly since: number
}

/** What a person should be told: a request began to wait, or stopped. */
export interface News {
  readonly kind: 'asked' | 'decided'
  readonly held: HeldRequest
}

/** Bounds the memory of a long session: some 600 bytes each. What is older is in the journal. */
const maxNotes = 5000

export function emptyPicture(counts: SessionCounts): Picture {
  return { link: 'connecting', trouble: '', held: [], notes: [], counts, session: undefined, since: 0 }
}

/**
 * One event on top of what is known. With `sessionID` only that session is of interest. `now`: milliseconds since the
 * epoch.
 */
export function fold(
  picture: Picture,
  event: ClientEvent,
  now: number,
  sessionID?: string,
): { picture: Picture; news: News[] } {
  const ours = (id: string) => sessionID === undefined || id === sessionID
  const turn = (link: Picture['link']) => ({ link, since: picture.link === link ? picture.since : now })
  switch (event.type) {
    case 'hello': {
      const held = event.held.filter((one) => ours(one.sessionID)).toSorted(byAge)
      const session = event.sessions.find((one) => one.id === sessionID)
      return {
        picture: {
          ...picture,
          ...turn(sessionID !== undefined && session === undefined ? 'expired' : linkOf(session)),
          trouble: '',
          held,
          notes: merged(
            picture.notes,
            (event.notes ?? []).filter((note) => ours(note.sessionID)),
          ),
          counts: session?.counts ?? picture.counts,
          session: session ?? picture.session,
        },
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
      if (event.session.id !== sessionID) return { picture, news: [] }
      return {
        picture: { ...picture, ...turn(linkOf(event.session)), counts: event.session.counts, session: event.session },
        news: [],
      }
    case 'request': {
      if (!ours(event.note.sessionID)) return { picture, news: [] }
      return { picture: { ...picture, notes: [event.note, ...picture.notes].slice(0, maxNotes) }, news: [] }
    }
    case 'lost':
      return { picture: { ...picture, ...turn('lost'), trouble: event.reason }, news: [] }
    case 'refused':
      return {
        picture: {
          ...picture,
          ...turn('refused'),
          trouble: event.reason,
          // Whoever is not let in any more has nothing to look at but what is their own.
          ...(sessionID === undefined ? { held: [], notes: [] } : {}),
        },
        news: [],
      }
    case 'goodbye':
      return { picture: { ...picture, ...turn('ended'), trouble: event.reason }, news: [] }
    case 'heartbeat':
      return { picture, news: [] }
  }
}

export function pending(picture: Picture): readonly HeldRequest[] {
  return picture.held.filter((held) => held.state === 'pending')
}

function linkOf(session: Session | undefined): Picture['link'] {
  return session?.endedAt === undefined ? 'live' : 'expired'
}

/** After a gap the broker repeats what it knows: what is known here stays, and nothing is there twice. */
function merged(notes: readonly RequestNote[], told: readonly RequestNote[]): readonly RequestNote[] {
  const known = new Set(notes.map(({ auditID }) => auditID))
  const fresh = told.filter(({ auditID }) => !known.has(auditID))
  return fresh.length === 0 ? notes : [...fresh.toReversed(), ...notes].slice(0, maxNotes)
}

function newsOf(before: Picture, held: HeldRequest): News[] {
  const was = before.held.find((one) => one.id === held.id)?.state
  if (held.state === 'pending') return was === undefined ? [{ kind: 'asked', held }] : []
  return was === 'pending' ? [{ kind: 'decided', held }] : []
}

function byAge(a: HeldRequest, b: HeldRequest): number {
  return Date.parse(a.createdAt) - Date.parse(b.createdAt) || a.id.localeCompare(b.id)
}
