import { decodeJwt, decodeProtectedHeader } from 'jose'
import { Fault } from '../model/fault.ts'
import type { Subject } from '../model/subject.ts'
import { countsUntil } from './id-token.ts'
import type { Authenticators, PeopleConfig } from './port.ts'

/** A person who signed in. */
export interface Person {
  readonly subject: Subject
  /** Milliseconds since the epoch: by then the sign-in has to be refreshed. */
  readonly until: number
}

/** Rejects with ERR_UNAUTHENTICATED for all that is not the ID token of a person. */
export type VerifyPerson = (idToken: string) => Promise<Person>

/**
 * Verifies ID tokens of the provider where people sign in. A token of another issuer, as of a CI, speaks for no person, and
 * neither does an access token of the same provider, which other services hold as well.
 */
export function makeVerifyPerson(
  authenticators: Authenticators,
  people: PeopleConfig,
  now: () => number,
): VerifyPerson {
  return async (idToken) => {
    const subject = await authenticators.verify(idToken)
    const { iss, aud, azp, typ } = decodeJwt(idToken)
    const { typ: headerTyp = 'JWT' } = decodeProtectedHeader(idToken)
    if (iss !== people.issuer) throw refused(`People sign in at ${people.issuer}, and this token comes from elsewhere.`)
    // RFC 9068 section 2.1 for the header; Keycloak tells its kinds of tokens apart in the payload.
    const isIDToken = headerTyp.toUpperCase() === 'JWT' && (typ === undefined || typ === 'ID')
    const audiences = [aud].flat()
    // OpenID Connect Core 1.0 section 3.1.3.7: one for several clients has to say which of them asked for it.
    const party = azp ?? (audiences.length === 1 ? people.clientID : undefined)
    const isOurs = audiences.includes(people.clientID) && party === people.clientID
    if (!isIDToken || !isOurs) throw refused('This is no ID token that was made for Chaperone.')
    if (subject.onBehalfOf !== undefined)
      throw refused(`${subject.name} is no person: it acts for ${subject.onBehalfOf}.`)
    const until = countsUntil(idToken)
    if (until <= now()) throw refused('The sign-in has to be refreshed.')
    return { subject, until }
  }
}

/** Verifies tokens of any issuer; those that speak for a person as strictly as everywhere. */
export function withPeople<A extends Authenticators>(authenticators: A, people: PeopleConfig, person: VerifyPerson): A {
  const speaksForPerson = (token: string) => {
    try {
      const { iss, aud } = decodeJwt(token)
      return iss === people.issuer && [aud].flat().includes(people.clientID)
    } catch {
      return false // Whoever verifies it says what is wrong with it.
    }
  }
  return {
    ...authenticators,
    verify: async (token) => (speaksForPerson(token) ? (await person(token)).subject : authenticators.verify(token)),
  }
}

function refused(message: string): Fault {
  return new Fault('ERR_UNAUTHENTICATED', message, { advice: 'Run `chaperone login`.' })
}
