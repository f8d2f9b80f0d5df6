import { chmod, readFile, rename, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { signInByBrowser } from '../../src/identity/oidc-code.ts'
import { openProvider, refreshTokens } from '../../src/identity/oidc.ts'
import { subjectOf } from '../../src/identity/id-token.ts'
import { readSignIn } from '../../src/identity/sign-in-file.ts'
import { currentIDToken, keepSignIn, signOut } from '../../src/identity/signed-in.ts'
import { Fault } from '../../src/model/fault.ts'
import { temporaryFolder } from '../support/tmp.ts'
import { Browser } from './browser.ts'
import { peopleProvider, type PeopleProvider } from './people-provider.ts'

/** An ID token lives ten minutes here: it is stale after nine, and of no use after ten. */
const minutes = (count: number) => () => Date.now() + count * 60_000

let parts: AsyncDisposableStack
let idp: PeopleProvider
let path: string
beforeEach(async () => {
  parts = new AsyncDisposableStack()
  idp = parts.use(await peopleProvider())
  path = join(parts.use(await temporaryFolder()).path, 'state', 'sign-in')
})
afterEach(() => parts.disposeAsync())

async function signIn(login = 'ana') {
  const provider = parts.use(await openProvider(idp.people))
  const shown = Promise.withResolvers<string>()
  const signal = new AbortController().signal
  const ended = signInByBrowser(provider, { port: 0, show: shown.resolve, signal }, (tokens) =>
    keepSignIn(path, provider, tokens),
  )
  await new Browser(idp.caPem, { login, password: 'any' }).open(await shown.promise)
  await ended
}

const current = (now = minutes(0)) => currentIDToken(path, idp.people, now)
const stored = async () => (await readSignIn(path))?.signIn
const refreshes = () => idp.asked.filter((line) => line === 'POST /token').length - 1

async function faultOf(work: Promise<unknown>): Promise<Fault> {
  const thrown: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(thrown instanceof Fault)) throw new Error(`no Fault: ${inspect(thrown)}`)
  expect(inspect(thrown, { depth: 9, showHidden: true })).not.toMatch(/eyJ/)
  return thrown
}

describe('what is kept', () => {
  it('is one file that only its owner reads, and the token comes from there as long as it is fresh', async () => {
    await signIn()
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect((await stat(join(path, '..'))).mode & 0o777).toBe(0o700)
    expect(await current()).toBe((await stored())?.idToken)
    expect(refreshes()).toBe(0)
  })

  it.each([
    ['others may read it', () => chmod(path, 0o640), /others may read or change it/],
    ['it is a link', () => rename(path, `${path}2`).then(() => symlink(`${path}2`, path)), /cannot be read \(ELOOP\)/],
    ['it is cut', async () => writeFile(path, (await readFile(path, 'utf8')).slice(0, 200)), /holds no sign-in/],
    ['it is empty', () => writeFile(path, ''), /holds no sign-in/],
  ])('is not used when %s', async (_what, spoil, words) => {
    await signIn()
    await spoil()
    const fault = await faultOf(current())
    expect([fault.code, fault.message]).toEqual(['ERR_STATE', expect.stringMatching(words)])
  })

  it('is of one provider and one client', async () => {
    await signIn()
    const other = { ...idp.people, issuer: 'https://elsewhere.example.com' }
    expect((await faultOf(currentIDToken(path, other, Date.now))).message).toMatch(/not for https:\/\/elsewhere/)
  })

  it('is nothing before anybody signs in', async () => {
    const { code, sentence } = await faultOf(current())
    expect([code, sentence]).toEqual(['ERR_UNAUTHENTICATED', 'Nobody is signed in. Run `chaperone login`.'])
  })
})

describe('a stale token', () => {
  it('is refreshed once, however many ask, and the name of the sign-in stays', async () => {
    await signIn()
    const before = await readSignIn(path)
    const tokens = await Promise.all([1, 2, 3, 4, 5].map(() => current(minutes(9.5))))
    // A process that waited for another finds what that one wrote, which by this clock is stale too: none of them burns it.
    expect(new Set(tokens.map(subjectOf))).toEqual(new Set(['ana']))
    const after = await readSignIn(path)
    expect(after?.id).toBe(before?.id)
    expect(after?.signIn.refreshToken).not.toBe(before?.signIn.refreshToken)
    await expect(current(minutes(9.5))).resolves.toMatch(/^eyJ/)
  })

  it('is refreshed from a provider that was started again with other keys', async () => {
    await signIn()
    await idp.restart()
    expect(await current(minutes(9.5))).toBe((await stored())?.idToken)
    expect(refreshes()).toBe(1)
  })

  it('serves for its last minute while the provider does not answer, and not a moment longer', async () => {
    await signIn()
    const { idToken, refreshToken } = (await stored()) ?? {}
    idp.down(true)
    expect(await current(minutes(9.5))).toBe(idToken)
    expect((await faultOf(current(minutes(10.1)))).code).toBe('ERR_ISSUER')
    idp.down(false)
    await current(minutes(10.1))
    expect((await stored())?.refreshToken).not.toBe(refreshToken)
  })

  it('stays as it is when the answer breaks off on its way', async () => {
    await signIn()
    const before = await stored()
    idp.bend((document) => ('id_token' in document ? { ...document, padding: 'x'.repeat(300_000) } : document))
    expect(await current(minutes(9.5))).toBe(before?.idToken)
    expect(await stored()).toEqual(before)
  })

  it('is the end when somebody used a copy of the refresh token', async () => {
    await signIn()
    const provider = parts.use(await openProvider(idp.people))
    await refreshTokens(provider, (await stored())?.refreshToken ?? '')
    const { message, advice } = await faultOf(current(minutes(9.5)))
    expect([message, advice]).toEqual([
      expect.stringMatching(/does not know this sign-in any more/),
      expect.stringMatching(/chaperone login/),
    ])
    expect(await stored()).toBeUndefined()
  })

  it.each([
    ['of another person', { claims: { sub: 'rob' } }, /of another person/],
    ['for another audience', { claims: { aud: 'grafana' } }, /another audience/],
    ['without a signature', { unsigned: true }, /alg/],
  ])('is not replaced by one %s', async (_what, forgery, words) => {
    await signIn()
    idp.forge(forgery)
    expect((await faultOf(current(minutes(9.5)))).message).toMatch(words)
    expect(await stored()).toBeUndefined()
  })

  it('of a provider without refresh tokens is the end', async () => {
    idp.bend(({ refresh_token: _none, ...document }) => document)
    await signIn()
    expect((await faultOf(current(minutes(9.5)))).sentence).toMatch(/Your sign-in is over.*chaperone login/)
  })
})

describe('signing out', () => {
  it('removes the file and makes the refresh token useless', async () => {
    await signIn()
    const { refreshToken } = (await stored()) ?? {}
    expect(await signOut(path, idp.people)).toBe(true)
    expect(await stored()).toBeUndefined()
    const provider = parts.use(await openProvider(idp.people))
    expect((await faultOf(refreshTokens(provider, refreshToken ?? ''))).message).toMatch(/does not know this sign-in/)
    expect(await signOut(path, idp.people)).toBe(false)
  })

  it('removes the file although the provider does not answer, and says so', async () => {
    await signIn()
    idp.down(true)
    expect((await faultOf(signOut(path, idp.people))).code).toBe('ERR_ISSUER')
    expect(await stored()).toBeUndefined()
  })

  it('signing in again revokes the sign-in before it', async () => {
    await signIn()
    const { refreshToken } = (await stored()) ?? {}
    await signIn('rob')
    const provider = parts.use(await openProvider(idp.people))
    await faultOf(refreshTokens(provider, refreshToken ?? ''))
    expect(subjectOf(await current())).toBe('rob')
  })
})
