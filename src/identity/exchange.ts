import { Fault, toFault } from '../model/fault.ts'
import type { Mode, Session } from '../model/session.ts'
import type { Subject } from '../model/subject.ts'
import type { Credentials } from './credentials.ts'
import type { Authenticators, Exchange } from './port.ts'
import type { SignInLimit } from './sign-in-limit.ts'
import type { SpentTokens } from './spent-tokens.ts'

/** Sessions of one subject that may run at once, and of all. */
const MAX_OF_ONE = 100
const MAX_OF_ALL = 5_000

/** Kept from a credential's life for what happens after a wait: its holder must still be known then. */
const ANSWER_MS = 30_000

/** The sessions that an exchange begins and prolongs. */
export interface ClientSessions {
  beginClient(ask: {
    readonly subject: Subject
    readonly mode: Mode
    readonly command: readonly string[]
    readonly waitMs: number
    readonly reason?: string
    readonly expiresAt: number
  }): Session
  /** Undefined when the session is unknown or has ended. */
  living(id: string): Session | undefined
  prolong(id: string, subject: Subject, expiresAt: number): Session
  active(): readonly Session[]
  /** Tells of every change of a session. */
  subscribe(listener: (session: Session) => void): void
}

export interface ExchangeParts {
  readonly authenticators: Authenticators
  readonly sessions: ClientSessions
  readonly credentials: Credentials
  readonly limit: SignInLimit
  /** True of a token that only the cluster can verify. */
  readonly asksCluster: (token: string) => boolean
  readonly lifetimeMs: number
  readonly now: () => number
  readonly mode: Mode
  readonly spent: SpentTokens
  /** True of a subject that is known otherwise now than when its token was looked at, or not any more. */
  readonly isOutdated: (subject: Subject) => boolean
}

/**
 * Exchanges a subject's own token for a credential of the broker (in the manner of RFC 8693). The credential belongs to a new
 * session, or to `sessionID` while that lives and is the same subject's: what the new token says of the subject, as its
 * groups, is in force at once for all credentials of the session. A token whose session was ended early opens no other.
 */
export function makeExchange(parts: ExchangeParts): Exchange {
  const { sessions, credentials, spent } = parts
  sessions.subscribe(spent.changed)
  return async ({ subjectToken, kind, waitMs, reason = '', sessionID, address }) => {
    const subject = await verified(parts, subjectToken, address)
    // Nothing waits from here to the session: what ends those of a removed subject goes through the running ones.
    if (spent.isSpent(subjectToken)) throw revoked(subject)
    if (parts.isOutdated(subject)) throw outdated(subject)
    const until = parts.now() + parts.lifetimeMs
    const before = sessionID === undefined ? undefined : sessions.living(sessionID)
    if (before === undefined) assertRoom(sessions, subject)
    const session =
      before === undefined
        ? sessions.beginClient({
            subject,
            mode: parts.mode,
            command: [kind],
            reason,
            waitMs: Math.max(0, Math.min(waitMs, parts.lifetimeMs - ANSWER_MS)),
            expiresAt: until,
          })
        : sessions.prolong(own(before, subject).id, subject, until)
    spent.used(subjectToken, session.id)
    const { token, expiresAt } = credentials.issue({ id: session.id, subject: subject.name }, parts.lifetimeMs)
    return { subject, sessionID: session.id, token, expiresAt: new Date(expiresAt).toISOString() }
  }
}

/**
 * All callers of one machine share an address: where a signature tells, only those that fail are limited by it, so that a program
 * cannot keep others from signing in, and each subject has attempts of its own. Where the cluster is asked, all are limited before.
 */
async function verified(
  { authenticators, limit, asksCluster }: ExchangeParts,
  token: string,
  address: string,
): Promise<Subject> {
  const asks = asksCluster(token)
  if (asks) limit.attempt(address)
  const subject = await authenticators.verify(token).catch((thrown: unknown) => {
    if (toFault(thrown).code === 'ERR_UNAUTHENTICATED') limit.refused(address)
    throw thrown
  })
  if (!asks) limit.attempt(`subject ${subject.name}`)
  return subject
}

function own(session: Session, subject: Subject): Session {
  const { name, uid, onBehalfOf } = session.subject
  const isSame = name === subject.name && uid === subject.uid && onBehalfOf === subject.onBehalfOf
  if (isSame && session.kind === 'client') return session
  throw new Fault('ERR_FORBIDDEN', `Session ${session.id} belongs to someone else.`)
}

function revoked({ name }: Subject): Fault {
  return new Fault('ERR_UNAUTHENTICATED', `The session that ${name} opened with this token was ended.`, {
    advice: 'Ask whoever runs the broker why; another session takes a new token of the issuer.',
  })
}

function outdated({ name }: Subject): Fault {
  return new Fault('ERR_UNAUTHENTICATED', `What is known of ${name} changed while the token was looked at.`, {
    advice: 'Try again.',
  })
}

function assertRoom(sessions: ClientSessions, subject: Subject): void {
  const active = sessions.active().filter(({ kind }) => kind === 'client')
  const ofOne = active.filter(({ subject: { name } }) => name === subject.name).length
  if (active.length < MAX_OF_ALL && ofOne < MAX_OF_ONE) return
  throw new Fault('ERR_QUOTA', `${subject.name} has more sessions than may run at once.`, {
    advice: 'Name the session to prolong, or wait until some of them have expired.',
  })
}
