import { createHash, timingSafeEqual } from 'node:crypto'
import { unauthorized } from '../failure.ts'
import type { Credentials, TokenHolder, User } from './access.ts'
import { authenticated, tokenHolder, type TokenWorld } from './accounts.ts'
import { privilegedGroup } from './authorizer.ts'
import { issuer } from './tokens.ts'

export const adminName = 'practice-admin'

const anonymous: User = { name: 'system:anonymous', groups: ['system:unauthenticated'] }

/** Audiences of tokens for the API server itself. */
export const ownAudiences: readonly string[] = [issuer]

/** Knows callers by client certificate, by the administrator's token and by service account tokens. */
export class Authenticator {
  readonly #adminToken: Buffer
  readonly #world: TokenWorld

  constructor(adminToken: string, world: TokenWorld) {
    this.#adminToken = Buffer.from(adminToken)
    this.#world = world
  }

  /** The user with these credentials; without any it is system:anonymous, with wrong ones ApiFailure 401. */
  user(credentials: Credentials): User {
    if (credentials.certificate !== undefined) return certifiedUser(credentials.certificate)
    if (credentials.certificateRejected === true) throw unauthorized()
    const token = bearerToken(credentials)
    if (token === undefined) return anonymous
    const holder = this.holder(token, ownAudiences)
    if (typeof holder === 'string') throw unauthorized()
    return holder.user
  }

  /** Who a token stands for; a text tells why it stands for nobody. */
  holder(token: string, audiences: readonly string[]): TokenHolder | string {
    if (!this.#isAdminToken(token)) return tokenHolder(this.#world, token, audiences)
    const user = { name: adminName, groups: [privilegedGroup, authenticated] }
    return { user, audiences: ownAudiences.filter((audience) => audiences.includes(audience)) }
  }

  #isAdminToken(token: string): boolean {
    const given = Buffer.from(token)
    return given.length === this.#adminToken.length && timingSafeEqual(given, this.#adminToken)
  }
}

function certifiedUser({ subject, raw }: NonNullable<Credentials['certificate']>): User {
  const name = texts(subject.CN).at(-1)
  if (name === undefined) throw unauthorized()
  const digest = createHash('sha256').update(raw).digest('hex')
  return {
    name,
    groups: [...texts(subject.O), authenticated],
    extra: { 'authentication.kubernetes.io/credential-id': [`X509SHA256=${digest}`] },
  }
}

/** Node gives an attribute that is repeated as an array. */
function texts(attribute: string | string[] | undefined): readonly string[] {
  return attribute === undefined ? [] : Array.isArray(attribute) ? attribute : [attribute]
}

const protocolPrefix = 'base64url.bearer.authorization.k8s.io.'

/** The token of the Authorization header, or the one a browser hides among WebSocket subprotocols. */
function bearerToken({ headers }: Credentials): string | undefined {
  const [scheme = '', token] = (headers.authorization ?? '').trim().split(' ')
  if (scheme.toLowerCase() === 'bearer' && token !== undefined && token !== '') return token
  if (headers.upgrade?.toLowerCase() !== 'websocket') return undefined
  const protocols = (headers['sec-websocket-protocol'] ?? '').split(',').map((one) => one.trim())
  const hidden = protocols.filter((one) => one.startsWith(protocolPrefix))
  if (hidden.length === 0) return undefined
  if (hidden.length > 1 || protocols.length === 1) throw unauthorized()
  return Buffer.from(hidden.join('').slice(protocolPrefix.length), 'base64url').toString('utf8')
}
