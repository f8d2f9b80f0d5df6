import type { ClaimMapping, IssuerConfig, PeopleConfig } from '../identity/port.ts'
import { Fault } from '../model/fault.ts'
import { parseDuration } from './duration.ts'
import type { IdentityFile } from './identity-schema.ts'

/** Whom the broker trusts to say who calls. */
export interface IdentityConfig {
  /** Where people sign in; absent = they are who the operating system says. */
  readonly people?: PeopleConfig
  /** Absolute path of the subjects file; absent = there is none. */
  readonly subjects?: string
  readonly jwt: readonly IssuerConfig[]
  readonly tokenReview: { readonly audiences: readonly string[]; readonly reservedNames: readonly string[] } | undefined
  readonly credentialLifetimeMs: number
}

const DEFAULT_LIFETIME = '10m'
const MIN_LIFETIME_MS = 60_000
const MAX_LIFETIME_MS = 3_600_000

/** The identity section as the broker uses it, paths made whole by `beside`; undefined where the file has none. Throws ERR_CONFIG. */
export function identityOf(
  file: IdentityFile | undefined,
  beside: (path: string) => string,
): IdentityConfig | undefined {
  if (file === undefined) return undefined
  const credentialLifetimeMs = parseDuration(file.credentialLifetime ?? DEFAULT_LIFETIME, 'credentialLifetime')
  if (credentialLifetimeMs < MIN_LIFETIME_MS || credentialLifetimeMs > MAX_LIFETIME_MS) {
    throw new Fault('ERR_CONFIG', 'identity.credentialLifetime must lie between 1m and 1h.', {
      advice: 'Nothing was started.',
    })
  }
  const jwt = (file.jwt ?? []).map(issuerOf)
  return {
    jwt,
    tokenReview: file.tokenReview,
    credentialLifetimeMs,
    ...(file.people === undefined ? {} : { people: peopleOf(file.people, jwt) }),
    ...(file.subjects === undefined ? {} : { subjects: beside(file.subjects) }),
  }
}

function peopleOf(people: NonNullable<IdentityFile['people']>, jwt: readonly IssuerConfig[]): PeopleConfig {
  const { issuer, clientID, scopes } = people
  const entry = jwt.find(({ issuer: { url } }) => url === issuer)
  const certificateAuthority = people.certificateAuthority ?? entry?.issuer.certificateAuthority
  return {
    issuer,
    clientID,
    ...(scopes === undefined ? {} : { scopes }),
    ...(certificateAuthority === undefined ? {} : { certificateAuthority }),
  }
}

function issuerOf(one: NonNullable<IdentityFile['jwt']>[number]): IssuerConfig {
  const { url, discoveryURL, certificateAuthority, audiences, audienceMatchPolicy } = one.issuer
  if (audiences.length > 1 && audienceMatchPolicy === undefined) {
    throw new Fault('ERR_CONFIG', `identity.jwt[${url}].issuer has more than one audience.`, {
      advice: 'Write audienceMatchPolicy: MatchAny beside them: a token for any of them is then taken.',
    })
  }
  const { username, groups, uid, extra = [], onBehalfOf } = one.claimMappings
  return {
    issuer: {
      url,
      audiences,
      ...(discoveryURL === undefined ? {} : { discoveryURL }),
      ...(certificateAuthority === undefined ? {} : { certificateAuthority }),
    },
    claimValidationRules: (one.claimValidationRules ?? []).map(({ claim, requiredValue = '', expression, message }) =>
      expression === undefined ? { claim: claim ?? '', requiredValue } : { expression, message: message ?? '' },
    ),
    claimMappings: {
      username: mappingOf(username),
      extra,
      ...(groups === undefined ? {} : { groups: mappingOf(groups) }),
      ...(uid === undefined ? {} : { uid: mappingOf(uid) }),
      ...(onBehalfOf === undefined ? {} : { onBehalfOf: mappingOf(onBehalfOf) }),
    },
    userValidationRules: (one.userValidationRules ?? []).map(({ expression, message = '' }) => ({
      expression,
      message,
    })),
    reservedNames: one.reservedNames ?? [],
    ...(one.authorizedParties === undefined ? {} : { authorizedParties: one.authorizedParties }),
  }
}

function mappingOf(mapping: {
  claim?: string | undefined
  prefix?: string | undefined
  expression?: string | undefined
}): ClaimMapping {
  const { claim, prefix = '', expression } = mapping
  return expression === undefined ? { claim: claim ?? '', prefix } : { expression }
}
