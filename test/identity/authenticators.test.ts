import { base64url, SignJWT } from 'jose'
import { expect, it } from 'vitest'
import { makeAuthenticators } from '../../src/identity/authenticators.ts'
import type { IssuerConfig } from '../../src/identity/port.ts'
import { compileExpression } from '../../src/policy/expression.ts'
import { at, issuerConfig, issuerURL, testIssuer, type TestIssuer } from './issuer.ts'

const keysURL = `${issuerURL}/keys`

function trusting(issuer: TestIssuer, ...configs: IssuerConfig[]) {
  return makeAuthenticators(configs.length === 0 ? [issuerConfig()] : configs, {
    fetch: issuer.fetch,
    now: () => issuer.now,
    compile: compileExpression,
  })
}

const refusal = (message: string | RegExp) =>
  expect.objectContaining({ code: 'ERR_UNAUTHENTICATED', message: expect.stringMatching(message) as string })

it.each(['RS256', 'PS256', 'ES256', 'EdDSA'])('a token signed with %s names its subject', async (alg) => {
  const issuer = await testIssuer(alg)
  await expect(trusting(issuer).verify(await issuer.sign())).resolves.toEqual({
    name: 'ci:job-1',
    uid: '',
    groups: [],
    extra: {},
    authenticatedBy: 'jwt',
  })
})

it.each([
  ['another audience', { aud: 'somebody-else' }, 'another audience'],
  ['no audience', { aud: undefined }, 'another audience'],
  ['another issuer', { iss: 'https://evil.example.com' }, 'no issuer of that name'],
  ['an issuer that differs in a slash', { iss: `${issuerURL}/` }, 'no issuer of that name'],
  ['no issuer', { iss: undefined }, 'names its issuer'],
  ['an issuer that is a list', { iss: [issuerURL] }, 'no issuer of that name'],
  ['another party', { azp: 'somebody-else' }, 'another party'],
  ['a party that is a list', { azp: ['chaperone'] }, 'another party'],
  ['an end that has passed', { exp: at(-31) }, 'expired'],
  ['no end', { exp: undefined }, 'its claim exp is missing'],
  ['an end that is a text', { exp: '2099-01-01' }, 'its claim exp'],
  ['a beginning that lies ahead', { nbf: at(31) }, 'not valid yet'],
  ['a time of issue that lies ahead', { iat: at(31) }, 'issued in the future'],
  ['no subject', { sub: undefined }, 'no text for username'],
  ['a subject that is a number', { sub: 7 }, 'no text for username'],
])('a token with %s is refused', async (_name, claims, message) => {
  const issuer = await testIssuer()
  await expect(trusting(issuer).verify(await issuer.sign(claims))).rejects.toEqual(refusal(message))
})

it('clocks may differ by thirty seconds', async () => {
  const issuer = await testIssuer()
  const token = await issuer.sign({ nbf: at(29), iat: at(29), exp: at(59) })
  await expect(trusting(issuer).verify(token)).resolves.toMatchObject({ name: 'ci:job-1' })
  issuer.now = new Date(at(59 + 29) * 1000)
  await expect(trusting(issuer).verify(token)).resolves.toMatchObject({ name: 'ci:job-1' })
})

it('one of many audiences is enough, and a token for many is still for us', async () => {
  const issuer = await testIssuer()
  const verify = trusting(issuer, issuerConfig({ issuer: { url: issuerURL, audiences: ['a', 'b'] } }))
  await expect(verify.verify(await issuer.sign({ aud: ['x', 'b'], azp: 'a' }))).resolves.toMatchObject({
    name: 'ci:job-1',
  })
})

it('a party is taken where the configuration names it', async () => {
  const issuer = await testIssuer()
  const verify = trusting(issuer, issuerConfig({ authorizedParties: ['the-cli'] }))
  await expect(verify.verify(await issuer.sign({ azp: 'the-cli' }))).resolves.toMatchObject({ name: 'ci:job-1' })
  await expect(verify.verify(await issuer.sign({ azp: 'chaperone' }))).rejects.toEqual(refusal('another party'))
})

it('a token without a signature is refused', async () => {
  const issuer = await testIssuer()
  const [, payload] = (await issuer.sign()).split('.')
  const none = base64url.encode(JSON.stringify({ alg: 'none', kid: 'first' }))
  await expect(trusting(issuer).verify(`${none}.${payload}.`)).rejects.toEqual(refusal('algorithm'))
})

it('the public key does not serve as a shared secret', async () => {
  const issuer = await testIssuer()
  const secret = new TextEncoder().encode(JSON.stringify(issuer.publicKey).padEnd(64))
  const token = await new SignJWT({ iss: issuerURL, aud: 'chaperone', sub: 'job-1', exp: at(300) })
    .setProtectedHeader({ alg: 'HS256', kid: 'first' })
    .sign(secret)
  await expect(trusting(issuer).verify(token)).rejects.toEqual(refusal('algorithm'))
})

it('a shared secret in the set of public keys is no key', async () => {
  const issuer = await testIssuer()
  issuer.answers.set(keysURL, () =>
    JSON.stringify({ keys: [{ kty: 'oct', k: 'c2VjcmV0', kid: 'first', alg: 'HS256' }] }),
  )
  await expect(trusting(issuer).verify(await issuer.sign())).rejects.toEqual(refusal('no such key'))
})

it('a token that brings its own key is not verified with it', async () => {
  const [issuer, evil] = await Promise.all([testIssuer(), testIssuer()])
  const token = await evil.sign({}, { jwk: evil.publicKey, jku: 'https://evil.example.com/keys' })
  await expect(trusting(issuer).verify(token)).rejects.toEqual(refusal('signature'))
  expect(issuer.fetched).not.toContain('https://evil.example.com/keys')
})

it('a token with a claim changed is refused', async () => {
  const issuer = await testIssuer()
  const [header, , signature] = (await issuer.sign()).split('.')
  const claims = { iss: issuerURL, aud: 'chaperone', sub: 'root', exp: at(300) }
  const token = [header, base64url.encode(JSON.stringify(claims)), signature].join('.')
  await expect(trusting(issuer).verify(token)).rejects.toEqual(refusal('signature'))
})

it.each(['', 'a.b.c', 'not a token', '....', `${'a'.repeat(17_000)}.b.c`])('%j is no token', async (token) => {
  const issuer = await testIssuer()
  await expect(trusting(issuer).verify(token)).rejects.toMatchObject({ code: 'ERR_UNAUTHENTICATED' })
  expect(issuer.fetched).toEqual([])
})

it('a new key is found by asking once, and the old one is forgotten with the set', async () => {
  const issuer = await testIssuer()
  const verify = trusting(issuer)
  const old = await issuer.sign()
  await verify.verify(old)
  await issuer.rotate('second')
  issuer.now = new Date(at(61) * 1000)
  await expect(verify.verify(await issuer.sign())).resolves.toMatchObject({ name: 'ci:job-1' })
  await expect(verify.verify(old)).rejects.toEqual(refusal('no such key'))
})

it('a flood of unknown key identifiers makes the issuer be asked once a minute', async () => {
  const issuer = await testIssuer()
  const verify = trusting(issuer)
  await verify.verify(await issuer.sign())
  const flood = await Promise.all(Array.from({ length: 200 }, (_, n) => issuer.sign({}, { kid: `unknown-${n}` })))
  const ask = () => Promise.allSettled(flood.map((token) => verify.verify(token)))
  for (const second of [1, 30, 61, 62, 90]) {
    issuer.now = new Date(at(second) * 1000)
    const results = await ask()
    expect(results.every(({ status }) => status === 'rejected')).toBe(true)
  }
  // Discovery and keys: at the start, and once after a minute.
  expect(issuer.fetched).toHaveLength(4)
  await expect(verify.verify(await issuer.sign())).resolves.toMatchObject({ name: 'ci:job-1' })
})

it('keys outlive an outage of the issuer for an hour and no longer', async () => {
  const issuer = await testIssuer()
  const verify = trusting(issuer)
  const token = await issuer.sign({ exp: at(10_000) })
  await verify.verify(token)
  issuer.answers.set(`${issuerURL}/.well-known/openid-configuration`, () => {
    throw Object.assign(new Error('connect'), { code: 'ECONNREFUSED' })
  })
  issuer.now = new Date(at(3599) * 1000)
  await expect(verify.verify(token)).resolves.toMatchObject({ name: 'ci:job-1' })
  issuer.now = new Date(at(3601) * 1000)
  await expect(verify.verify(token)).rejects.toEqual(refusal('cannot be had'))
  issuer.answers.clear()
  issuer.now = new Date(at(3610) * 1000)
  await expect(verify.verify(token)).resolves.toMatchObject({ name: 'ci:job-1' })
})

it.each([
  ['a set of keys that is huge', keysURL, () => JSON.stringify({ keys: [], padding: 'x'.repeat(300_000) })],
  ['a set of too many keys', keysURL, () => JSON.stringify({ keys: Array(65).fill({ kty: 'RSA' }) })],
  ['keys that are no JSON', keysURL, () => '<html>'],
  [
    'a discovery document of another issuer',
    `${issuerURL}/.well-known/openid-configuration`,
    () => JSON.stringify({ issuer: 'https://evil.example.com', jwks_uri: keysURL }),
  ],
  [
    'keys that would be fetched without TLS',
    `${issuerURL}/.well-known/openid-configuration`,
    () => JSON.stringify({ issuer: issuerURL, jwks_uri: 'http://ci.example.com/keys' }),
  ],
])('%s are not used', async (_name, url, answer) => {
  const issuer = await testIssuer()
  issuer.answers.set(url, answer)
  await expect(trusting(issuer).verify(await issuer.sign())).rejects.toEqual(refusal('cannot be had'))
})

it('an RSA key too short to be safe is not used', async () => {
  const issuer = await testIssuer()
  const short = { ...issuer.publicKey, n: base64url.encode(Buffer.alloc(128, 0xff)) }
  issuer.answers.set(keysURL, () => JSON.stringify({ keys: [short] }))
  await expect(trusting(issuer).verify(await issuer.sign())).rejects.toMatchObject({ code: 'ERR_UNAUTHENTICATED' })
})

it('an issuer that is listed twice is refused at the start', async () => {
  const issuer = await testIssuer()
  expect(() => trusting(issuer, issuerConfig(), issuerConfig())).toThrow(/there twice/)
})

it('a workload of SPIFFE is known by its identifier, and only those of the trust domain', async () => {
  const issuer = await testIssuer('ES256')
  const config = issuerConfig({
    claimValidationRules: [
      { expression: 'claims.sub.startsWith("spiffe://example.org/")', message: 'It is of another trust domain.' },
    ],
    claimMappings: {
      username: { claim: 'sub', prefix: '' },
      groups: { expression: 'claims.sub.split("/")[3] == "ns" ? ["namespace:" + claims.sub.split("/")[4]] : []' },
      extra: [],
    },
  })
  // JWT-SVID section 3: sub is the SPIFFE ID, aud and exp are there; typ is JWT or JOSE.
  const verify = (sub: string) =>
    issuer.sign({ sub, nbf: undefined }, { typ: 'JOSE' }).then((token) => trusting(issuer, config).verify(token))
  await expect(verify('spiffe://example.org/ns/shop/sa/web')).resolves.toMatchObject({
    name: 'spiffe://example.org/ns/shop/sa/web',
    groups: ['namespace:shop'],
  })
  await expect(verify('spiffe://example.org.evil.com/ns/shop/sa/web')).rejects.toEqual(refusal('another trust domain'))
})
