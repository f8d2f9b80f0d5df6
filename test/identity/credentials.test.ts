import { base64url, decodeJwt, decodeProtectedHeader } from 'jose'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Credentials } from '../../src/identity/credentials.ts'
import { newCredentialKey } from '../../src/trust/credential-key.ts'

const start = Date.parse('2026-11-23T12:00:00Z')
const session = { id: 's-abcdefgh', subject: 'ci:job' }

function broker(audience = 'cluster-a', key = newCredentialKey()) {
  const clock = { now: start }
  const credentials = new Credentials({ key, audience, now: () => clock.now, newID: () => 'id' })
  return { clock, credentials, key }
}

it('a credential is a signed token for one session and one cluster, and nothing secret is in it', () => {
  const { credentials } = broker()
  const { token, expiresAt } = credentials.issue(session, 600_000)
  expect(decodeProtectedHeader(token)).toMatchObject({ alg: 'EdDSA', typ: 'chaperone-session+jwt' })
  expect(decodeJwt(token)).toMatchObject({
    aud: 'cluster-a',
    sub: 'ci:job',
    sid: 's-abcdefgh',
    exp: start / 1000 + 600,
  })
  expect(expiresAt).toBe(start + 600_000)
  expect([credentials.check(token), credentials.check(token)]).toEqual(['s-abcdefgh', 's-abcdefgh'])
})

it('it works until it expires, and not again, also when it was known before', () => {
  const { clock, credentials } = broker()
  const { token } = credentials.issue(session, 600_000)
  clock.now = start + 599_999
  expect(credentials.check(token)).toBe('s-abcdefgh')
  clock.now = start + 600_000
  expect([credentials.check(token), credentials.check(token)]).toEqual([undefined, undefined])
})

it('it is of no use for another cluster, nor at another broker', () => {
  const { credentials, key } = broker()
  const { token } = credentials.issue(session, 600_000)
  expect(broker('cluster-b', key).credentials.check(token)).toBeUndefined()
  expect(broker().credentials.check(token)).toBeUndefined()
})

it('it cannot be made one for another session', () => {
  const { credentials } = broker()
  const [header, payload = '', signature] = credentials.issue(session, 600_000).token.split('.')
  const claims = { ...decodeJwt(`${header}.${payload}.`), sid: 's-zzzzzzzz' }
  const forged = [header, base64url.encode(JSON.stringify(claims)), signature].join('.')
  expect(credentials.check(forged)).toBeUndefined()
})

it.each([{ alg: 'none' }, { alg: 'HS256' }, { alg: 'EdDSA', typ: 'JWT' }])('the header %j is not taken', (header) => {
  const { credentials } = broker()
  const [, payload, signature] = credentials.issue(session, 600_000).token.split('.')
  for (const end of [signature, '']) {
    expect(credentials.check([base64url.encode(JSON.stringify(header)), payload, end].join('.'))).toBeUndefined()
  }
})

it('no change of one character leaves it valid', () => {
  const { credentials } = broker()
  const { token } = credentials.issue(session, 600_000)
  fc.assert(
    fc.property(fc.nat(token.length - 1), fc.constantFrom('A', 'B', '_', '.', '='), (at, character) => {
      fc.pre(token[at] !== character)
      const changed = token.slice(0, at) + character + token.slice(at + 1)
      expect(credentials.check(changed)).toBeUndefined()
    }),
  )
})

it('anything else is no credential', () => {
  const { credentials } = broker()
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(credentials.check(text)).toBeUndefined()
    }),
  )
})
