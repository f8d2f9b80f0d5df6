import { createHash, generateKeyPairSync, randomUUID, sign, verify, type KeyObject } from 'node:crypto'
import { isFields, type Fields } from '../state/objects.ts'

export const issuer = 'https://kubernetes.default.svc.cluster.local'

/** Tokens whose signature was found good; bounds memory and spares repeated checks. */
const knownLimit = 1024

/** The key that signs service account tokens, as ES256 JSON web tokens (RFC 7519, RFC 7518 section 3.4). */
export class TokenSigner {
  readonly #privateKey: KeyObject
  readonly #publicKey: KeyObject
  readonly #keyId: string
  readonly #known = new Map<string, Fields>()

  constructor() {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    this.#privateKey = privateKey
    this.#publicKey = publicKey
    this.#keyId = createHash('sha256')
      .update(publicKey.export({ type: 'spki', format: 'der' }))
      .digest('base64url')
  }

  /** A compact JWS over the claims. */
  sign(claims: Fields): string {
    const signed = `${encoded({ alg: 'ES256', kid: this.#keyId })}.${encoded(claims)}`
    const signature = sign('sha256', Buffer.from(signed), { key: this.#privateKey, dsaEncoding: 'ieee-p1363' })
    return `${signed}.${signature.toString('base64url')}`
  }

  /** The claims of a token this key has signed; undefined for any other text. Times are not looked at. */
  claims(token: string): Fields | undefined {
    const known = this.#known.get(token)
    if (known !== undefined) return known
    const claims = this.#verified(token)
    if (claims === undefined) return undefined
    if (this.#known.size >= knownLimit) this.#known.clear()
    this.#known.set(token, claims)
    return claims
  }

  /** The public key as a JSON web key set (RFC 7517). */
  keySet(): Fields {
    const key = this.#publicKey.export({ format: 'jwk' })
    return { keys: [{ use: 'sig', ...key, kid: this.#keyId, alg: 'ES256' }] }
  }

  #verified(token: string): Fields | undefined {
    const [header = '', payload = '', signature = '', ...more] = token.split('.')
    if (more.length > 0 || decoded(header)?.['alg'] !== 'ES256') return undefined
    const key = { key: this.#publicKey, dsaEncoding: 'ieee-p1363' } as const
    const good = verify('sha256', Buffer.from(`${header}.${payload}`), key, Buffer.from(signature, 'base64url'))
    return good ? decoded(payload) : undefined
  }
}

/** What those who verify tokens read first (OpenID Connect Discovery 1.0 section 3). */
export function openIdConfiguration(host: string): Fields {
  return {
    issuer,
    jwks_uri: `https://${host}/openid/v1/jwks`,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['ES256'],
  }
}

/** What a service account token may be bound to: it ends with that object. */
export interface Bound {
  readonly kind: 'Pod' | 'Secret' | 'Node'
  readonly name: string
  readonly uid: string
}

interface Account {
  readonly namespace: string
  readonly name: string
  readonly uid: string
}

/** Claims of a TokenRequest (k8s.io/kubernetes pkg/serviceaccount/claims.go). Times are whole seconds. */
export function requestedClaims(
  { namespace, name, uid }: Account,
  audiences: readonly string[],
  { now, seconds }: { readonly now: Date; readonly seconds: number },
  bound: readonly Bound[],
): Fields {
  const at = Math.floor(now.getTime() / 1000)
  const objects = bound.map((one) => [one.kind.toLowerCase(), { name: one.name, uid: one.uid }] as const)
  return {
    aud: audiences,
    exp: at + seconds,
    iat: at,
    iss: issuer,
    jti: randomUUID(),
    'kubernetes.io': { namespace, ...Object.fromEntries(objects), serviceaccount: { name, uid } },
    nbf: at,
    sub: `system:serviceaccount:${namespace}:${name}`,
  }
}

/** The issuer of tokens that live in secrets. */
export const legacyIssuer = 'kubernetes/serviceaccount'

/** Claims of the token in a secret of type kubernetes.io/service-account-token (pkg/serviceaccount/legacy.go). */
export function legacyClaims({ namespace, name, uid }: Account, secret: string): Fields {
  return {
    iss: legacyIssuer,
    'kubernetes.io/serviceaccount/namespace': namespace,
    'kubernetes.io/serviceaccount/secret.name': secret,
    'kubernetes.io/serviceaccount/service-account.name': name,
    'kubernetes.io/serviceaccount/service-account.uid': uid,
    sub: `system:serviceaccount:${namespace}:${name}`,
  }
}

const encoded = (value: Fields) => Buffer.from(JSON.stringify(value)).toString('base64url')

function decoded(part: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'))
    return isFields(value) ? value : undefined
  } catch {
    return undefined
  }
}
