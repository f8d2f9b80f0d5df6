import { createPrivateKey, createHmac, randomUUID } from 'node:crypto'
import { SignJWT, UnsecuredJWT } from 'jose'
import { describe, expect, it } from 'vitest'
import type { ListedSubject, SubjectList } from '../../src/identity/port.ts'
import { relisted } from '../../src/identity/relisted.ts'
import {
  isSubjectToken,
  makeVerifySubject,
  newSubjectKey,
  publicKeyOf,
  readSubjectKey,
  subjectOf,
  subjectToken,
} from '../../src/identity/subject-token.ts'
import type { Session } from '../../src/model/session.ts'

const start = Date.parse('2026-11-24T10:00:00Z')
const audience = 'chaperone:0123456789abcdef'

function house() {
  const ana = newSubjectKey()
  const rob = newSubjectKey()
  let list: SubjectList = {
    audience,
    subjects: [
      { name: 'ana', groups: ['developers'], publicKey: ana.publicKey },
      { name: 'rob', groups: ['leads'], publicKey: rob.publicKey },
    ],
  }
  let now = start
  const anaKey = readSubjectKey(ana.privatePem, 'ana.key')
  const claims = (over: Record<string, unknown> = {}) => {
    const iat = Math.floor(now / 1000)
    return { iss: 'chaperone:subjects', aud: audience, sub: 'ana', jti: 'x', iat, exp: iat + 300, ...over }
  }
  return {
    ana: { ...ana, key: anaKey },
    verify: makeVerifySubject(
      () => list,
      () => now,
    ),
    relist: (change: (subjects: readonly ListedSubject[]) => readonly ListedSubject[]) =>
      void (list = { audience, subjects: change(list.subjects) }),
    pass: (seconds: number) => void (now += seconds * 1000),
    token: (over: Partial<Parameters<typeof subjectToken>[0]> = {}) =>
      subjectToken({ name: 'ana', audience, key: anaKey, ...over }, now, randomUUID),
    claims,
    /** Any token of ana's own making. */
    signed: (over: Record<string, unknown> = {}, header: Record<string, unknown> = {}) =>
      new SignJWT(claims(over))
        .setProtectedHeader({ alg: 'EdDSA', typ: 'chaperone-subject+jwt', ...header })
        .sign(anaKey),
  }
}

const refusal = { code: 'ERR_UNAUTHENTICATED', message: expect.stringContaining('lists nobody') as string }

describe('whoever signs with a listed key', () => {
  it('is that subject, with the groups of the list, for five minutes', async () => {
    const { verify, token, pass, ana } = house()
    const one = token()
    expect(isSubjectToken(one)).toBe(true)
    await expect(verify(one)).resolves.toEqual({
      subject: subjectOf({ name: 'ana', groups: ['developers'], publicKey: ana.publicKey }),
      until: start + 3_600_000,
    })
    pass(329)
    await expect(verify(one)).resolves.toMatchObject({ subject: { name: 'ana' } })
    pass(2)
    await expect(verify(one)).rejects.toMatchObject(refusal)
  })

  it('has the groups that the list has now, and is nobody once it is gone or has another key', async () => {
    const { verify, token, relist } = house()
    relist((all) => all.map((one) => ({ ...one, groups: [] })))
    await expect(verify(token())).resolves.toMatchObject({ subject: { groups: [] } })
    relist(([ana, ...others]) => [{ ...(ana as ListedSubject), publicKey: newSubjectKey().publicKey }, ...others])
    await expect(verify(token())).rejects.toMatchObject(refusal)
    relist((all) => all.slice(1))
    await expect(verify(token())).rejects.toMatchObject(refusal)
  })
})

describe('nobody is let in', () => {
  it.each([
    ['by another name', (h: House) => h.token({ name: 'rob' })],
    ['by a name that is not listed', (h: House) => h.token({ name: 'eve' })],
    ['by a name in other letters', (h: House) => h.token({ name: 'ANA' })],
    ['for another file', (h: House) => h.token({ audience: 'chaperone:another-file' })],
    ['with an unlisted key', (h: House) => h.token({ key: createPrivateKey(newSubjectKey().privatePem) })],
    ['by another issuer', (h: House) => h.signed({ iss: 'https://ci.example.com' })],
    ['without an issuer', (h: House) => h.signed({ iss: undefined })],
    ['for several audiences', (h: House) => h.signed({ aud: [audience, 'other'] })],
    ['without an end', (h: House) => h.signed({ exp: undefined })],
    ['without a beginning', (h: House) => h.signed({ iat: undefined })],
    ['without an identifier', (h: House) => h.signed({ jti: undefined })],
    ['for a year', (h: House) => h.signed({ iat: start / 1000 - 86_400, exp: start / 1000 + 31_536_000 })],
    ['from the future', (h: House) => h.signed({ iat: start / 1000 + 60, exp: start / 1000 + 360 })],
    ['not yet', (h: House) => h.signed({ nbf: start / 1000 + 60 })],
    ['with another type', (h: House) => h.signed({}, { typ: 'JWT' })],
    ['without a signature', (h: House) => new UnsecuredJWT(h.claims()).encode()],
    ['with a key of its own in the header', (h: House) => h.signed({ sub: 'rob' }, { jwk: { kty: 'OKP' } })],
    [
      'with the public key as a shared secret',
      (h: House) => {
        const head = Buffer.from('{"alg":"HS256","typ":"chaperone-subject+jwt"}').toString('base64url')
        const signed = `${head}.${Buffer.from(JSON.stringify(h.claims())).toString('base64url')}`
        const mac = createHmac('sha256', Buffer.from(h.ana.publicKey, 'base64')).update(signed).digest('base64url')
        return `${signed}.${mac}`
      },
    ],
    ['with garbage', () => 'a.b.c'],
    ['with too much', (h: House) => h.signed({ more: 'x'.repeat(5000) })],
  ])('%s', async (_how, make: (h: House) => string | Promise<string>) => {
    const h = house()
    await expect(h.verify(await make(h))).rejects.toMatchObject(refusal)
  })

  it('with a token that was changed anywhere', async () => {
    const { verify, token } = house()
    const good = token()
    for (let at = 0; at < good.length; at++) {
      const changed = good.slice(0, at) + (good[at] === 'A' ? 'B' : 'A') + good.slice(at + 1)
      // The last letter of 64 bytes holds four bits that say nothing.
      if (at === good.length - 1) continue
      await expect(verify(changed), `at ${at}`).rejects.toMatchObject(refusal)
    }
  })
})

type House = ReturnType<typeof house>

it('a key in PEM gives its public half, and others are refused', () => {
  const { privatePem, publicKey } = newSubjectKey()
  expect(publicKeyOf(readSubjectKey(privatePem, 'x'))).toBe(publicKey)
  for (const text of ['', publicKey, privatePem.replace('PRIVATE', 'ENCRYPTED PRIVATE')]) {
    expect(() => readSubjectKey(text, 'x')).toThrow('x holds no key that can be used')
  }
})

it('running sessions of keys follow the list, others are left alone', () => {
  const listed = (name: string) => ({ name, groups: ['team'], publicKey: newSubjectKey().publicKey })
  const [ana, rob, sue] = [listed('ana'), listed('rob'), listed('sue')]
  const session = (id: string, subject: Session['subject']) => ({ id, subject }) as Session
  const sessions = [
    session('same', subjectOf(ana)),
    session('regrouped', subjectOf({ ...rob, groups: ['team', 'leads'] })),
    session('rekeyed', subjectOf({ ...sue, publicKey: newSubjectKey().publicKey })),
    session('removed', subjectOf({ ...sue, name: 'eve' })),
    session('system', { ...subjectOf({ ...sue, name: 'eve' }), authenticatedBy: 'local' }),
  ]
  const { gone, changed } = relisted(sessions, { audience, subjects: [ana, rob, sue] })
  expect(gone.map(({ id }) => id)).toEqual(['rekeyed', 'removed'])
  expect(changed.map(({ session: { id }, subject: { groups } }) => [id, groups])).toEqual([['regrouped', ['team']]])
})
