import { readFields, readNumber, readText, readTexts, type Fields, type KubeObject } from '../state/objects.ts'
import type { Store } from '../state/store.ts'
import type { TokenHolder, User } from './access.ts'
import { quoted } from './escalation.ts'
import { issuer, legacyIssuer, type TokenSigner } from './tokens.ts'

export const authenticated = 'system:authenticated'

const prefix = 'system:serviceaccount:'

/** The groups every service account of a namespace is in. */
export const accountGroups = (namespace: string): readonly string[] => [
  'system:serviceaccounts',
  `system:serviceaccounts:${namespace}`,
]

/** Namespace and name of `system:serviceaccount:<namespace>:<name>`; undefined for other users. */
export function accountOf(userName: string): { readonly namespace: string; readonly name: string } | undefined {
  if (!userName.startsWith(prefix)) return undefined
  const [namespace = '', name = '', ...more] = userName.slice(prefix.length).split(':')
  return namespace === '' || name === '' || more.length > 0 ? undefined : { namespace, name }
}

/** What tokens are checked against. */
export interface TokenWorld {
  readonly store: Store
  readonly signer: TokenSigner
  readonly now: () => Date
}

/**
 * Who a service account token stands for: signature, times, audience, account and bound objects are checked
 * (k8s.io/kubernetes pkg/serviceaccount). A text tells why it stands for nobody.
 */
export function tokenHolder(world: TokenWorld, token: string, audiences: readonly string[]): TokenHolder | string {
  const claims = world.signer.claims(token)
  if (claims === undefined) return 'invalid bearer token'
  if (claims['iss'] === legacyIssuer) return legacyHolder(world.store, claims, token)
  const meant = readTexts(claims, 'aud').filter((audience) => audiences.includes(audience))
  if (meant.length === 0) {
    const wrong = `${quoted(readTexts(claims, 'aud'))} is invalid for the target audiences ${quoted(audiences)}`
    return `[invalid bearer token, token audiences ${wrong}]`
  }
  const user = expiryProblem(claims, world.now()) ?? claimedUser(world.store, claims)
  return typeof user === 'string' ? user : { user, audiences: meant }
}

function expiryProblem(claims: Fields, now: Date): string | undefined {
  const at = now.getTime() / 1000
  if (at > readNumber(claims, 'exp')) return '[invalid bearer token, service account token has expired]'
  if (at < readNumber(claims, 'nbf') - 1) return '[invalid bearer token, service account token is not valid yet]'
  return undefined
}

function claimedUser(store: Store, claims: Fields): User | string {
  const own = readFields({ own: claims['kubernetes.io'] }, 'own')
  const namespace = readText(own, 'namespace')
  const name = readText(own, 'serviceaccount.name')
  const uid = readText(own, 'serviceaccount.uid')
  const problem = accountProblem(store, { namespace, name, uid }) ?? boundProblem(store, namespace, own)
  if (problem !== undefined) return `[invalid bearer token, ${problem}]`
  const extra = {
    'authentication.kubernetes.io/credential-id': [`JTI=${readText(claims, 'jti')}`],
    ...boundExtra(own, 'node'),
    ...boundExtra(own, 'pod'),
  }
  return { name: `${prefix}${namespace}:${name}`, uid, groups: [...accountGroups(namespace), authenticated], extra }
}

function boundExtra(own: Fields, kind: 'node' | 'pod'): Record<string, readonly string[]> {
  if (own[kind] === undefined) return {}
  return {
    [`authentication.kubernetes.io/${kind}-name`]: [readText(own, `${kind}.name`)],
    [`authentication.kubernetes.io/${kind}-uid`]: [readText(own, `${kind}.uid`)],
  }
}

interface Claimed {
  readonly namespace: string
  readonly name: string
  readonly uid: string
}

function accountProblem(store: Store, { namespace, name, uid }: Claimed): string | undefined {
  const account = store.get('/serviceaccounts', namespace, name)
  if (account === undefined) return `serviceaccounts ${JSON.stringify(name)} not found`
  if (account.metadata.uid === uid) return undefined
  return `service account UID (${account.metadata.uid}) does not match claim (${uid})`
}

const boundKeys = { pod: '/pods', secret: '/secrets', node: '/nodes' } as const

function boundProblem(store: Store, namespace: string, own: Fields): string | undefined {
  for (const kind of ['pod', 'secret', 'node'] as const) {
    if (own[kind] === undefined || (kind === 'node' && own['pod'] !== undefined)) continue
    const found = store.get(boundKeys[kind], kind === 'node' ? undefined : namespace, readText(own, `${kind}.name`))
    if (found?.metadata.uid !== readText(own, `${kind}.uid`)) return 'service account token has been invalidated'
  }
  return undefined
}

function legacyHolder(store: Store, claims: Fields, token: string): TokenHolder | string {
  const claim = (key: string) => textOf(claims[`kubernetes.io/serviceaccount/${key}`])
  const namespace = claim('namespace')
  const name = claim('service-account.name')
  const uid = claim('service-account.uid')
  const secret = store.get('/secrets', namespace, claim('secret.name'))
  const problem = accountProblem(store, { namespace, name, uid })
  if (problem !== undefined) return `[invalid bearer token, ${problem}]`
  if (secret === undefined || tokenIn(secret) !== token) {
    return '[invalid bearer token, service account token has been invalidated]'
  }
  const groups = [...accountGroups(namespace), authenticated]
  return { user: { name: `${prefix}${namespace}:${name}`, uid, groups }, audiences: [issuer] }
}

const textOf = (value: unknown) => (typeof value === 'string' ? value : '')

const tokenIn = (secret: KubeObject) => Buffer.from(readText(secret, 'data.token'), 'base64').toString('utf8')
