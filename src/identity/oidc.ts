import * as oidc from 'openid-client'
import { Agent, fetch } from 'undici'
import { Fault } from '../model/fault.ts'
import { signInFault } from './oidc-fault.ts'
import type { PeopleConfig } from './port.ts'

/** For one call of the provider. */
const TIMEOUT_SECONDS = 10
/** Clocks of providers and laptops differ by seconds. */
const SKEW_SECONDS = 30
/** Documents and tokens have some 20 KiB. */
const MAX_ANSWER_BYTES = 256 * 1024

/** A provider that has said what it can do. */
export interface Provider extends AsyncDisposable {
  readonly people: PeopleConfig
  readonly client: oidc.Configuration
  /** Of an authorization request, RFC 6749 section 3.3. */
  readonly scope: string
}

/** What a sign-in or a refresh gives. */
export interface Tokens {
  readonly idToken: string
  /** Undefined where the provider gives none, or no new one. */
  readonly refreshToken: string | undefined
}

/** Asks the provider what it can do (OpenID Connect Discovery 1.0). Rejects with ERR_ISSUER, ERR_UNAUTHENTICATED. */
export async function openProvider(people: PeopleConfig): Promise<Provider> {
  const { certificateAuthority: ca } = people
  const agent = new Agent({
    connect: { timeout: TIMEOUT_SECONDS * 1000, ...(ca === undefined ? {} : { ca }) },
    maxResponseSize: MAX_ANSWER_BYTES,
  })
  const get: oidc.CustomFetch = async (url, { body, signal, ...options }) => {
    const answer = await fetch(url, { ...options, body: body ?? null, signal: signal ?? null, dispatcher: agent })
    return answer
  }
  try {
    const metadata = { [oidc.clockTolerance]: SKEW_SECONDS }
    const client = await oidc.discovery(new URL(people.issuer), people.clientID, metadata, oidc.None(), {
      timeout: TIMEOUT_SECONDS,
      [oidc.customFetch]: get,
    })
    // Without this the TLS connection alone would vouch for a token.
    oidc.enableNonRepudiationChecks(client)
    return { people, client, scope: scopeOf(people, client), [Symbol.asyncDispose]: () => agent.destroy() }
  } catch (thrown) {
    await agent.destroy()
    throw signInFault(thrown, people.issuer)
  }
}

/** Gets new tokens for a refresh token (RFC 6749 section 6). Rejects with ERR_ISSUER, or ERR_UNAUTHENTICATED for good. */
export async function refreshTokens({ client, people }: Provider, refreshToken: string): Promise<Tokens> {
  try {
    return tokensOf(await oidc.refreshTokenGrant(client, refreshToken))
  } catch (thrown) {
    throw signInFault(thrown, people.issuer)
  }
}

/** Makes the refresh token, and with it the grant, useless (RFC 7009). Rejects with ERR_ISSUER, ERR_UNAUTHENTICATED. */
export async function revokeToken({ client, people }: Provider, refreshToken: string): Promise<void> {
  try {
    await oidc.tokenRevocation(client, refreshToken, { token_type_hint: 'refresh_token' })
  } catch (thrown) {
    throw signInFault(thrown, people.issuer)
  }
}

/** Throws ERR_UNAUTHENTICATED. */
export function tokensOf(answer: { readonly id_token?: string; readonly refresh_token?: string }): Tokens {
  const { id_token: idToken, refresh_token: refreshToken } = answer
  if (idToken === undefined) {
    throw new Fault('ERR_UNAUTHENTICATED', 'The provider gives no ID token.', {
      advice: 'Run `chaperone login` to sign in again.',
    })
  }
  return { idToken, refreshToken }
}

function scopeOf({ scopes }: PeopleConfig, client: oidc.Configuration): string {
  const offered = client.serverMetadata().scopes_supported ?? []
  const standard = ['profile', 'email', ...(offered.includes('offline_access') ? ['offline_access'] : [])]
  return [...new Set(['openid', ...(scopes ?? standard)])].join(' ')
}
