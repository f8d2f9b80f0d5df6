import * as oidc from 'openid-client'
import { Fault } from '../model/fault.ts'
import { signInFault } from './oidc-fault.ts'
import { listenForAnswer, type Loopback } from './oidc-loopback.ts'
import { tokensOf, type Provider, type Tokens } from './oidc.ts'
import { unlessAborted } from './unless-aborted.ts'

export interface CodeOptions {
  /** 0 = a free one. */
  readonly port: number
  /** Shows the person where to sign in. */
  readonly show: (url: string) => void
  /** Aborts with the Fault to be told. */
  readonly signal: AbortSignal
}

/**
 * Signs a person in with their browser: authorization code with PKCE (RFC 6749 section 4.1, RFC 7636, RFC 8252). `accept`
 * looks at the tokens while the browser still waits, so that the page there says how it ended. Rejects with a Fault.
 */
export async function signInByBrowser<T>(
  provider: Provider,
  { port, show, signal }: CodeOptions,
  accept: (tokens: Tokens) => Promise<T>,
): Promise<T> {
  const { client, people, scope } = provider
  assertStrongPKCE(provider)
  const [pkceCodeVerifier, expectedState, expectedNonce] = [
    oidc.randomPKCECodeVerifier(),
    oidc.randomState(),
    oidc.randomNonce(),
  ]
  await using loopback = await listenForAnswer(port, expectedState)
  const question = {
    redirect_uri: loopback.redirectURI,
    scope,
    state: expectedState,
    nonce: expectedNonce,
    code_challenge: await oidc.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    // OpenID Connect Core 1.0 section 11: without it a provider may leave out the refresh token.
    ...(scope.split(' ').includes('offline_access') ? { prompt: 'consent' } : {}),
  }
  try {
    show(oidc.buildAuthorizationUrl(client, question).href)
    const answer = await unlessAborted(loopback.answer, signal)
    const checks = { pkceCodeVerifier, expectedState, expectedNonce, idTokenExpected: true }
    const accepted = await accept(tokensOf(await oidc.authorizationCodeGrant(client, answer, checks)))
    await loopback.show('You are signed in. This window may be closed.')
    return accepted
  } catch (thrown) {
    const fault = signInFault(thrown, people.issuer)
    await tell(loopback, fault)
    throw fault
  }
}

/** A provider that lists the methods of PKCE but not S256 would take the verifier itself for the challenge. */
function assertStrongPKCE({ client, people }: Provider): void {
  const methods = client.serverMetadata().code_challenge_methods_supported
  if (methods === undefined || methods.includes('S256')) return
  throw new Fault('ERR_UNAUTHENTICATED', `The provider ${people.issuer} does not protect the sign-in (PKCE, S256).`, {
    advice: 'Allow the challenge method S256 for the client there.',
  })
}

async function tell(loopback: Loopback, fault: Fault): Promise<void> {
  await loopback.show(`You are not signed in. ${fault.message} This window may be closed.`)
}
