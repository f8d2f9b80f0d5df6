import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { decodeJwt, exportJWK, generateKeyPair, SignJWT, UnsecuredJWT, type CryptoKey, type JWK } from 'jose'
import Provider from 'oidc-provider'
import type { IssuerConfig, PeopleConfig } from '../../src/identity/port.ts'
import { issued } from '../proxy/certificate.ts'
import { issuerConfig } from './issuer.ts'

const clientID = 'chaperone'

/** Who may sign in, with any password. */
const groups: Readonly<Record<string, readonly string[]>> = { ana: ['developers'], rob: ['leads'] }

interface Forgery {
  /** Over those of the ID token; undefined leaves one out. */
  readonly claims?: Readonly<Record<string, unknown>>
  readonly unsigned?: boolean
  /** Signed with a key that the provider does not publish. */
  readonly otherKey?: boolean
  /** Signed with the public key as a shared secret. */
  readonly confused?: boolean
  /** A key that the provider does not publish is named, and brought along. */
  readonly ownKey?: boolean
}

/** A certified OpenID Connect provider over TLS on loopback, with its own pages, that the test can bend. */
export interface PeopleProvider extends AsyncDisposable {
  readonly url: string
  readonly caPem: string
  readonly people: PeopleConfig
  /** The entry of identity.jwt for it. */
  readonly jwt: IssuerConfig
  /** `METHOD /path` of every request, in order. */
  readonly asked: string[]
  /** What becomes of each ID token from now on. */
  forge(forgery: Forgery | undefined): void
  /** Changes each document that the provider answers from now on. */
  bend(change: (document: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>): void
  /** From now on requests get no answer. */
  down(is: boolean): void
  /** A new process with new keys: what it has stored is there still. */
  restart(): Promise<void>
}

interface ProviderOptions {
  /** Seconds that an ID token lives. */
  readonly idTokenSeconds?: number
  readonly configuration?: Readonly<Record<string, unknown>>
}

export async function peopleProvider({
  idTokenSeconds = 600,
  configuration,
}: ProviderOptions = {}): Promise<PeopleProvider> {
  const pem = await issued()
  const asked: string[] = []
  let forgery: Forgery | undefined
  let bend: Parameters<PeopleProvider['bend']>[0] = (document) => document
  let isDown = false
  let process: { readonly key: Key; readonly answer: ReturnType<Provider['callback']> } | undefined
  const server = createServer({ key: pem.key, cert: pem.cert }, (request, response) => {
    if (isDown || process === undefined) return void request.socket.destroy()
    asked.push(`${request.method} ${(request.url ?? '').split('?')[0]}`)
    const { key } = process
    rewriteJSON(response, async (document) => {
      const { id_token: token } = document
      if (forgery === undefined || typeof token !== 'string') return bend(document)
      return bend({ ...document, id_token: await forged(token, key, forgery) })
    })
    process.answer(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
  const adapter = storage()
  const start = async () => {
    const key = await newKey()
    const provider = new Provider(url, { ...standard(key.jwk, idTokenSeconds), adapter, ...configuration })
    process = { key, answer: provider.callback() }
  }
  await start()
  return {
    url,
    caPem: pem.ca,
    people: { issuer: url, clientID, certificateAuthority: pem.ca },
    jwt: issuerConfig({
      issuer: { url, audiences: [clientID], certificateAuthority: pem.ca },
      claimMappings: {
        username: { claim: 'sub', prefix: '' },
        groups: { claim: 'groups', prefix: '' },
        uid: { claim: 'sub' },
        extra: [],
      },
    }),
    asked,
    forge: (next) => (forgery = next),
    bend: (next) => (bend = next),
    down: (is) => {
      isDown = is
      if (is) server.closeAllConnections()
    },
    restart: start,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

type Payload = Record<string, unknown>

/** Keeps what the provider stores for as long as the test lives; nothing ends by itself before that. */
function storage() {
  const all = new Map<string, Payload>()
  const by = (name: string, key: string, value: string) =>
    all.values().find((payload) => payload['kind'] === name && payload[key] === value)
  return (name: string) => ({
    upsert: async (id: string, payload: Payload) => void all.set(`${name}:${id}`, { ...payload, kind: name }),
    find: async (id: string) => all.get(`${name}:${id}`),
    findByUserCode: async (code: string) => by(name, 'userCode', code),
    findByUid: async (uid: string) => by(name, 'uid', uid),
    consume: async (id: string) =>
      void Object.assign(all.get(`${name}:${id}`) ?? {}, { consumed: Math.floor(Date.now() / 1000) }),
    destroy: async (id: string) => void all.delete(`${name}:${id}`),
    revokeByGrantId: async (grant: string) => {
      for (const [key, payload] of all) if (payload['grantId'] === grant) all.delete(key)
    },
  })
}

interface Key {
  readonly privateKey: CryptoKey
  readonly jwk: JWK
}

async function newKey(): Promise<Key> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true })
  const kid = randomBytes(6).toString('base64url')
  return { privateKey, jwk: { ...(await exportJWK(privateKey)), kid, alg: 'RS256', use: 'sig' } }
}

function standard(jwk: JWK, idTokenSeconds: number): Readonly<Record<string, unknown>> {
  return {
    clients: [
      {
        client_id: clientID,
        application_type: 'native',
        token_endpoint_auth_method: 'none',
        grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
        response_types: ['code'],
        redirect_uris: ['http://127.0.0.1/callback'],
      },
    ],
    jwks: { keys: [jwk] },
    cookies: { keys: ['of this test'] },
    claims: { openid: ['sub', 'groups'], email: ['email', 'email_verified'] },
    conformIdTokenClaims: false,
    features: { deviceFlow: { enabled: true }, revocation: { enabled: true }, devInteractions: { enabled: true } },
    rotateRefreshToken: true,
    findAccount: (_context: unknown, id: string) => ({
      accountId: id,
      claims: () => ({ sub: id, groups: groups[id] ?? [], email: `${id}@example.com`, email_verified: true }),
    }),
    ttl: {
      IdToken: idTokenSeconds,
      DeviceCode: 60,
      AccessToken: 600,
      Grant: 3600,
      Session: 3600,
      Interaction: 600,
      RefreshToken: 3600,
    },
  }
}

async function forged(
  token: string,
  key: Key,
  { claims, unsigned, otherKey, confused, ownKey }: Forgery,
): Promise<string> {
  const payload = Object.fromEntries(
    Object.entries({ ...decodeJwt(token), ...claims }).filter(([, value]) => value !== undefined),
  )
  if (unsigned === true) return new UnsecuredJWT(payload).encode()
  if (confused === true) {
    const { kid = '', n = '', e = '', kty } = key.jwk
    const secret = new TextEncoder().encode(JSON.stringify({ kty, n, e, kid }))
    return new SignJWT(payload).setProtectedHeader({ alg: 'HS256', kid }).sign(secret)
  }
  if (ownKey === true) {
    const { privateKey: own, jwk } = await newKey()
    const { kid = '', n = '', e = '' } = jwk
    return new SignJWT(payload).setProtectedHeader({ alg: 'RS256', kid, jwk: { kty: 'RSA', n, e } }).sign(own)
  }
  const { privateKey } = otherKey === true ? await newKey() : key
  return new SignJWT(payload).setProtectedHeader({ alg: 'RS256', kid: key.jwk.kid ?? '' }).sign(privateKey)
}

/** Lets `change` see each whole JSON answer before it goes out. */
function rewriteJSON(
  response: ServerResponse<IncomingMessage>,
  change: (document: Record<string, unknown>) => Promise<unknown>,
): void {
  const end = response.end.bind(response) as (chunk?: unknown) => typeof response
  response.end = ((chunk?: unknown) => {
    const isJSON = /^application\/(jwk-set\+)?json/.test(String(response.getHeader('content-type') ?? ''))
    if (!isJSON || typeof chunk !== 'string') return end(chunk)
    change(JSON.parse(chunk) as Record<string, unknown>)
      .then((changed) => {
        const text = JSON.stringify(changed)
        response.setHeader('content-length', Buffer.byteLength(text))
        end(text)
      })
      .catch((thrown: unknown) => response.destroy(thrown as Error))
    return response
  }) as typeof response.end
}
