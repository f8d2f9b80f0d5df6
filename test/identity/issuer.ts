import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from 'jose'
import type { FetchDocument } from '../../src/identity/key-source.ts'
import type { IssuerConfig } from '../../src/identity/port.ts'

export const issuerURL = 'https://ci.example.com'
const audience = 'chaperone'
const start = new Date('2026-11-23T12:00:00Z')

/** Seconds, as tokens count. */
export const at = (seconds: number) => Math.floor(start.getTime() / 1000) + seconds

/** An issuer in memory, and a clock that the test moves. */
export class TestIssuer {
  now = start
  /** URLs that were fetched, in order. */
  readonly fetched: string[] = []
  /** Answers instead of the issuer's own; a function may throw. */
  readonly answers = new Map<string, () => string>()
  #keys: { kid: string; privateKey: CryptoKey; jwk: JWK }[] = []

  readonly fetch: FetchDocument = (url, { maxBytes }) => {
    this.fetched.push(url)
    const answer = this.answers.get(url) ?? (() => JSON.stringify(this.documents()[url]))
    return Promise.resolve().then(() => {
      const text = answer()
      if (text.length > maxBytes) throw new Error('larger than is taken')
      return text
    })
  }

  documents(): Record<string, unknown> {
    return {
      [`${issuerURL}/.well-known/openid-configuration`]: { issuer: issuerURL, jwks_uri: `${issuerURL}/keys` },
      [`${issuerURL}/keys`]: { keys: this.#keys.map(({ jwk }) => jwk) },
    }
  }

  /** From now on signs with a new key; `keep` leaves the older ones in the set. */
  async rotate(kid: string, keep = false, alg = 'RS256'): Promise<void> {
    const { privateKey, publicKey } = await generateKeyPair(alg)
    const jwk = { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' }
    this.#keys = [...(keep ? this.#keys : []), { kid, privateKey, jwk }]
  }

  get publicKey(): JWK {
    return this.#newest.jwk
  }

  /** A good token but for what is given; a claim that is undefined is left out. */
  sign(claims: Record<string, unknown> = {}, header: Record<string, unknown> = {}): Promise<string> {
    const { kid, privateKey, jwk } = this.#newest
    const payload = { iss: issuerURL, aud: audience, sub: 'job-1', iat: at(0), nbf: at(0), exp: at(300), ...claims }
    return new SignJWT(payload).setProtectedHeader({ alg: jwk.alg ?? '', kid, ...header }).sign(privateKey)
  }

  get #newest() {
    const key = this.#keys.at(-1)
    if (key === undefined) throw new Error('The issuer has no key yet.')
    return key
  }
}

/** An issuer with one key. */
export async function testIssuer(alg = 'RS256'): Promise<TestIssuer> {
  const issuer = new TestIssuer()
  await issuer.rotate('first', false, alg)
  return issuer
}

export function issuerConfig(over: Partial<IssuerConfig> = {}): IssuerConfig {
  return {
    issuer: { url: issuerURL, audiences: [audience] },
    claimValidationRules: [],
    claimMappings: { username: { claim: 'sub', prefix: 'ci:' }, extra: [] },
    userValidationRules: [],
    reservedNames: [],
    ...over,
  }
}
