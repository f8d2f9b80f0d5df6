import { inspect } from 'node:util'
import { decodeJwt } from 'jose'
import { Agent, request } from 'undici'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { signInByBrowser } from '../../src/identity/oidc-code.ts'
import { signInByDevice } from '../../src/identity/oidc-device.ts'
import { openProvider, refreshTokens, type Tokens } from '../../src/identity/oidc.ts'
import { Fault } from '../../src/model/fault.ts'
import { Browser } from './browser.ts'
import { peopleProvider, type PeopleProvider } from './people-provider.ts'

let parts: AsyncDisposableStack
let idp: PeopleProvider
beforeEach(async () => {
  parts = new AsyncDisposableStack()
  idp = parts.use(await peopleProvider())
})
afterEach(() => parts.disposeAsync())

const never = new AbortController().signal
const keep = (tokens: Tokens) => Promise.resolve(tokens)
const ana = (more: Record<string, string> = {}) => new Browser(idp.caPem, { login: 'ana', password: 'any', ...more })
const open = async (over = {}) => parts.use(await openProvider({ ...idp.people, ...over }))

/** Begins a sign-in: where the person is sent, and how it ends. */
async function begin(signal = never, port = 0) {
  const provider = await open()
  const shown = Promise.withResolvers<string>()
  const ended = signInByBrowser(provider, { port, show: shown.resolve, signal }, keep)
  // A refusal may come before the test looks at it.
  ended.catch(() => {})
  return { ended, url: await Promise.race([shown.promise, ended.then(() => '')]) }
}

async function faultOf(ended: Promise<unknown>): Promise<Fault> {
  const thrown: unknown = await ended.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(thrown instanceof Fault)) throw new Error(`no Fault: ${inspect(thrown)}`)
  // Whatever it carries may come to be printed.
  expect(inspect(thrown, { depth: 9, showHidden: true })).not.toMatch(/eyJ/)
  return thrown
}

describe('with a browser', () => {
  it('a person signs in on the pages of the provider, and the window says that it may be closed', async () => {
    const { ended, url } = await begin()
    const page = await ana().open(url)
    expect(page).toContain('You are signed in. This window may be closed.')
    const { idToken, refreshToken } = await ended
    expect(decodeJwt(idToken)).toMatchObject({ iss: idp.url, sub: 'ana', aud: 'chaperone', groups: ['developers'] })
    expect(refreshToken).toMatch(/^[\w-]{20,}$/)
  })

  it('the answer comes to the loopback address alone, once, and whatever else is asked there is not answered', async () => {
    const { ended, url } = await begin()
    const back = new URL(url).searchParams.get('redirect_uri') ?? ''
    expect(back).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/callback$/)
    for (const [path, headers] of [
      [back.replace('callback', 'other'), {}],
      [back, { host: 'attacker.example' }],
    ] as const) {
      const { statusCode, body } = await request(path, { headers })
      await body.dump()
      expect(statusCode).toBe(404)
    }
    await ana().open(url)
    await ended
    await expect(request(back)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })

  it('a code that somebody else took on its way is of no use without the verifier, which was never sent', async () => {
    const { ended, url } = await begin()
    const asked = new URL(url).searchParams
    expect(asked.get('code_challenge_method')).toBe('S256')
    expect(asked.get('code_challenge')).toMatch(/^[\w-]{43}$/)
    const browser = ana()
    const code = await browser.until(url, '/callback')
    const agent = parts.adopt(new Agent({ connect: { ca: idp.caPem } }), (one) => one.destroy())
    const { statusCode, body } = await request(`${idp.url}/token`, {
      dispatcher: agent,
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({
        grant_type: 'authorization_code',
        code: new URL(code).searchParams.get('code') ?? '',
        redirect_uri: asked.get('redirect_uri') ?? '',
        client_id: 'chaperone',
      }).toString(),
    })
    expect([statusCode, await body.json()]).toEqual([400, expect.objectContaining({ error: 'invalid_grant' })])
    await request(code)
    await expect(ended).resolves.toMatchObject({ refreshToken: expect.any(String) as string })
  })

  it('a provider that takes the verifier itself for the challenge is not used', async () => {
    idp.bend((document) => ({ ...document, code_challenge_methods_supported: ['plain'] }))
    const fault = await faultOf(begin().then(({ ended }) => ended))
    expect([fault.code, fault.message]).toEqual(['ERR_UNAUTHENTICATED', expect.stringMatching(/PKCE, S256/)])
  })

  it('an answer to another sign-in is refused', async () => {
    const { ended, url } = await begin()
    const back = new URL(url).searchParams.get('redirect_uri') ?? ''
    const { body } = await request(`${back}?code=stolen&state=of-somebody-else`)
    expect(await body.text()).toContain('You are not signed in.')
    expect((await faultOf(ended)).message).toMatch(/answers another sign-in \(state\)/)
    expect(idp.asked).not.toContain('POST /token')
  })

  it.each([
    ['another nonce', { claims: { nonce: 'other' } }, /answers another sign-in \(nonce\)/],
    ['no nonce', { claims: { nonce: undefined } }, /nonce/],
    ['another audience', { claims: { aud: 'grafana' } }, /another audience/],
    ['another party', { claims: { aud: ['chaperone', 'grafana'], azp: 'grafana' } }, /another party/],
    ['many audiences, and no party', { claims: { aud: ['chaperone', 'grafana'], azp: undefined } }, /another audience/],
    ['another issuer', { claims: { iss: 'https://evil.example.com' } }, /another issuer/],
    ['an end that has passed', { claims: { exp: 1_700_000_000 } }, /do not fit the clock of this machine/],
    ['no end', { claims: { exp: undefined } }, /exp/],
    ['an end that is a text', { claims: { exp: '2099-01-01' } }, /exp/],
    ['a beginning that lies ahead', { claims: { nbf: 4_000_000_000 } }, /do not fit the clock of this machine/],
    ['no time of issue', { claims: { iat: undefined } }, /iat/],
    ['no subject', { claims: { sub: undefined } }, /sub/],
    ['the public key as a shared secret (alg HS256)', { confused: true }, /alg/],
    ['a key of its own in its header', { ownKey: true }, /no such key/],
    ['no signature (alg none)', { unsigned: true }, /alg/],
    ['a signature by another key', { otherKey: true }, /signature/],
  ])('an ID token with %s is refused, and the window says so', async (_what, forgery, words) => {
    const { ended, url } = await begin()
    idp.forge(forgery)
    const page = await ana().open(url)
    const fault = await faultOf(ended)
    expect([fault.code, fault.message]).toEqual(['ERR_UNAUTHENTICATED', expect.stringMatching(words)])
    expect(page).toContain('You are not signed in.')
  })

  it('an answer that another provider gave is refused, and its code is sent nowhere', async () => {
    const { ended, url } = await begin()
    const back = new URL(await ana().until(url, '/callback'))
    expect(back.searchParams.get('iss')).toBe(idp.url)
    back.searchParams.set('iss', 'https://evil.example.com')
    const { body } = await request(back)
    expect(await body.text()).toContain('You are not signed in.')
    expect((await faultOf(ended)).code).toBe('ERR_UNAUTHENTICATED')
    expect(idp.asked).not.toContain('POST /token')
  })

  it('whoever cancels at the provider is told that they did', async () => {
    const { ended, url } = await begin()
    const browser = ana()
    const interaction = await browser.until(url, '/interaction/')
    await browser.open(`${interaction}/abort`)
    expect((await faultOf(ended)).message).toBe('The sign-in was cancelled at the provider.')
  })

  it('giving up ends it, with the port', async () => {
    const giveUp = new AbortController()
    const { ended, url } = await begin(giveUp.signal)
    giveUp.abort(new Fault('ERR_UNAUTHENTICATED', 'The sign-in was given up.'))
    expect((await faultOf(ended)).message).toBe('The sign-in was given up.')
    const back = new URL(url).searchParams.get('redirect_uri') ?? ''
    await expect(request(back)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })

  it('a port that is taken is named', async () => {
    const { url } = await begin()
    const port = Number(new URL(new URL(url).searchParams.get('redirect_uri') ?? '').port)
    const fault = await faultOf(begin(never, port))
    expect([fault.code, fault.message]).toEqual(['ERR_BUSY_PORT', `Cannot listen on 127.0.0.1:${port} (EADDRINUSE).`])
  })
})

describe('with a code on another device', () => {
  const device = async (signal = never) => {
    const provider = await open()
    const shown = Promise.withResolvers<{ url: string; code: string }>()
    const ended = signInByDevice(provider, { show: shown.resolve, signal })
    ended.catch(() => {})
    return { ended, shown: await Promise.race([shown.promise, ended.then(() => ({ url: '', code: '' }))]) }
  }
  /** Asks again each second, and answers the first time with `answers` before it is asked for. */
  const answering = (...answers: readonly string[]) => {
    const left = [...answers]
    idp.bend((document) => {
      if ('device_code' in document) return { ...document, interval: 1 }
      return document['error'] === 'authorization_pending'
        ? { ...document, error: left.shift() ?? 'authorization_pending' }
        : document
    })
  }

  it('a person signs in there, and this machine learns of it', async () => {
    answering()
    const { ended, shown } = await device()
    const page = await ana({ user_code: shown.code }).open(shown.url)
    expect(page).toContain('Sign-in Success')
    expect(decodeJwt((await ended).idToken)).toMatchObject({ sub: 'ana', aud: 'chaperone' })
  })

  it.each([
    ['access_denied', 'The sign-in was denied at the provider.'],
    ['expired_token', 'Nobody entered the code in time.'],
  ])('it ends with %s', async (error, words) => {
    answering(error)
    expect((await faultOf((await device()).ended)).message).toBe(words)
  })

  it('giving up ends it', async () => {
    const giveUp = new AbortController()
    const { ended } = await device(giveUp.signal)
    giveUp.abort(new Fault('ERR_UNAUTHENTICATED', 'The sign-in was given up.'))
    expect((await faultOf(ended)).message).toBe('The sign-in was given up.')
  })

  it('a provider without it says so', async () => {
    idp.bend(({ device_authorization_endpoint: _none, ...document }) => document)
    expect((await faultOf(device())).message).toMatch(/has no sign-in for devices/)
  })
})

describe('a provider', () => {
  it('that does not answer, is another, or cannot prove who it is, is told apart', async () => {
    const { certificateAuthority: _none, ...unknown } = idp.people
    const untrusted = await faultOf(openProvider(unknown))
    expect([untrusted.code, untrusted.message]).toEqual([
      'ERR_ISSUER',
      expect.stringMatching(/does not prove who it is/),
    ])
    idp.bend((document) => ({ ...document, issuer: 'https://evil.example.com' }))
    expect((await faultOf(openProvider(idp.people))).message).toMatch(/does not answer as one/)
    idp.down(true)
    const down = await faultOf(openProvider(idp.people))
    expect([down.code, down.message]).toEqual([
      'ERR_ISSUER',
      expect.stringMatching(/does not answer as one \((ECONNRESET|UND_ERR_SOCKET)\)/),
    ])
  })

  it.each(['authorization_endpoint', 'token_endpoint', 'jwks_uri'])(
    'that would have its %s asked without TLS signs nobody in',
    async (endpoint) => {
      const plain = idp.url.replace('https:', 'http:')
      idp.bend((document) => (endpoint in document ? { ...document, [endpoint]: `${plain}/${endpoint}` } : document))
      const ended = begin().then(async ({ ended: signedIn, url }) => {
        await ana().open(url)
        return signedIn
      })
      await faultOf(ended)
    },
  )

  it('is not read to its end when what it says is huge', async () => {
    const padding = 'x'.repeat(300_000)
    idp.bend((document) => ('keys' in document ? { ...document, padding } : document))
    const { ended, url } = await begin()
    await ana().open(url)
    expect((await faultOf(ended)).code).toBe('ERR_ISSUER')
    idp.bend((document) => ({ ...document, padding }))
    expect((await faultOf(open())).code).toBe('ERR_ISSUER')
  })

  it('is asked for what the configuration names, and for openid', async () => {
    expect((await open()).scope).toBe('openid profile email offline_access')
    expect((await open({ scopes: ['groups'] })).scope).toBe('openid groups')
  })

  it('gives a refresh token once: whoever comes with a copy ends the sign-in', async () => {
    const { ended, url } = await begin()
    await ana().open(url)
    const { refreshToken = '' } = await ended
    const provider = await open()
    const next = await refreshTokens(provider, refreshToken)
    expect(next.refreshToken).not.toBe(refreshToken)
    expect((await faultOf(refreshTokens(provider, refreshToken))).message).toMatch(
      /does not know this sign-in any more/,
    )
    await faultOf(refreshTokens(provider, next.refreshToken ?? ''))
  })
})
