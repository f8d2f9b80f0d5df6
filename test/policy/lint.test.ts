import { describe, expect, it } from 'vitest'
import { builtinSource } from '../../src/policy/builtin.ts'
import { lint, type KnownReviewer } from '../../src/policy/lint.ts'
import { loadPolicy } from '../../src/policy/parse.ts'

const pods = 'match: {verbs: [get, list], apiGroups: [""], resources: [pods], namespaces: [dev]}'
const everything = 'match: {verbs: ["*"], apiGroups: ["*"], resources: ["*"]}'

function findings(rules: readonly string[], reviewers?: readonly KnownReviewer[]) {
  const body = rules.map((rule, index) => `- {name: r${index}, subjects: [{group: "*"}], ${rule}}\n`).join('')
  const text = `apiVersion: chaperone/v1\nkind: AccessPolicy\nmetadata: {name: p}\nrules:\n${body}`
  return lint(loadPolicy([{ file: 'p.yaml', text }]).rules, reviewers).map(({ rule, kind }) => `${rule} ${kind}`)
}

describe('Checking a policy', () => {
  it('finds nothing in the built-in policy but what its reviewers lack', () => {
    const { rules } = loadPolicy([builtinSource])
    expect(lint(rules, undefined)).toEqual([])
    expect(lint(rules, [{ name: 'rita', groups: ['chaperone:reviewers'] }])).toEqual([])
    expect(new Set(lint(rules, []).map(({ kind }) => kind))).toEqual(new Set(['no-reviewer']))
  })

  it.each([
    [
      'an allow under a deny of everything',
      [`effect: allow, ${pods}`, `effect: deny, ${everything}`],
      ['p/r0 contradictory'],
    ],
    [
      'an allow that another one says already',
      [`effect: allow, ${everything}`, `effect: allow, ${pods}`],
      ['p/r1 shadowed'],
    ],
    ['the second of two equal rules', [`effect: allow, ${pods}`, `effect: allow, ${pods}`], ['p/r1 shadowed']],
    [
      'nothing where a condition may not hold',
      [`effect: allow, ${pods}`, `effect: deny, when: request.dryRun, ${everything}`],
      [],
    ],
    [
      'a rule for what the API server asks its own rules alone',
      ['effect: deny, match: {verbs: [bind, escalate], apiGroups: [rbac.authorization.k8s.io], resources: ["*"]}'],
      ['p/r0 no-request'],
    ],
    [
      'nothing where such a verb stands beside others',
      ['effect: deny, match: {verbs: [update, approve], apiGroups: [certificates.k8s.io], resources: ["*"]}'],
      [],
    ],
    ['nothing where the deny is narrower', [`effect: allow, ${everything}`, `effect: deny, ${pods}`], []],
  ])('finds %s', (_name, rules, found) => {
    expect(findings(rules)).toEqual(found)
  })

  it('finds holds that too few people could release', () => {
    const hold = `effect: hold, approval: {reviewers: [{group: leads}], count: 2}, ${pods}`
    const lead = (name: string) => ({ name, groups: ['leads'] })
    expect(findings([hold], [lead('ana')])).toEqual(['p/r0 no-reviewer'])
    expect(findings([hold], [lead('ana'), lead('bea')])).toEqual([])
  })
})
