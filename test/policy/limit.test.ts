import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { explain } from '../../src/policy/explain.ts'
import { loadPolicy } from '../../src/policy/parse.ts'
import { Usage } from '../../src/policy/usage.ts'
import { ask, operator, resourceRequest } from './request.ts'

const policyOf = (...rules: readonly string[]) => {
  const body = rules.map((rule, index) => `- {name: r${index}, subjects: [{group: "*"}], ${rule}}\n`).join('')
  return loadPolicy([
    {
      file: 'test.yaml',
      text: `apiVersion: chaperone/v1\nkind: AccessPolicy\nmetadata: {name: test}\nrules:\n${body}`,
    },
  ])
}
const pods = 'match: {verbs: ["*"], apiGroups: [""], resources: [pods]}'
const everything = 'match: {verbs: ["*"], apiGroups: ["*"], resources: ["*"]}'
const get = ask(resourceRequest('get', 'pods', { namespace: 'shop', name: 'web' }))
const began = Date.parse('2026-11-23T10:00:00Z')

/** A policy in use: each call comes at its time, in milliseconds from the beginning. */
function inUse(policy: ReturnType<typeof policyOf>) {
  const usage = new Usage()
  return (at: number, input = get) => {
    const asked = { ...input, usage, now: new Date(began + at) }
    const decision = policy.decide(asked)
    if (decision.effect !== 'deny') policy.spend(asked, usage)
    return decision
  }
}

describe('A limit of requests', () => {
  it('lets that many pass in a window, and says what it is', () => {
    const call = inUse(policyOf(`effect: allow, ${pods}, limit: {requests: 2, per: 1m}`))
    expect([0, 10_000, 20_000, 59_999].map((at) => call(at).effect)).toEqual(['allow', 'allow', 'deny', 'deny'])
    expect(call(59_999).reasons).toMatchObject([
      { code: 'limit-reached', rule: 'test/r0', message: expect.stringContaining('2 in 60 seconds for each subject') },
    ])
    expect([60_000, 60_001, 70_000].map((at) => call(at).effect)).toEqual(['allow', 'deny', 'allow'])
  })

  it('never lets more pass in any window, nor fewer than it says', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.array(fc.nat(40), { maxLength: 60 }), (requests, gaps) => {
        const call = inUse(policyOf(`effect: allow, ${pods}, limit: {requests: ${requests}, per: 100ms}`))
        const passed: number[] = []
        let at = 0
        for (const gap of gaps) {
          at += gap
          const within = passed.filter((time) => time > at - 100).length
          const isAllowed = call(at).effect === 'allow'
          expect(isAllowed).toBe(within < requests)
          if (isAllowed) passed.push(at)
        }
      }),
    )
  })

  it('counts for each subject, or for each session', () => {
    const other = { ...get, subject: { ...operator, name: 'other' } }
    const session = { ...get, session: { ...get.session, id: 's-another1' } }
    const bySubject = inUse(policyOf(`effect: allow, ${pods}, limit: {requests: 1, per: 1m}`))
    expect([bySubject(0), bySubject(1, session), bySubject(2, other)].map(({ effect }) => effect)).toEqual([
      'allow',
      'deny',
      'allow',
    ])
    const bySession = inUse(policyOf(`effect: allow, ${pods}, limit: {requests: 1, per: 1m, by: session}`))
    expect([bySession(0), bySession(1, session), bySession(2, other)].map(({ effect }) => effect)).toEqual([
      'allow',
      'allow',
      'deny',
    ])
  })

  it('counts whatever other rules allow, and not what is about something else', () => {
    const call = inUse(
      policyOf(`effect: allow, ${everything}`, `effect: allow, ${pods}, limit: {requests: 1, per: 1m}`),
    )
    const services = ask(resourceRequest('get', 'services', { namespace: 'shop', name: 'web' }))
    expect([call(0, services), call(1), call(2), call(3, services)].map(({ effect }) => effect)).toEqual([
      'allow',
      'allow',
      'deny',
      'allow',
    ])
  })

  it('holds what is over it, where it says so', () => {
    const call = inUse(
      policyOf(
        `effect: allow, ${pods}, limit: {requests: 1, per: 1m, over: hold}, approval: {reviewers: [{group: leads}], expiresAfter: 5m}`,
      ),
    )
    expect(call(0).effect).toBe('allow')
    expect(call(1)).toMatchObject({
      effect: 'hold',
      requirement: { kind: 'review', reviewers: [{ group: 'leads' }] },
      reasons: [{ code: 'limit-reached' }, { code: 'rule-allows' }],
    })
  })

  it('remembers a bounded number of callers', () => {
    const usage = new Usage()
    for (let index = 0; index < 5000; index++) usage.note('r', `caller ${index}`, 1, index)
    expect(usage.count('r', 'caller 4999', 10_000, 5000)).toBe(1)
    expect(usage.count('r', 'caller 0', 10_000, 5000)).toBe(0)
  })
})

it('callers of one rule, however many, make no other rule forget', () => {
  const usage = new Usage()
  usage.note('deletes', 'ana', 1, 0)
  for (let index = 0; index < 5000; index++) usage.note('reads', `session ${index}`, 1, index)
  expect(usage.count('deletes', 'ana', 10_000, 5000)).toBe(1)
})

describe('A limit of objects', () => {
  const all = ask(resourceRequest('deletecollection', 'pods', { namespace: 'shop' }))
  const policy = policyOf(`effect: allow, ${pods}, limit: {objects: 3}`)

  it('denies a deletion that takes more, or that could not be counted', () => {
    expect(policy.countsObjects(all)).toBe(4)
    expect(policy.decide({ ...all, objects: 3 }).effect).toBe('allow')
    expect(policy.decide({ ...all, objects: 4 }).reasons).toMatchObject([
      { message: expect.stringContaining('more than 3 objects') },
    ])
    expect(policy.decide(all).reasons).toMatchObject([{ message: expect.stringContaining('cannot be counted') }])
    expect(explain(policy, { ...all, objects: 4 })[0]).toMatchObject({
      speaks: true,
      because: expect.stringContaining('more than 3'),
    })
  })

  it('asks for no count where it says nothing', () => {
    expect(policy.countsObjects(get)).toBeUndefined()
    expect(policy.decide(get).effect).toBe('allow')
    const services = ask(resourceRequest('deletecollection', 'services', { namespace: 'shop' }))
    expect(policy.countsObjects(services)).toBeUndefined()
  })
})

it.each([
  ['limit: {requests: 3}', 'has requests exactly when it has per'],
  ['limit: {by: session}', 'limits requests or objects'],
  ['limit: {objects: 3, by: session}', 'has by only with requests'],
  ['limit: {objects: 3, over: hold}', 'or what is over its limit is held'],
  ['limit: {objects: 3}, approval: {confirm: self}', 'or what is over its limit is held'],
  ['limit: {requests: 0, per: 1m}', 'limit.requests'],
])('a policy with %s is refused', (limit, problem) => {
  expect(() => policyOf(`effect: allow, ${pods}, ${limit}`)).toThrow(problem)
})

it('only a rule that allows has a limit', () => {
  expect(() => policyOf(`effect: deny, ${pods}, limit: {objects: 3}`)).toThrow(
    'has a limit only when its effect is allow',
  )
})
