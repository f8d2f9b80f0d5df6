import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { RequestAttributes } from '../../src/model/request.ts'
import { builtinSource } from '../../src/policy/builtin.ts'
import { explain } from '../../src/policy/explain.ts'
import { loadPolicy } from '../../src/policy/parse.ts'
import { ask, operator, resourceRequest } from './request.ts'

/** A policy of one file from rules in YAML flow style. */
function policyOf(...rules: readonly string[]) {
  return loadPolicy([source('test', ...rules)])
}

function source(name: string, ...rules: readonly string[]) {
  const body = rules.map((rule, index) => `- {name: r${index}, subjects: [{group: "*"}], ${rule}}\n`).join('')
  const text = `apiVersion: chaperone/v1\nkind: AccessPolicy\nmetadata: {name: ${name}}\nrules:\n${body}`
  return { file: `${name}.yaml`, text }
}

const everything = 'match: {verbs: ["*"], apiGroups: ["*"], resources: ["*"]}'
const effectOf = (policy: ReturnType<typeof policyOf>, input: Parameters<typeof policy.decide>[0]) =>
  policy.decide(input).effect

describe('Scope', () => {
  it('lets a deny for one namespace speak to a list of all, and an allow for one namespace not', () => {
    const allow = policyOf(
      'effect: allow, match: {verbs: [list], apiGroups: [""], resources: [pods], namespaces: [dev]}',
    )
    expect(effectOf(allow, ask(resourceRequest('list', 'pods', { namespace: 'dev' })))).toBe('allow')
    expect(effectOf(allow, ask(resourceRequest('list', 'pods')))).toBe('deny')
    const deny = policyOf(
      `effect: allow, ${everything}`,
      'effect: deny, match: {verbs: [list], apiGroups: [""], resources: [pods], namespaces: [dev]}',
    )
    expect(effectOf(deny, ask(resourceRequest('list', 'pods')))).toBe('deny')
    expect(effectOf(deny, ask(resourceRequest('list', 'pods', { namespace: 'prod' })))).toBe('allow')
  })

  it('does the same for names: an unpinned list may hold the named object', () => {
    const named = 'match: {verbs: [get, list, watch], apiGroups: [""], resources: [secrets], names: [db]}'
    const deny = policyOf(`effect: allow, ${everything}`, `effect: deny, ${named}`)
    expect(effectOf(deny, ask(resourceRequest('list', 'secrets', { namespace: 'a' })))).toBe('deny')
    expect(effectOf(deny, ask(resourceRequest('list', 'secrets', { namespace: 'a', name: 'web' })))).toBe('allow')
    const allow = policyOf(`effect: allow, ${named}`)
    expect(effectOf(allow, ask(resourceRequest('list', 'secrets', { namespace: 'a', name: 'db' })))).toBe('allow')
    expect(effectOf(allow, ask(resourceRequest('watch', 'secrets', { namespace: 'a' })))).toBe('deny')
  })

  it('takes the name of a created object from its body', () => {
    const deny = policyOf(
      `effect: allow, ${everything}`,
      'effect: deny, match: {verbs: [create], apiGroups: [""], resources: [configmaps], names: [flags]}',
    )
    const create = resourceRequest('create', 'configmaps', { namespace: 'a' })
    expect(effectOf(deny, ask(create, { object: { metadata: { name: 'flags' } } }))).toBe('deny')
    expect(effectOf(deny, ask(create, { object: { metadata: { name: 'other' } } }))).toBe('allow')
    expect(effectOf(deny, ask(create, { object: { metadata: { generateName: 'fl' } } }))).toBe('deny')
  })

  it('adds the mask of a narrow allow to a wide one that covers the request', () => {
    const masks = `---\napiVersion: chaperone/v1\nkind: MaskSet\nmetadata: {name: m}\nfields: [{apiGroup: "", resource: secrets, paths: [data.*]}]\n`
    const { file, text } = source(
      'two',
      `effect: allow, ${everything}`,
      'effect: allow, match: {verbs: [list], apiGroups: [""], resources: [secrets], namespaces: [dev]}, obligations: [{mask: m}]',
    )
    const policy = loadPolicy([{ file, text: text + masks }])
    expect(policy.decide(ask(resourceRequest('list', 'secrets'))).obligations).toEqual([{ kind: 'mask', maskSet: 'm' }])
    expect(policy.decide(ask(resourceRequest('list', 'secrets', { namespace: 'prod' }))).obligations).toEqual([])
  })

  it.each([
    ['pods', 'pods', true],
    ['pods', 'pods/log', false],
    ['pods/log', 'pods/log', true],
    ['pods/*', 'pods/log', true],
    ['pods/*', 'pods', false],
    ['*/status', 'pods/status', true],
    ['*/status', 'pods', false],
    ['*', 'pods/log', true],
  ])('matches the resource pattern %s against %s: %s', (pattern, what, matched) => {
    const policy = policyOf(`effect: allow, match: {verbs: [get], apiGroups: [""], resources: ["${pattern}"]}`)
    expect(effectOf(policy, ask(resourceRequest('get', what, { namespace: 'a', name: 'x' })))).toBe(
      matched ? 'allow' : 'deny',
    )
  })

  it('never lets a reader exec over a WebSocket, which comes as GET', () => {
    const policy = policyOf('effect: allow, match: {verbs: [get, list, watch], apiGroups: ["*"], resources: ["*"]}')
    expect(effectOf(policy, ask(resourceRequest('get', 'pods/exec', { namespace: 'a', name: 'x' })))).toBe('deny')
    expect(effectOf(policy, ask(resourceRequest('get', 'nodes/proxy', { name: 'n' })))).toBe('deny')
  })

  it('never allows a method without a verb, but lets a deny speak to it', () => {
    expect(effectOf(policyOf(`effect: allow, ${everything}`), ask(resourceRequest('', 'pods')))).toBe('deny')
  })
})

describe('Conditions', () => {
  const patch = resourceRequest('patch', 'deployments.apps', { namespace: 'a', name: 'x' })

  it('see request, subject, session and the body', () => {
    const policy = policyOf(
      `effect: allow, ${everything}, when: 'request.verb == "patch" && "chaperone:operators" in subject.groups && session.kind == "shell" && object.spec.replicas > 2'`,
    )
    expect(effectOf(policy, ask(patch, { object: { spec: { replicas: 3 } } }))).toBe('allow')
    expect(effectOf(policy, ask(patch, { object: { spec: { replicas: 2 } } }))).toBe('deny')
  })

  it('that cannot be evaluated make the answer stricter', () => {
    const failing = `when: 'object.spec.replicas > 2'`
    expect(effectOf(policyOf(`effect: allow, ${everything}, ${failing}`), ask(patch))).toBe('deny')
    const decision = policyOf(`effect: allow, ${everything}`, `effect: deny, ${everything}, ${failing}`).decide(
      ask(patch),
    )
    expect(decision).toMatchObject({ effect: 'deny', reasons: [{ code: 'rule-failed', rule: 'test/r1' }] })
    const held = policyOf(`effect: hold, approval: {confirm: self}, ${everything}, ${failing}`).decide(ask(patch))
    expect(held).toMatchObject({ effect: 'hold', reasons: [{ code: 'rule-failed' }] })
  })

  it('that give something else than true or false count as failed', () => {
    const policy = policyOf(`effect: deny, ${everything}, when: 'object.flag'`, `effect: allow, ${everything}`)
    expect(effectOf(policy, ask(patch, { object: { flag: 'no' } }))).toBe('deny')
    expect(effectOf(policy, ask(patch, { object: { flag: false } }))).toBe('allow')
  })

  it.each(['request.verbs == "get"', '1 +', '"text"', 'formerObject == null', 'request.verb == 1'])(
    'that cannot work refuse the policy: %s',
    (expression) => {
      expect(() => policyOf(`effect: allow, ${everything}, when: '${expression}'`)).toThrow(/rule r0: the condition/)
    },
  )
})

describe('Several holds', () => {
  const hold = (approval: string) => `effect: hold, ${everything}, approval: ${approval}`
  const requirement = (...approvals: readonly string[]) => {
    const decision = policyOf(...approvals.map(hold)).decide(ask(resourceRequest('delete', 'pods')))
    return decision.effect === 'hold' ? decision.requirement : undefined
  }

  it('become one that satisfies all: a review outweighs a confirmation, the shortest expiry counts', () => {
    expect(requirement('{confirm: self, expiresAfter: 5m}', '{reviewers: [{group: leads}], expiresAfter: 1h}')).toEqual(
      {
        kind: 'review',
        reviewers: [{ group: 'leads' }],
        count: 1,
        expiresAfterMs: 300_000,
      },
    )
  })

  it('leave only reviewers whom all of them name, and take the highest count', () => {
    expect(
      requirement(
        '{reviewers: [{group: leads}, {group: security}], count: 1}',
        '{reviewers: [{group: security}, {user: zoe}], count: 2}',
        '{reviewers: [{group: "*"}]}',
      ),
    ).toMatchObject({ reviewers: [{ group: 'security' }], count: 2 })
  })

  it('keep the reviewers of the highest count when nobody is named by all', () => {
    expect(
      requirement('{reviewers: [{group: leads}], count: 1}', '{reviewers: [{group: security}], count: 2}'),
    ).toMatchObject({ reviewers: [{ group: 'security' }], count: 2 })
  })
})

describe('Any policy', () => {
  const pick = (...values: readonly string[]) => fc.constantFrom(...values)
  const some = (...values: readonly string[]) =>
    fc.uniqueArray(pick(...values), { minLength: 1, maxLength: 3 }).map((list) => JSON.stringify(list))
  const rule = fc
    .tuple(
      some('get', 'list', 'create', 'delete', '*'),
      some('', 'apps', '*'),
      some('pods', 'pods/exec', 'deployments', '*'),
      fc.option(some('a', 'b', 'kube-system')),
      fc.option(some('x', 'y')),
      pick(
        'effect: allow',
        'effect: deny',
        'effect: hold, approval: {confirm: self}',
        'effect: hold, approval: {reviewers: [{group: g}], count: 2}',
        'effect: allow, when: "object.a == 1"',
      ),
    )
    .map(
      ([verbs, groups, resources, namespaces, names, effect]) =>
        `${effect}, match: {verbs: ${verbs}, apiGroups: ${groups}, resources: ${resources}${namespaces === null ? '' : `, namespaces: ${namespaces}`}${names === null ? '' : `, names: ${names}`}}`,
    )
  const input = fc
    .tuple(
      pick('get', 'list', 'create', 'delete', ''),
      pick('pods', 'pods/exec', 'deployments.apps'),
      pick('', 'a', 'kube-system'),
      pick('', 'x'),
    )
    .map(([verb, what, namespace, name]) => ask(resourceRequest(verb, what, { namespace, name })))
  const strictness = { allow: 0, hold: 1, deny: 2 }

  it('is never loosened by one more deny or hold', () => {
    fc.assert(
      fc.property(
        fc.array(rule, { minLength: 1, maxLength: 5 }),
        rule.filter((text) => text.startsWith('effect: deny')),
        input,
        (rules, more, request) => {
          const before = policyOf(...rules).decide(request)
          const after = policyOf(...rules, more).decide(request)
          expect(strictness[after.effect]).toBeGreaterThanOrEqual(strictness[before.effect])
        },
      ),
      { numRuns: 300 },
    )
  })

  it('decides the same in whatever order its files come', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(rule, { minLength: 1, maxLength: 3 }), { minLength: 2, maxLength: 3 }),
        input,
        (files, request) => {
          const sources = files.map((rules, index) => source(`p${index}`, ...rules))
          expect(loadPolicy(sources.toReversed()).decide(request)).toEqual(loadPolicy(sources).decide(request))
        },
      ),
      { numRuns: 200 },
    )
  })

  it('allows no empty verb', () => {
    fc.assert(
      fc.property(fc.array(rule, { minLength: 1, maxLength: 5 }), (rules) => {
        expect(policyOf(...rules).decide(ask(resourceRequest('', 'pods'))).effect).not.toBe('allow')
      }),
      { numRuns: 100 },
    )
  })
})

describe('A rule that wants more', () => {
  const base = ask(resourceRequest('delete', 'pods', { namespace: 'shop', name: 'web' }))
  const because = (reason: string) => ({ ...base, session: { ...base.session, reason } })
  const asks = (effect: string, wants: string) => policyOf(`${effect}, ${everything}, ${wants}: true`)
  const hold = 'effect: hold, approval: {confirm: self}'

  it.each(['effect: allow', hold])('lets nothing through without a reason: %s', (effect) => {
    const policy = asks(effect, 'requireReason')
    for (const input of [base, because(''), because('  ')]) {
      expect(policy.decide(input)).toMatchObject({
        effect: 'deny',
        reasons: [{ code: 'reason-missing', rule: 'test/r0', message: expect.stringContaining('--reason TEXT') }],
      })
      expect(explain(policy, input)[0]?.because).toContain('--reason TEXT')
    }
    expect(effectOf(policy, because('INC-7'))).toBe(effect === hold ? 'hold' : 'allow')
  })

  it('lets nothing through while nobody looks on', () => {
    const policy = asks('effect: allow', 'requireWatcher')
    expect(policy.decide(base).reasons).toMatchObject([{ code: 'watcher-missing' }])
    expect(effectOf(policy, { ...base, isWatched: false })).toBe('deny')
    expect(effectOf(policy, { ...base, isWatched: true })).toBe('allow')
  })

  it('takes nothing from what another rule allows, and lets none slip past a hold', () => {
    const plain = `effect: allow, ${everything}`
    expect(effectOf(policyOf(plain, `effect: allow, ${everything}, requireReason: true`), base)).toBe('allow')
    expect(effectOf(policyOf(plain, `${hold}, ${everything}, requireReason: true`), base)).toBe('deny')
    expect(
      effectOf(policyOf(`${hold}, ${everything}`, `effect: allow, ${everything}, requireReason: true`), base),
    ).toBe('hold')
  })

  it('may be one that denies only by mistake', () => {
    expect(() => asks('effect: deny', 'requireReason')).toThrow(/requires nothing when its effect is deny/)
  })

  it('can ask for the reason in its condition', () => {
    const policy = policyOf(`effect: allow, ${everything}, when: 'session.reason.startsWith("INC-")'`)
    expect([effectOf(policy, because('INC-7')), effectOf(policy, because('tea')), effectOf(policy, base)]).toEqual([
      'allow',
      'deny',
      'deny',
    ])
  })
})

describe('An explanation', () => {
  it('says of every rule why it spoke or was silent, in agreement with the decision', () => {
    const policy = loadPolicy([builtinSource])
    const input = ask(resourceRequest('delete', 'deployments.apps', { namespace: 'shop', name: 'web' }))
    const told = explain(policy, input)
    expect(told).toHaveLength(policy.rules.length)
    const spoke = told.filter(({ speaks }) => speaks).map(({ rule }) => rule)
    expect(spoke).toEqual(policy.decide(input).reasons.map(({ rule }) => rule))
    expect(told.find(({ rule }) => rule === 'builtin/dry-run')?.because).toBe(
      'Its condition is not true for the request.',
    )
    const others = explain(policy, { ...input, subject: { ...operator, groups: [] } })
    expect(others.find(({ rule }) => rule === 'builtin/read')?.because).toBe('It is about other subjects.')
  })

  it('names the verbs that a request takes beside its own', () => {
    const policy = policyOf('effect: allow, match: {verbs: [list, patch], apiGroups: ["*"], resources: ["*"]}')
    const because = (request: RequestAttributes) => explain(policy, ask(request))[0]?.because
    expect(because(resourceRequest('delete', 'pods', { name: 'web' }))).toBe('It does not name the verb delete.')
    const applied = resourceRequest('patch', 'pods', { name: 'web', effects: ['write', 'create'] })
    expect(because(applied)).toBe(
      'It covers only a part of the request: It does not name patch and create, which this patch takes.',
    )
  })

  it('tells an allow that is too narrow from one that is about something else', () => {
    const policy = policyOf(
      'effect: allow, match: {verbs: [list], apiGroups: [""], resources: [pods], namespaces: [dev]}',
    )
    expect(explain(policy, ask(resourceRequest('list', 'pods')))).toEqual([
      {
        rule: 'test/r0',
        effect: 'allow',
        speaks: false,
        because: 'It covers only a part of the request: It is about other namespaces.',
      },
    ])
  })
})
