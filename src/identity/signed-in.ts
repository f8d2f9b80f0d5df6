import { Fault } from '../model/fault.ts'
import { countsUntil, isStale, subjectOf } from './id-token.ts'
import { withLock } from './lock-file.ts'
import { openProvider, refreshTokens, revokeToken, type Provider, type Tokens } from './oidc.ts'
import type { PeopleConfig } from './port.ts'
import { newSignInID, readSignIn, removeSignIn, writeSignIn, type StoredSignIn } from './sign-in-file.ts'

const login = 'Run `chaperone login`.'

/**
 * The ID token of the person who signed in, good for some time more: refreshed when it is stale. Of several processes only one
 * refreshes, because a refresh token works once. Rejects with ERR_UNAUTHENTICATED when nobody is signed in (any more),
 * ERR_ISSUER when the provider does not answer, ERR_STATE.
 */
export async function currentIDToken(path: string, people: PeopleConfig, now: () => number): Promise<string> {
  const fresh = await ofProvider(path, people)
  if (!isStale(fresh.signIn.idToken, now())) return fresh.signIn.idToken
  return withLock(`${path}.lock`, async () => {
    const stored = await ofProvider(path, people)
    if (!isStale(stored.signIn.idToken, now())) return stored.signIn.idToken
    try {
      return await refreshed(path, stored, people)
    } catch (thrown) {
      const counts = countsUntil(stored.signIn.idToken) > now()
      if (counts && thrown instanceof Fault && thrown.code === 'ERR_ISSUER') return stored.signIn.idToken
      throw thrown
    }
  })
}

/**
 * Keeps what a sign-in gave, in place of an earlier one, which is revoked: nobody could sign out of that any more. Rejects with
 * ERR_STATE.
 */
export async function keepSignIn(path: string, provider: Provider, tokens: Tokens): Promise<void> {
  const { issuer, clientID } = provider.people
  await withLock(`${path}.lock`, async () => {
    const before = await readSignIn(path)
    const signIn = { issuer, clientID, idToken: tokens.idToken, refreshToken: tokens.refreshToken ?? null }
    await writeSignIn(path, { id: newSignInID(), signIn })
    const old = before?.signIn.issuer === issuer ? before.signIn.refreshToken : null
    // It ends by itself some day where the provider cannot revoke, or does not know it any more.
    if (old !== null) await revokeToken(provider, old).catch(() => undefined)
  })
}

/**
 * Signs out: the file goes first, then the provider is told. Resolves to whether somebody was signed in. Rejects with ERR_ISSUER or
 * ERR_UNAUTHENTICATED when the provider did not take it, after the file is gone.
 */
export async function signOut(path: string, people: PeopleConfig): Promise<boolean> {
  if ((await readSignIn(path)) === undefined) return false
  return withLock(`${path}.lock`, async () => {
    const stored = await readSignIn(path)
    if (stored === undefined) return false
    await removeSignIn(path)
    const { issuer, clientID, refreshToken } = stored.signIn
    const isOfProvider = issuer === people.issuer && clientID === people.clientID
    if (refreshToken === null || !isOfProvider) return true
    await using provider = await openProvider(people)
    await revokeToken(provider, refreshToken)
    return true
  })
}

async function ofProvider(path: string, people: PeopleConfig): Promise<StoredSignIn> {
  const stored = await readSignIn(path)
  if (stored === undefined) throw new Fault('ERR_UNAUTHENTICATED', 'Nobody is signed in.', { advice: login })
  if (stored.signIn.issuer === people.issuer && stored.signIn.clientID === people.clientID) return stored
  throw new Fault('ERR_UNAUTHENTICATED', `The sign-in is one for ${stored.signIn.issuer}, not for ${people.issuer}.`, {
    advice: login,
  })
}

async function refreshed(path: string, { id, signIn }: StoredSignIn, people: PeopleConfig): Promise<string> {
  const { refreshToken, idToken: before } = signIn
  if (refreshToken === null) {
    throw new Fault('ERR_UNAUTHENTICATED', 'Your sign-in is over, and the provider lets it not be prolonged.', {
      advice: login,
    })
  }
  await using provider = await openProvider(people)
  const tokens = await refreshTokens(provider, refreshToken).catch(async (thrown: unknown) => {
    // It will never work again, and the next command should not ask in vain.
    if (thrown instanceof Fault && thrown.code === 'ERR_UNAUTHENTICATED') await removeSignIn(path)
    throw thrown
  })
  // OpenID Connect Core 1.0 section 12.2.
  if (subjectOf(tokens.idToken) !== subjectOf(before)) {
    await removeSignIn(path)
    throw new Fault('ERR_UNAUTHENTICATED', 'The provider refreshed the sign-in of another person.', { advice: login })
  }
  // A provider that does not rotate gives no new one.
  const next = { ...signIn, idToken: tokens.idToken, refreshToken: tokens.refreshToken ?? refreshToken }
  await writeSignIn(path, { id, signIn: next })
  return tokens.idToken
}
