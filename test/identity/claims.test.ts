import fc from 'fast-check'
import { expect, it } from 'vitest'
import { compileClaims, type Claims } from '../../src/identity/claims.ts'
import type { IssuerConfig } from '../../src/identity/port.ts'
import { compileExpression } from '../../src/policy/expression.ts'
import { issuerConfig } from './issuer.ts'

type Mappings = Partial<IssuerConfig['claimMappings']>

function mapped(claims: Claims, mappings: Mappings = {}, over: Partial<IssuerConfig> = {}) {
  const config = issuerConfig(over)
  const all = { ...config, claimMappings: { ...config.claimMappings, ...mappings } }
  return compileClaims(all, compileExpression)({ sub: 'job', ...claims })
}

const groups: Mappings = { groups: { claim: 'groups', prefix: 'ci:' } }
const unauthenticated = (message: RegExp) =>
  expect.objectContaining({ code: 'ERR_UNAUTHENTICATED', message: expect.stringMatching(message) as string })

it('a GitHub Actions token becomes a subject with its repository, its run and the human behind it', () => {
  const subject = mapped(
    {
      sub: 'repo:acme/shop:environment:production',
      repository: 'acme/shop',
      repository_owner: 'acme',
      run_id: '42',
      actor: 'alice',
      workflow: 'deploy',
    },
    {
      username: { expression: "'github:' + claims.repository" },
      groups: { expression: "['github:' + claims.repository_owner, 'pipelines']" },
      uid: { claim: 'sub' },
      extra: [
        { key: 'chaperone/repository', valueExpression: 'claims.repository' },
        { key: 'chaperone/run', valueExpression: 'claims.run_id' },
        { key: 'chaperone/task', valueExpression: 'claims.?workflow.orValue("")' },
        { key: 'chaperone/environment', valueExpression: 'claims.?environment.orValue("")' },
      ],
      onBehalfOf: { claim: 'actor' },
    },
    { claimValidationRules: [{ claim: 'repository_owner', requiredValue: 'acme' }] },
  )
  expect(subject).toEqual({
    name: 'github:acme/shop',
    uid: 'repo:acme/shop:environment:production',
    groups: ['github:acme', 'pipelines'],
    extra: { 'chaperone/repository': ['acme/shop'], 'chaperone/run': ['42'], 'chaperone/task': ['deploy'] },
    authenticatedBy: 'jwt',
    onBehalfOf: 'alice',
  })
})

it('a service account and a SPIFFE identity become subjects', () => {
  const account = mapped(
    { sub: 'system:serviceaccount:ci:deployer', 'kubernetes.io': { namespace: 'ci', pod: { name: 'p-1' } } },
    {
      username: { claim: 'sub', prefix: '' },
      extra: [{ key: 'chaperone/run', valueExpression: "claims['kubernetes.io'].pod.name" }],
    },
    { reservedNames: ['system:serviceaccount:ci:*'] },
  )
  expect(account).toMatchObject({ name: 'system:serviceaccount:ci:deployer', extra: { 'chaperone/run': ['p-1'] } })
  const spiffe = mapped({ sub: 'spiffe://example.org/ns/ci/sa/deployer' }, { username: { claim: 'sub', prefix: '' } })
  expect(spiffe.name).toBe('spiffe://example.org/ns/ci/sa/deployer')
})

it.each([
  ['absent', undefined, []],
  ['null', null, []],
  ['an empty text', '', []],
  ['a text', 'dev', ['ci:dev']],
  ['a list', ['dev', 'ops', 'dev'], ['ci:dev', 'ci:ops']],
  ['an empty list', [], []],
])('groups may be %s', (_name, value, expected) => {
  expect(mapped({ groups: value }, groups).groups).toEqual(expected)
})

it.each([
  ['a number', 7],
  ['true', true],
  ['an object', { dev: true }],
  ['a list of lists', [['dev']]],
  ['a list with a number', ['dev', 7]],
  ['a list with null', ['dev', null]],
  ['a list with a newline', ['dev\nsystem:masters']],
  ['too many', Array.from({ length: 257 }, (_, n) => `g${n}`)],
  ['a name that is too long', ['g'.repeat(300)]],
])('groups may not be %s', (_name, value) => {
  expect(() => mapped({ groups: value }, groups)).toThrow(unauthenticated(/./))
})

it.each(['system:masters', 'system:', 'SYSTEM:masters', 'chaperone:reviewers', 'system:serviceaccount:other:x'])(
  'nothing maps to the reserved name %s unless it is listed',
  (name) => {
    const bare: Mappings = { username: { claim: 'sub', prefix: '' }, groups: { claim: 'groups', prefix: '' } }
    const listed = { reservedNames: ['system:serviceaccount:ci:*'] }
    expect(() => mapped({ sub: name }, bare, listed)).toThrow(unauthenticated(/reserved/))
    expect(() => mapped({ groups: [name] }, bare, listed)).toThrow(unauthenticated(/reserved/))
    expect(() => mapped({ human: name }, { onBehalfOf: { claim: 'human' } }, listed)).toThrow(
      unauthenticated(/reserved/),
    )
    expect(() => mapped({ n: name }, { username: { expression: 'claims.n' } }, listed)).toThrow(
      unauthenticated(/reserved/),
    )
    expect(mapped({ sub: name }, bare, { reservedNames: [name] }).name).toBe(name)
  },
)

it('whatever a token holds, what comes out is a subject without reserved names, or a refusal', () => {
  const bare: Mappings = { username: { claim: 'sub', prefix: '' }, groups: { claim: 'groups', prefix: '' } }
  const odd = fc.constantFrom('system:masters', 'chaperone:operators', '\u200bsystem:masters', ' system:masters')
  const value = fc.oneof(odd, fc.array(odd), fc.jsonValue())
  fc.assert(
    fc.property(value, value, (sub, list) => {
      try {
        const { name, groups: named } = mapped({ sub, groups: list }, bare)
        for (const one of [name, ...named]) expect(one).not.toMatch(/^\s*(system|chaperone):/i)
      } catch (thrown) {
        expect(thrown).toMatchObject({ code: 'ERR_UNAUTHENTICATED' })
      }
    }),
  )
})

it('a claim that every object has is none', () => {
  expect(() => mapped({}, { username: { claim: 'constructor', prefix: '' } })).toThrow(unauthenticated(/no text/))
  expect(() => mapped({}, { username: { expression: 'claims.constructor' } })).toThrow(unauthenticated(/no value/))
})

it('rules over claims and over the user refuse in their own words', () => {
  const rules = {
    claimValidationRules: [{ expression: "claims.ref == 'refs/heads/main'", message: 'Only main may deploy.' }],
    userValidationRules: [{ expression: "!user.username.startsWith('ci:evil')", message: 'Not you.' }],
  }
  expect(mapped({ ref: 'refs/heads/main' }, {}, rules).name).toBe('ci:job')
  expect(() => mapped({ ref: 'refs/heads/x' }, {}, rules)).toThrow('Only main may deploy.')
  expect(() => mapped({}, {}, rules)).toThrow(unauthenticated(/no value/))
  expect(() => mapped({ ref: 'refs/heads/main', sub: 'evil' }, {}, rules)).toThrow('Not you.')
})

it('an e-mail address counts only when it is verified', () => {
  const email: Mappings = { username: { claim: 'email', prefix: '' } }
  expect(mapped({ email: 'a@example.com', email_verified: true }, email).name).toBe('a@example.com')
  expect(() => mapped({ email: 'a@example.com', email_verified: false }, email)).toThrow(
    unauthenticated(/not verified/),
  )
  expect(() => mapped({ email: 'a@example.com', email_verified: 'true' }, email)).toThrow(
    unauthenticated(/not verified/),
  )
  expect(() => mapped({}, { username: { expression: 'claims.email' } })).toThrow(/nothing requires to be verified/)
})

it.each([
  ['claims.sub +', /claimMappings\.username\.expression/],
  ['nothing.sub', /claimMappings\.username\.expression/],
])('the expression %j is refused at the start', (expression, message) => {
  expect(() => mapped({}, { username: { expression } })).toThrow(
    expect.objectContaining({ code: 'ERR_CONFIG', message: expect.stringMatching(message) as string }),
  )
})

it('an expression that would work without end refuses the token', () => {
  const claims = { list: Array.from({ length: 2000 }, (_, n) => n) }
  const expression = 'claims.list.all(a, claims.list.all(b, claims.list.all(c, a + b + c >= 0))) ? "x" : "y"'
  expect(() => mapped(claims, { username: { expression } })).toThrow(unauthenticated(/no value/))
})
