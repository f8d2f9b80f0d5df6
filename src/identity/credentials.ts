import { z } from 'zod'
import { tokenHash } from './tokens.ts'

/** Signs and verifies; kept by the trust room. */
interface Signer {
  readonly keyID: string
  sign(data: string): Uint8Array
  verify(data: string, signature: Uint8Array): boolean
}

export interface CredentialParts {
  readonly key: Signer
  /** Which cluster a credential is for. */
  readonly audience: string
  readonly now: () => number
  readonly newID: () => string
}

/** A credential as its holder gets it. */
export interface IssuedCredential {
  readonly token: string
  /** Milliseconds since the epoch. */
  readonly expiresAt: number
}

interface Known {
  readonly sessionID: string
  readonly expiresAt: number
}

/** Checked credentials that are remembered, some 200 bytes each. */
const MAX_KNOWN = 10_000

const claimsSchema = z.strictObject({
  iss: z.string(),
  aud: z.string(),
  sub: z.string(),
  sid: z.string(),
  jti: z.string(),
  iat: z.number().int(),
  exp: z.number().int(),
})

/**
 * Credentials of the broker's own: JSON Web Tokens (RFC 7519) with EdDSA (RFC 8037), each for one session and one cluster. A
 * signature is checked once; after that the token's hash is enough, until it expires. Whether the session still lives is
 * for the caller to ask each time.
 */
export class Credentials {
  readonly #parts: CredentialParts
  readonly #header: string
  readonly #known = new Map<string, Known>()

  constructor(parts: CredentialParts) {
    this.#parts = parts
    this.#header = encode({ alg: 'EdDSA', typ: 'chaperone-session+jwt', kid: parts.key.keyID.slice(0, 16) })
  }

  issue(session: { readonly id: string; readonly subject: string }, lifetimeMs: number): IssuedCredential {
    const { key, audience, newID, now } = this.#parts
    const iat = Math.floor(now() / 1000)
    const exp = iat + Math.floor(lifetimeMs / 1000)
    const claims = { iss: key.keyID, aud: audience, sub: session.subject, sid: session.id, jti: newID(), iat, exp }
    const signed = `${this.#header}.${encode(claims)}`
    return { token: `${signed}.${Buffer.from(key.sign(signed)).toString('base64url')}`, expiresAt: exp * 1000 }
  }

  /** The session's id, or undefined when this is no credential of ours or it has expired. */
  check(token: string): string | undefined {
    const hash = tokenHash(token)
    const known = this.#known.get(hash)
    if (known !== undefined && known.expiresAt > this.#parts.now()) return known.sessionID
    if (known !== undefined) {
      this.#known.delete(hash)
      return undefined
    }
    const verified = this.#verify(token)
    if (verified === undefined || verified.expiresAt <= this.#parts.now()) return undefined
    const [oldest] = this.#known.keys()
    if (oldest !== undefined && this.#known.size >= MAX_KNOWN) this.#known.delete(oldest)
    this.#known.set(hash, verified)
    return verified.sessionID
  }

  /** The header must be ours to the letter, so that no other algorithm or key can be named. */
  #verify(token: string): Known | undefined {
    const { key, audience } = this.#parts
    const [header, payload = '', signature = '', ...more] = token.split('.')
    if (header !== this.#header || more.length > 0) return undefined
    const bytes = Buffer.from(signature, 'base64url')
    // Of several spellings of the same bytes only one is taken, so that a token has one hash.
    if (bytes.toString('base64url') !== signature || !key.verify(`${header}.${payload}`, bytes)) return undefined
    const claims = claimsSchema.parse(JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')))
    if (claims.iss !== key.keyID || claims.aud !== audience) return undefined
    return { sessionID: claims.sid, expiresAt: claims.exp * 1000 }
  }
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
