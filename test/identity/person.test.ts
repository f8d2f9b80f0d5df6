import { expect, it } from 'vitest'
import { makeAuthenticators } from '../../src/identity/authenticators.ts'
import { makeVerifyPerson, withPeople } from '../../src/identity/person.ts'
import { compileExpression } from '../../src/policy/expression.ts'
import { at, issuerConfig, issuerURL, testIssuer } from './issuer.ts'

/** Both the people and the CI of this company have their tokens from one provider, and the broker trusts two clients there. */
const config = issuerConfig({
  issuer: { url: issuerURL, audiences: ['chaperone', 'ci'] },
  claimMappings: { username: { claim: 'sub', prefix: '' }, onBehalfOf: { claim: 'actor' }, extra: [] },
  authorizedParties: ['chaperone', 'ci'],
})

async function people() {
  const issuer = await testIssuer()
  const now = () => issuer.now
  const authenticators = makeAuthenticators([config], { fetch: issuer.fetch, now, compile: compileExpression })
  const verify = makeVerifyPerson(authenticators, { issuer: issuerURL, clientID: 'chaperone' }, () =>
    Number(issuer.now),
  )
  return { issuer, verify }
}

it('an ID token is a person until it ends, and no longer than an hour from its issue', async () => {
  const { issuer, verify } = await people()
  await expect(verify(await issuer.sign({ azp: 'chaperone' }))).resolves.toMatchObject({
    subject: { name: 'job-1', authenticatedBy: 'jwt' },
    until: at(300) * 1000,
  })
  const long = await issuer.sign({ exp: at(86_400) })
  await expect(verify(long)).resolves.toMatchObject({ until: at(3600) * 1000 })
  issuer.now = new Date(at(3601) * 1000)
  await expect(verify(long)).rejects.toMatchObject({ message: 'The sign-in has to be refreshed.' })
})

it.each([
  ['made for another client', { aud: 'ci' }, {}],
  ['asked for by another client', { azp: 'ci' }, {}],
  ['made for several clients, and does not say which of them asked', { aud: ['chaperone', 'ci'] }, {}],
  ['an access token by its header (RFC 9068)', {}, { typ: 'at+jwt' }],
  ['an access token by its payload', { typ: 'Bearer' }, {}],
  ['that of an agent', { actor: 'ana' }, {}],
  ['without a time of issue', { iat: undefined }, {}],
  ['without a subject', { sub: undefined }, {}],
])('a token that is %s is no person', async (_what, claims, header) => {
  const { issuer, verify } = await people()
  await expect(verify(await issuer.sign(claims, header))).rejects.toMatchObject({ code: 'ERR_UNAUTHENTICATED' })
})

it('one that opens a session is looked at as strictly when it speaks for a person, and as ever when it does not', async () => {
  const { issuer, verify } = await people()
  const parts = { fetch: issuer.fetch, now: () => issuer.now, compile: compileExpression }
  const all = withPeople(makeAuthenticators([config], parts), { issuer: issuerURL, clientID: 'chaperone' }, verify)
  await expect(all.verify(await issuer.sign({}, { typ: 'at+jwt' }))).rejects.toThrow(/no ID token/)
  await expect(all.verify(await issuer.sign({ aud: 'ci', actor: 'ana' }))).resolves.toMatchObject({ onBehalfOf: 'ana' })
  await expect(all.verify('nonsense')).rejects.toMatchObject({ code: 'ERR_UNAUTHENTICATED' })
})

it('that of another issuer which the broker trusts is no person', async () => {
  const { issuer } = await people()
  const parts = { fetch: issuer.fetch, now: () => issuer.now, compile: compileExpression }
  const elsewhere = { issuer: 'https://people.example.com', clientID: 'chaperone' }
  const verify = makeVerifyPerson(makeAuthenticators([config], parts), elsewhere, () => Number(issuer.now))
  await expect(verify(await issuer.sign())).rejects.toMatchObject({
    message: 'People sign in at https://people.example.com, and this token comes from elsewhere.',
  })
})

it('a provider that is down is done without for an hour, then nobody is let in', async () => {
  const { issuer, verify } = await people()
  await verify(await issuer.sign())
  for (const url of Object.keys(issuer.documents())) {
    issuer.answers.set(url, () => {
      throw Object.assign(new Error('down'), { code: 'ECONNREFUSED' })
    })
  }
  for (const [minute, isLetIn] of [
    [11, true],
    [59, true],
    [61, false],
  ] as const) {
    issuer.now = new Date(at(minute * 60) * 1000)
    const token = await issuer.sign({ iat: at(minute * 60), nbf: at(minute * 60), exp: at(minute * 60 + 300) })
    const said = verify(token).then(
      () => true,
      (thrown: { message: string }) => thrown.message,
    )
    expect(await said).toEqual(isLetIn || `The keys of ${issuerURL} cannot be had.`)
  }
})
