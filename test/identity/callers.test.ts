import { expect, it } from 'vitest'
import { makeAuthenticators } from '../../src/identity/authenticators.ts'
import { makeCallers } from '../../src/identity/callers.ts'
import { localSubject } from '../../src/identity/local.ts'
import { makeVerifyPerson } from '../../src/identity/person.ts'
import { addReviewer, type ReviewerRecord } from '../../src/identity/reviewers.ts'
import { newToken } from '../../src/identity/tokens.ts'
import { compileExpression } from '../../src/policy/expression.ts'
import { at, issuerConfig, issuerURL, testIssuer } from './issuer.ts'

const operator = localSubject({ name: 'ana', uid: 1000 })

async function desk(signsIn = true) {
  const issuer = await testIssuer()
  const config = issuerConfig({
    claimMappings: { username: { claim: 'sub', prefix: '' }, groups: { claim: 'groups', prefix: '' }, extra: [] },
  })
  const parts = { fetch: issuer.fetch, now: () => issuer.now, compile: compileExpression }
  const people = { issuer: issuerURL, clientID: 'chaperone' }
  const verify = makeVerifyPerson(makeAuthenticators([config], parts), people, () => Number(issuer.now))
  const records: ReviewerRecord[] = []
  const reviewers = {
    list: () => Promise.resolve(records),
    put: (record: ReviewerRecord) => Promise.resolve(void records.push(record)),
    remove: () => Promise.resolve(false),
  }
  const [operatorToken, practiceReviewerToken] = [newToken(), newToken()]
  const reviewerToken = await addReviewer(reviewers, { name: 'bob', groups: ['leads'] }, issuer.now)
  const person = signsIn ? verify : undefined
  const callers = makeCallers({ operator, operatorToken, practiceReviewerToken, reviewers, person })
  const who = (token: string) => callers(`Bearer ${token}`)
  return { issuer, who, operatorToken, practiceReviewerToken, reviewerToken }
}

it('each token is who it is for, and no more', async () => {
  const { issuer, who, operatorToken, practiceReviewerToken, reviewerToken } = await desk()
  expect(await who(operatorToken)).toEqual({ subject: operator, role: 'operator' })
  expect(await who(practiceReviewerToken)).toMatchObject({ subject: { name: 'rita@practice' }, role: 'reviewer' })
  expect(await who(reviewerToken)).toMatchObject({ subject: { name: 'bob' }, role: 'reviewer' })
  expect(await who(await issuer.sign({ sub: 'eve', groups: ['leads'] }))).toMatchObject({
    subject: { name: 'eve', groups: ['leads'], authenticatedBy: 'jwt' },
    role: 'person',
    until: at(300) * 1000,
  })
  expect(await who(newToken())).toBeUndefined()
})

it('an ID token that is not accepted says why, and is nobody where nobody signs in', async () => {
  const { issuer, who } = await desk()
  await expect(who(await issuer.sign({ aud: 'grafana' }))).rejects.toMatchObject({
    code: 'ERR_UNAUTHENTICATED',
    message: expect.stringMatching(/another audience/) as string,
  })
  const without = await desk(false)
  expect(await without.who(await without.issuer.sign())).toBeUndefined()
})

it('takes the token of somebody in hundreds of groups', async () => {
  const { issuer, who } = await desk()
  const groups = Array.from({ length: 250 }, (_none, index) => `department-${index}-of-the-company`)
  expect((await who(await issuer.sign({ groups })))?.subject.groups).toHaveLength(250)
})
