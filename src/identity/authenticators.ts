import { decodeJwt, errors, jwtVerify } from 'jose'
import { Fault } from '../model/fault.ts'
import type { Subject } from '../model/subject.ts'
import { compileClaims, type Claims, type CompileExpression } from './claims.ts'
import { IssuerKeys } from './issuer-keys.ts'
import type { FetchDocument } from './key-source.ts'
import type { Authenticators, IssuerConfig } from './port.ts'

/** Clocks of issuers and brokers differ by seconds. */
const SKEW_SECONDS = 30
/** GitHub's tokens have about 2 KiB; a token with hundreds of groups 12. */
const MAX_TOKEN = 16 * 1024
/** Signatures by private keys only: with HMAC the verifying key could sign as well (RFC 8725 section 3.1). */
const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519']

interface Issuer {
  readonly config: IssuerConfig
  readonly keys: IssuerKeys
  readonly toSubject: (claims: Claims) => Subject
}

/** What verification needs from outside. */
export interface AuthenticatorParts {
  readonly fetch: FetchDocument
  readonly now: () => Date
  readonly compile: CompileExpression
}

/**
 * Verifies JSON Web Tokens (RFC 7519, RFC 8725) of the configured issuers. Throws ERR_CONFIG when an expression in the
 * configuration cannot be used or an issuer is there twice.
 */
export function makeAuthenticators(
  configs: readonly IssuerConfig[],
  parts: AuthenticatorParts,
): Authenticators & {
  /** True when the token names one of the issuers. */
  knows(token: string): boolean
} {
  const issuers = new Map<string, Issuer>()
  for (const config of configs) {
    const { url } = config.issuer
    if (issuers.has(url)) {
      throw new Fault('ERR_CONFIG', `identity.jwt: the issuer ${url} is there twice.`, {
        advice: 'Nothing was started.',
      })
    }
    issuers.set(url, {
      config,
      keys: new IssuerKeys(config.issuer, parts.fetch, parts.now),
      toSubject: compileClaims(config, parts.compile),
    })
  }
  return {
    knows: (token) => {
      const name = issuerNamed(token)
      return typeof name === 'string' && issuers.has(name)
    },
    verify: async (token) => {
      const issuer = issuerOf(token, issuers)
      const claims = await verified(token, issuer, parts.now())
      assertParty(claims, issuer.config)
      return issuer.toSubject(claims)
    },
  }
}

/** The issuer that the token names; nothing in it is believed before its signature is checked. */
function issuerOf(token: string, issuers: ReadonlyMap<string, Issuer>): Issuer {
  const name = issuerNamed(token)
  if (name === undefined)
    throw refused(`This is no JSON Web Token of at most ${MAX_TOKEN} characters that names its issuer.`)
  const issuer = typeof name === 'string' ? issuers.get(name) : undefined
  if (issuer !== undefined) return issuer
  throw new Fault('ERR_UNAUTHENTICATED', 'The configuration trusts no issuer of that name.', {
    advice: `The token names ${(JSON.stringify(name) ?? '').slice(0, 256)}; list it under identity.jwt to trust it.`,
  })
}

/** The claim `iss`, unchecked; undefined when there is none. */
function issuerNamed(token: string): unknown {
  if (token.length > MAX_TOKEN) return undefined
  try {
    return decodeJwt(token).iss
  } catch {
    return undefined
  }
}

async function verified(token: string, { config, keys }: Issuer, now: Date): Promise<Claims> {
  const { url, audiences } = config.issuer
  try {
    const { payload } = await jwtVerify(token, keys.find, {
      algorithms,
      issuer: url,
      audience: [...audiences],
      clockTolerance: SKEW_SECONDS,
      currentDate: now,
      requiredClaims: ['exp'],
    })
    if ((payload.iat ?? 0) > now.getTime() / 1000 + SKEW_SECONDS) throw refused('The token was issued in the future.')
    return payload
  } catch (thrown) {
    if (thrown instanceof Fault) throw thrown
    throw refused(`The token of ${url} is not accepted: ${problemOf(thrown)}.`, thrown)
  }
}

/** Whom the token was made for, where that is said (OpenID Connect Core 1.0 section 3.1.3.7). */
function assertParty(claims: Claims, { issuer, authorizedParties = issuer.audiences }: IssuerConfig): void {
  const { azp } = claims
  if (azp === undefined || (typeof azp === 'string' && authorizedParties.includes(azp))) return
  throw refused(`The token of ${issuer.url} is not accepted: it was made for another party (azp).`)
}

function problemOf(thrown: unknown): string {
  if (thrown instanceof errors.JWTExpired) return 'it has expired'
  if (thrown instanceof errors.JWTClaimValidationFailed) {
    if (thrown.claim === 'aud') return 'it was made for another audience'
    if (thrown.claim === 'nbf') return 'it is not valid yet'
    return `its claim ${thrown.claim} is missing or wrong`
  }
  if (thrown instanceof errors.JOSEAlgNotAllowed) return 'its algorithm is not one of those that are taken'
  if (thrown instanceof errors.JWKSNoMatchingKey) return 'the issuer has no such key'
  if (thrown instanceof errors.JWSSignatureVerificationFailed) return 'its signature is wrong'
  return 'it is malformed'
}

function refused(message: string, cause?: unknown): Fault {
  return new Fault('ERR_UNAUTHENTICATED', message, { cause })
}
