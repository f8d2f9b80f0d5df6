import { describe, expect, it } from 'vitest'
import { loadPolicy } from '../../src/policy/parse.ts'
import { ask, resourceRequest } from './request.ts'

function policyWith(when: string) {
  const match = { verbs: ['*'], apiGroups: ['*'], resources: ['*'] }
  const rules = [
    { name: 'open', subjects: [{ group: '*' }], match, effect: 'allow' },
    { name: 'r', subjects: [{ group: '*' }], match, when, effect: 'deny' },
  ]
  const text = JSON.stringify({ apiVersion: 'chaperone/v1', kind: 'AccessPolicy', metadata: { name: 'p' }, rules })
  return loadPolicy([{ file: 'p.yaml', text }])
}

const create = resourceRequest('create', 'configmaps', { namespace: 'a' })
const reasonOf = (when: string, object: { readonly items: readonly number[] }) =>
  policyWith(when).decide(ask(create, { object })).reasons[0]?.code

describe('A condition that would not end', () => {
  const nested = 'object.items.all(x, object.items.all(y, object.items.all(z, x + y + z >= 0)))'

  it('has no value, so that its deny speaks; small bodies are judged', () => {
    expect(reasonOf(nested, { items: Array.from({ length: 1000 }, (_, index) => index) })).toBe('rule-failed')
    expect(reasonOf(nested, { items: [1, 2] })).toBe('rule-denies')
  })

  it.each([
    ['loops in loops in loops in loops', `object.items.all(a, ${nested})`, /more than 3 deep/],
    ['a repeated group', 'request.name.matches("^(a+)+$")', /repeats no group/],
    ['a repeated choice', 'request.name.matches("^(a|a)*$")', /repeats no group/],
    ['many repetitions', 'request.name.matches("a*a*a*a*b")', /repeats at most/],
    ['a back reference', String.raw`request.name.matches("(a)\\1")`, /refers back/],
    ['a pattern from the request', 'request.name.matches(object.pattern)', /written out/],
    ['a pattern put together', 'request.name.matches("a" + "b")', /written out/],
  ])('is refused with its policy: %s', (_name, when, problem) => {
    expect(() => policyWith(when)).toThrow(problem)
  })

  it('does not keep useful patterns and loops out', () => {
    const when = 'request.name.matches("^[a-z]+-[a-z]+-[0-9]+$") && object.items.all(x, x > 0)'
    const named = resourceRequest('update', 'configmaps', { namespace: 'a', name: 'web-blue-1' })
    expect(policyWith(when).decide(ask(named, { object: { items: [1] } })).effect).toBe('deny')
    expect(policyWith(when).decide(ask(named, { object: { items: [0] } })).effect).toBe('allow')
  })
})

describe('Time windows', () => {
  const outsideWorkingHours = 'now.getHours("Europe/Zurich") < 8 || now.getHours("Europe/Zurich") >= 18'

  it('speak by the clock, and are taken strictly without one', () => {
    const { decide } = policyWith(outsideWorkingHours)
    expect(decide(ask(create, { now: new Date('2026-11-23T09:00:00Z') })).effect).toBe('allow')
    expect(decide(ask(create, { now: new Date('2026-11-23T20:00:00Z') })).effect).toBe('deny')
    expect(decide(ask(create)).reasons[0]?.code).toBe('rule-failed')
  })
})

describe('A policy file that is a bomb', () => {
  it.each([
    ['10 MB', 'x'.repeat(10_000_000), /split it/],
    ['brackets without end', '['.repeat(100_000), /nests more than 64 deep/],
    ['dashes without end', '- '.repeat(100_000), /nests more than 64 deep/],
    [
      'indentation without end',
      Array.from({ length: 1000 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n'),
      /nests/,
    ],
    ['aliases of aliases', 'a: &a [x]\nb: &b [*a, *a]\nc: [*b, *b]', /anchors|aliases/],
  ])('is refused: %s', (_name, text, problem) => {
    expect(() => loadPolicy([{ file: 'bomb.yaml', text }])).toThrow(problem)
  })
})
