import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Fault } from '../../src/model/fault.ts'
import { builtinSource } from '../../src/policy/builtin.ts'
import { parseMaskPath } from '../../src/policy/mask-path.ts'
import { loadPolicy } from '../../src/policy/parse.ts'

const good = `apiVersion: chaperone/v1
kind: AccessPolicy
metadata: {name: team}
rules:
- name: read
  subjects: [{group: developers}]
  match: {verbs: [get], apiGroups: [""], resources: [pods]}
  effect: allow
`

function refusal(...texts: readonly string[]): Fault {
  try {
    loadPolicy(texts.map((text, index) => ({ file: `f${index}.yaml`, text })))
  } catch (thrown) {
    if (thrown instanceof Fault) return thrown
    throw thrown
  }
  throw new Error('the policy was accepted')
}

describe('A policy file', () => {
  it('is known by its names and by a digest that does not depend on the order of files', () => {
    const other = { file: 'b', text: good.replace('team', 'base') }
    const policy = loadPolicy([{ file: 'a', text: good }, other])
    expect(policy.name).toBe('base,team')
    expect(policy.digest).toMatch(/^[0-9a-f]{64}$/)
    expect(loadPolicy([other, { file: 'a', text: good }]).digest).toBe(policy.digest)
    expect(loadPolicy([{ file: 'a', text: good }]).digest).not.toBe(policy.digest)
  })

  it.each([
    [
      'an unknown key of a rule',
      good.replace('  effect: allow', '  effct: allow'),
      'f0.yaml:8: rule read: unknown key "effct". Did you mean "effect"?',
    ],
    [
      'a key as RBAC has it',
      good.replace('verbs: [get]', 'verbs: [get], resourceNames: [web]'),
      'unknown key "resourceNames". Here it is called "names".',
    ],
    [
      'a mask set of which there is none',
      `${good}  obligations: [{mask: secrets}]\n`,
      'f0.yaml:9: rule read: there is no MaskSet "secrets". A policy brings its own: put one beside the rules',
    ],
    ['a missing effect', good.replace('  effect: allow\n', ''), 'f0.yaml:5: rule read, effect: is missing'],
    [
      'a mistyped effect',
      good.replace('effect: allow', 'effect: alow'),
      'f0.yaml:8: rule read, effect: "alow" is not one of allow, hold, deny. Did you mean "allow"?',
    ],
    ['a mistyped verb', good.replace('[get]', '[get, lst]'), 'Did you mean "list"?'],
    [
      'an unknown kind',
      good.replace('AccessPolicy', 'AccesPolicy'),
      'f0.yaml:2: the document has the unknown kind "AccesPolicy"; it must be AccessPolicy or MaskSet. Did you mean "AccessPolicy"?',
    ],
    [
      'another version',
      good.replace('chaperone/v1', 'chaperone/v2'),
      'f0.yaml:1: apiVersion: "chaperone/v2" must be chaperone/v1.',
    ],
    [
      'an unknown mask set',
      `${good}  obligations: [{mask: secrts}]\n---\napiVersion: chaperone/v1\nkind: MaskSet\nmetadata: {name: secrets}\nfields: [{apiGroup: "", resource: secrets, paths: [data.*]}]\n`,
      'f0.yaml:9: rule read: there is no MaskSet "secrts". Did you mean "secrets"?',
    ],
    ['a hold without an approval', good.replace('allow', 'hold'), 'has an approval exactly when its effect is hold'],
    [
      'an allow with an approval',
      `${good}  approval: {confirm: self}\n`,
      'has an approval exactly when its effect is hold',
    ],
    [
      'both reviewers and confirm',
      good.replace('effect: allow', 'effect: hold\n  approval: {confirm: self, reviewers: [{group: a}]}'),
      'has either reviewers or confirm: self',
    ],
    [
      'a duration of a day and more',
      good.replace('effect: allow', 'effect: hold\n  approval: {confirm: self, expiresAfter: 25h}'),
      '"25h" is not between 1ms and 24h',
    ],
    [
      'obligations on a deny',
      `${good.replace('allow', 'deny')}  obligations: []\n`,
      'has no obligations when its effect is deny',
    ],
    ['a rule about nothing', good.replace(', resources: [pods]', ''), 'has either resources or nonResourceURLs'],
    ['a subject that is nobody', good.replace('{group: developers}', '{}'), 'names one group or one user'],
    [
      'the same rule name twice',
      good + good.slice(good.indexOf('- name')),
      'f0.yaml:9: rule read: another rule of this policy has the same name',
    ],
    [
      'a repeated key',
      good.replace('  effect: allow', '  effect: deny\n  effect: allow'),
      'f0.yaml:9: this is not YAML that can be read',
    ],
    ['an alias', good.replace('[get]', '&v [get]').replace('[pods]', '*v'), 'aliases (*name) are not allowed'],
    ['a tag', good.replace('effect: allow', 'effect: !!js/function allow'), 'f0.yaml:8:'],
    ['broken YAML', good.replace('[get]', '[get'), 'f0.yaml:'],
    ['an empty file', '', 'the file holds no policy'],
    [
      'a file without rules',
      'apiVersion: chaperone/v1\nkind: MaskSet\nmetadata: {name: m}\nfields: [{apiGroup: "", resource: a, paths: [b]}]\n',
      'there is no AccessPolicy',
    ],
    [
      'detectors where they mean nothing',
      `${good}---\napiVersion: chaperone/v1\nkind: MaskSet\nmetadata: {name: m}\ndetectors: [jwt]\nfields: [{apiGroup: "", resource: a, paths: [b]}]\n`,
      'f0.yaml:13: unknown key "detectors"',
    ],
    [
      'a mask path that is none',
      `${good}---\napiVersion: chaperone/v1\nkind: MaskSet\nmetadata: {name: m}\nfields: [{apiGroup: "", resource: a, paths: ["b..c"]}]\n`,
      '"b..c" is not a path like',
    ],
  ])('is refused for %s', (_what, text, problem) => {
    const fault = refusal(text)
    expect(fault.code).toBe('ERR_POLICY')
    expect(fault.message).toContain(problem)
  })

  it('is refused with all its problems at once, over all files', () => {
    const fault = refusal(
      good.replace('[get]', '[gte]').replace('effect: allow', 'effect: yes'),
      good.replace('rules', 'ruls'),
    )
    expect(fault.message).toMatch(/^The policy has \d problems:\n/)
    for (const part of ['"gte"', '"yes"', '"ruls"', 'f1.yaml:4:']) expect(fault.message).toContain(part)
  })

  it('may not be named like another', () => {
    expect(refusal(good, good).message).toContain(
      'f1.yaml:3: a second AccessPolicy is called "team"; the other one is in f0.yaml',
    )
  })

  it('is refused, never half accepted, whatever characters are lost or changed', () => {
    const { text } = builtinSource
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.string({ maxLength: 3 }), (at, put) => {
        const damaged = text.slice(0, at) + put + text.slice(at + 1)
        try {
          loadPolicy([{ file: 'f', text: damaged }])
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(Fault)
          expect((thrown as Fault).code).toBe('ERR_POLICY')
        }
      }),
      { numRuns: 60 },
    )
  })
})

describe('A mask path', () => {
  it.each([
    ['data.*', ['data', '*']],
    ['metadata.annotations[*token*]', ['metadata', 'annotations', '*token*']],
    ['spec.containers[*].env[*].value', ['spec', 'containers', '*', 'env', '*', 'value']],
    ['metadata.annotations[a.b/c]', ['metadata', 'annotations', 'a.b/c']],
  ])('%s is read as %j', (text, segments) => expect(parseMaskPath(text)).toEqual(segments))

  it.each(['', '.', 'a.', '.a', 'a..b', 'a[', 'a[]', 'a]', 'a b', 'a[b]c'])('%j is none', (text) => {
    expect(parseMaskPath(text)).toBeUndefined()
  })
})
