import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ConditionVariables } from '../../src/policy/condition.ts'
import { factsOf, mismatch } from '../../src/policy/match.ts'
import { loadPolicy } from '../../src/policy/parse.ts'
import { indexRules } from '../../src/policy/rule-index.ts'
import { ask, operator, resourceRequest } from './request.ts'

const subject = fc.constantFrom({ group: '*' }, { group: 'a' }, { group: 'b' }, { user: '*' }, { user: 'ana' })
const some = (...values: string[]) => fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength: 3 })
const match = fc.oneof(
  fc.record(
    {
      verbs: fc.constant(['*']),
      apiGroups: some('', 'apps', '*'),
      resources: some('pods', 'pods/log', '*/log', '*', 'secrets'),
      namespaces: some('dev', 'prod', '*', ''),
    },
    { requiredKeys: ['verbs', 'apiGroups', 'resources'] },
  ),
  fc.record({ verbs: fc.constant(['*']), nonResourceURLs: some('/version', '/api*', '*') }),
)
const rule = fc.record({
  subjects: fc.array(subject, { minLength: 1, maxLength: 3 }),
  match,
  effect: fc.constantFrom('allow' as const, 'deny' as const),
})
const request = fc.oneof(
  fc
    .tuple(
      fc.constantFrom('get', 'list', 'deletecollection'),
      fc.constantFrom('pods', 'pods/log', 'secrets', 'nodes'),
      fc.constantFrom('', 'dev', 'prod', 'other'),
    )
    .map(([verb, what, namespace]) => resourceRequest(verb, what, { namespace })),
  fc.constantFrom('/version', '/apis', '/other').map((path) => ({
    kind: 'non-resource' as const,
    verb: 'get',
    path,
    effects: ['read' as const],
  })),
)

describe('The index of rules', () => {
  it('leaves out no rule that matches', () => {
    const groups = fc.uniqueArray(fc.constantFrom('a', 'b', 'c'), { maxLength: 3 })
    fc.assert(
      fc.property(fc.array(rule, { minLength: 1, maxLength: 12 }), request, groups, (sources, asked, callers) => {
        const rules = sources.map((source, index) => ({ name: `r${index}`, ...source }))
        const text = JSON.stringify({
          apiVersion: 'chaperone/v1',
          kind: 'AccessPolicy',
          metadata: { name: 'p' },
          rules,
        })
        const policy = loadPolicy([{ file: 'p.yaml', text }])
        const input = ask(asked, { subject: { ...operator, groups: callers } })
        const facts = factsOf(input, new ConditionVariables(input))
        const matching = policy.rules.filter((one) => mismatch(one, facts, 'intersects') === undefined)
        const found = [...indexRules(policy.rules)(input)]
        expect(found).toEqual(expect.arrayContaining(matching))
        expect(new Set(found).size).toBe(found.length)
      }),
      { numRuns: 500 },
    )
  })
})
