import { randomUUID } from 'node:crypto'
import type { Session } from '../model/session.ts'
import { makeAuthenticators } from './authenticators.ts'
import type { CompileExpression } from './claims.ts'
import { Credentials, type CredentialParts } from './credentials.ts'
import { makeExchange, type ClientSessions } from './exchange.ts'
import type { FetchDocument } from './key-source.ts'
import { makeVerifyPerson, withPeople, type VerifyPerson } from './person.ts'
import type { Authenticators, Exchange, IssuerConfig, PeopleConfig, SubjectList } from './port.ts'
import { isOutdated } from './relisted.ts'
import { SignInLimit } from './sign-in-limit.ts'
import { SpentTokens, type KeptSpent } from './spent-tokens.ts'
import { isSubjectToken, makeVerifySubject } from './subject-token.ts'
import { eitherOf, makeTokenReview, type ReviewToken } from './token-review.ts'

export interface IssuanceParts {
  readonly jwt: readonly IssuerConfig[]
  readonly people: PeopleConfig | undefined
  /** Instead of `people`: who is known by a key, as of now. */
  readonly subjects?: (() => SubjectList) | undefined
  readonly review: { readonly ask: ReviewToken; readonly reservedNames: readonly string[] } | undefined
  readonly lifetimeMs: number
  readonly key: CredentialParts['key']
  /** Which cluster the credentials are for. */
  readonly audience: string
  readonly sessions: ClientSessions
  readonly fetch: FetchDocument
  readonly compile: CompileExpression
  readonly mode: Session['mode']
  /** Tokens of sessions that were ended; absent = they are forgotten with the broker. */
  readonly spent?: KeptSpent
}

export interface Issuance {
  readonly exchange: Exchange
  /** Undefined where nobody signs in. */
  readonly person: VerifyPerson | undefined
  /** The living session of a credential; asked on every request. */
  sessionOf(token: string): Session | undefined
  /** To be called before the broker ends its sessions: their tokens stay good for the next one. */
  close(): void
}

/** All that gives out credentials and knows them again. Throws ERR_CONFIG. */
export function makeIssuance(parts: IssuanceParts): Issuance {
  const { sessions, lifetimeMs, key, audience, mode, review } = parts
  const any = makeAuthenticators(parts.jwt, { fetch: parts.fetch, compile: parts.compile, now: () => new Date() })
  const { person, authenticators: jwt } = withPersons(any, parts)
  const credentials = new Credentials({ key, audience, now: Date.now, newID: randomUUID })
  const spent = new SpentTokens(parts.spent)
  return {
    exchange: makeExchange({
      authenticators: review === undefined ? jwt : eitherOf(jwt, makeTokenReview(review.ask, review.reservedNames)),
      sessions,
      credentials,
      limit: new SignInLimit(Date.now),
      asksCluster: (token) => review !== undefined && !jwt.knows(token),
      lifetimeMs,
      now: Date.now,
      mode,
      spent,
      isOutdated: (subject) => parts.subjects !== undefined && isOutdated(subject, parts.subjects()),
    }),
    person,
    sessionOf: (token) => {
      const id = credentials.check(token)
      return id === undefined ? undefined : sessions.living(id)
    },
    close: () => spent.close(),
  }
}

type Known = Authenticators & { knows(token: string): boolean }

function withPersons(
  any: Known,
  { people, subjects }: Pick<IssuanceParts, 'people' | 'subjects'>,
): { readonly person: VerifyPerson | undefined; readonly authenticators: Known } {
  if (people !== undefined) {
    const person = makeVerifyPerson(any, people, Date.now)
    return { person, authenticators: withPeople(any, people, person) }
  }
  if (subjects === undefined) return { person: undefined, authenticators: any }
  const person = makeVerifySubject(subjects, Date.now)
  return {
    person,
    authenticators: {
      knows: (token) => isSubjectToken(token) || any.knows(token),
      verify: async (token) => (isSubjectToken(token) ? (await person(token)).subject : any.verify(token)),
    },
  }
}
