import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Attributes, User } from '../../src/practice/access/access.ts'
import { Authorizer } from '../../src/practice/access/authorizer.ts'
import { uncovered } from '../../src/practice/access/escalation.ts'
import { ruleAllows, type PolicyRule } from '../../src/practice/access/rules.ts'
import type { Fields } from '../../src/practice/state/objects.ts'
import { Store } from '../../src/practice/state/store.ts'
import { startTestCluster, type TestCluster } from './cluster.ts'

const production = ['-n', 'shop-production']

/** A role of this cluster and its binding to a user. */
async function grant(cluster: TestCluster, user: string, rules: Fields[], namespace?: string): Promise<void> {
  const kind = namespace === undefined ? 'ClusterRole' : 'Role'
  const metadata = { name: `of-${user}`, ...(namespace === undefined ? {} : { namespace }) }
  const apiVersion = 'rbac.authorization.k8s.io/v1'
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind, name: metadata.name }
  const subjects = [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: user }]
  const items = [
    { apiVersion, kind, metadata, rules },
    { apiVersion, kind: `${kind}Binding`, metadata, roleRef, subjects },
  ]
  await cluster.kubectlIn(JSON.stringify({ apiVersion: 'v1', kind: 'List', items }), ['create', '-f', '-'])
}

test('a developer reads what view allows, and no secrets', async () => {
  await using cluster = await startTestCluster()
  const as = ['--as=ann', '--as-group=developers']
  expect(await cluster.kubectlIn('', ['get', 'pods', ...production, ...as])).toContain('checkout')
  const secrets = await cluster.kubectl('get', 'secrets', ...production, ...as)
  expect(secrets.stderr).toBe(
    'Error from server (Forbidden): secrets is forbidden: User "ann" cannot list resource "secrets" in API group "" in the namespace "shop-production"\n',
  )
  const deleted = await cluster.kubectl('delete', 'deployment', 'web', ...production, ...as)
  expect(deleted.stderr).toContain(
    'deployments.apps "web" is forbidden: User "ann" cannot delete resource "deployments"',
  )
})

test('names, subresources and namespaces bound what a role gives', async () => {
  await using cluster = await startTestCluster()
  await grant(
    cluster,
    'bo',
    [
      { apiGroups: [''], resources: ['configmaps'], resourceNames: ['one'], verbs: ['get', 'list', 'watch', 'delete'] },
      { apiGroups: ['apps'], resources: ['*/scale'], verbs: ['get', 'update', 'patch'] },
    ],
    'shop-production',
  )
  const can = async (...question: string[]) =>
    (await cluster.kubectl('auth', 'can-i', ...question, '--as=bo', ...production)).stdout.trim()
  expect(await can('get', 'configmaps/one')).toBe('yes')
  expect(await can('get', 'configmaps/two')).toBe('no')
  expect(await can('patch', 'deployments/web', '--subresource=scale')).toBe('yes')
  expect(await can('patch', 'deployments/web')).toBe('no')
  const patch = async (path: string) => {
    const headers = { 'Content-Type': 'application/merge-patch+json', 'Impersonate-User': 'bo' }
    const options = { method: 'PATCH', headers, body: '{"spec":{"replicas":2}}' }
    return (await cluster.raw(`/apis/apps/v1/namespaces/shop-production/deployments/${path}`, options)).code
  }
  expect(await patch('web/scale')).toBe(200)
  expect(await patch('web')).toBe(403)
  const listed = async (query: string) =>
    (
      await cluster.raw(`/api/v1/namespaces/shop-production/configmaps${query}`, {
        headers: { 'Impersonate-User': 'bo' },
      })
    ).code
  expect(await listed('')).toBe(403)
  expect(await listed('?fieldSelector=metadata.name%3Done')).toBe(200)
})

test('a binding counts from the moment it is stored until it is gone', async () => {
  await using cluster = await startTestCluster()
  const pods = () => cluster.raw('/api/v1/pods', { headers: { 'Impersonate-User': 'cy' } })
  expect((await pods()).code).toBe(403)
  await cluster.kubectlIn('', ['create', 'clusterrolebinding', 'cy', '--clusterrole=view', '--user=cy'])
  expect((await pods()).code).toBe(200)
  await cluster.kubectlIn('', ['delete', 'clusterrolebinding', 'cy'])
  expect((await pods()).code).toBe(403)
})

test('a binding to a role that does not exist is named in the refusal', async () => {
  await using cluster = await startTestCluster()
  await cluster.kubectlIn('', ['create', 'clusterrolebinding', 'cy', '--clusterrole=gone', '--user=cy'])
  const answer = await cluster.raw('/api/v1/pods', { headers: { 'Impersonate-User': 'cy' } })
  expect(answer.json['message']).toBe(
    'pods is forbidden: User "cy" cannot list resource "pods" in API group "" at the cluster scope: RBAC: clusterrole.rbac.authorization.k8s.io "gone" not found',
  )
})

test('aggregated roles grow and shrink with the roles they select', async () => {
  await using cluster = await startTestCluster()
  const role = {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: 'teas', labels: { 'rbac.authorization.k8s.io/aggregate-to-view': 'true' } },
    rules: [{ apiGroups: ['brew.example'], resources: ['teas'], verbs: ['get'] }],
  }
  const rulesOf = (name: string) => cluster.kubectlIn('', ['get', 'clusterrole', name, '-o', 'json'])
  expect(await rulesOf('admin')).not.toContain('brew.example')
  await cluster.kubectlIn(JSON.stringify(role), ['create', '-f', '-'])
  for (const name of ['view', 'edit', 'admin']) expect(await rulesOf(name)).toContain('brew.example')
  await cluster.kubectlIn('', ['delete', 'clusterrole', 'teas'])
  expect(await rulesOf('admin')).not.toContain('brew.example')
})

test('nobody grants what they do not hold', async () => {
  await using cluster = await startTestCluster()
  const resources = ['roles', 'rolebindings']
  const writing = { apiGroups: ['rbac.authorization.k8s.io'], resources, verbs: ['create', 'update', 'patch', 'get'] }
  await grant(cluster, 'bo', [writing, { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] }])
  const create = (...args: string[]) => cluster.kubectl('create', ...args, '--as=bo', '-n', 'data')
  const role = await create('role', 'reader', '--verb=get,list', '--resource=secrets,pods')
  expect(role.stderr).toBe(
    [
      'Error from server (Forbidden): roles.rbac.authorization.k8s.io "reader" is forbidden: user "bo" (groups=["system:authenticated"]) is attempting to grant RBAC permissions not currently held:',
      '{APIGroups:[""], Resources:["secrets"], Verbs:["get" "list"]}',
      '',
    ].join('\n'),
  )
  expect((await create('role', 'own', '--verb=get', '--resource=pods')).stderr).toBe('')
  const binding = await create('rolebinding', 'up', '--clusterrole=cluster-admin', '--user=bo')
  expect(binding.stderr).toContain('is attempting to grant RBAC permissions not currently held')
  expect(binding.stderr).toContain('{NonResourceURLs:["*"], Verbs:["*"]}')
  expect((await create('rolebinding', 'gone', '--clusterrole=nope', '--user=bo')).stderr).toContain(
    'clusterroles.rbac.authorization.k8s.io "nope" not found',
  )
  await cluster.kubectlIn('', ['create', 'clusterrole', 'may', '--verb=bind,escalate', '--resource=roles,clusterroles'])
  await cluster.kubectlIn('', ['create', 'clusterrolebinding', 'may', '--clusterrole=may', '--user=bo'])
  expect((await create('rolebinding', 'up', '--clusterrole=cluster-admin', '--user=bo')).stderr).toBe('')
  expect((await create('role', 'reader', '--verb=get', '--resource=secrets')).stderr).toBe('')
})

test('an apply that creates needs the right to create', async () => {
  await using cluster = await startTestCluster()
  await grant(cluster, 'bo', [{ apiGroups: [''], resources: ['configmaps'], verbs: ['patch', 'get'] }], 'data')
  const apply = (name: string) =>
    cluster.raw(`/api/v1/namespaces/data/configmaps/${name}?fieldManager=test`, {
      method: 'PATCH',
      headers: { 'Content-Type': 'application/apply-patch+yaml', 'Impersonate-User': 'bo' },
      body: JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { a: 'b' } }),
    })
  expect((await apply('fresh')).json).toMatchObject({ code: 403, message: 'configmaps "fresh" is forbidden: ' })
  await cluster.kubectlIn('', ['create', 'configmap', 'fresh', '-n', 'data'])
  expect((await apply('fresh')).code).toBe(200)
})

test('the default roles are there, with the labels of every cluster', async () => {
  await using cluster = await startTestCluster()
  const names = await cluster.kubectlIn('', ['get', 'clusterroles', '-l', 'kubernetes.io/bootstrapping', '-o', 'name'])
  for (const name of [
    'admin',
    'cluster-admin',
    'edit',
    'view',
    'system:basic-user',
    'system:discovery',
    'system:node',
  ]) {
    expect(names).toContain(`clusterrole.rbac.authorization.k8s.io/${name}\n`)
  }
})

test('roles and bindings that cannot be are refused with every reason', async () => {
  await using cluster = await startTestCluster()
  const create = async (path: string, fields: object) => {
    const body = JSON.stringify({ metadata: { name: 'x' }, ...fields })
    const options = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body }
    return (await cluster.raw(`/apis/rbac.authorization.k8s.io/v1/${path}`, options)).json['message']
  }
  expect(await create('namespaces/data/roles', { rules: [{}] })).toBe(
    'Role.rbac.authorization.k8s.io "x" is invalid: [rules[0].verbs: Required value: verbs must contain at least one value, rules[0].apiGroups: Required value: resource rules must supply at least one api group, rules[0].resources: Required value: resource rules must supply at least one resource]',
  )
  expect(await create('namespaces/data/roles', { rules: [{ verbs: ['get'], nonResourceURLs: ['/x'] }] })).toBe(
    'Role.rbac.authorization.k8s.io "x" is invalid: rules[0].nonResourceURLs: Invalid value: []string{"/x"}: namespaced rules cannot apply to non-resource URLs',
  )
  const roleRef = { kind: 'Foo', name: '' }
  const subjects = [{ kind: 'User' }, { kind: 'Bar', name: 'x' }]
  expect(await create('namespaces/data/rolebindings', { roleRef, subjects })).toBe(
    'RoleBinding.rbac.authorization.k8s.io "x" is invalid: [roleRef.kind: Unsupported value: "Foo": supported values: "Role", "ClusterRole", roleRef.name: Required value, subjects[0].name: Required value, subjects[1].kind: Unsupported value: "Bar": supported values: "ServiceAccount", "User", "Group"]',
  )
})

const word = fc.constantFrom('a', 'b', '*')
const ruleOf: fc.Arbitrary<PolicyRule> = fc.record({
  verbs: fc.array(word, { maxLength: 2 }),
  apiGroups: fc.array(word, { maxLength: 2 }),
  resources: fc.array(fc.constantFrom('a', 'b', 'a/a', '*/a', '*'), { maxLength: 2 }),
  resourceNames: fc.array(fc.constantFrom('x', 'y'), { maxLength: 1 }),
  nonResourceURLs: fc.array(fc.constantFrom('/a', '/a/*', '*'), { maxLength: 1 }),
})

const asked: fc.Arbitrary<Attributes> = fc.record({
  verb: fc.constantFrom('a', 'b'),
  group: fc.constantFrom('a', 'b'),
  version: fc.constant('v1'),
  resource: fc.constantFrom('a', 'b'),
  subresource: fc.constantFrom('', 'a'),
  namespace: fc.constantFrom('', 'n', 'm'),
  name: fc.constantFrom('', 'x', 'y'),
  path: fc.constantFrom('/a', '/a/b', '/b'),
  isResource: fc.boolean(),
})

/** A rule read as its documentation puts it: every way to say what is asked is written out and looked up. */
function naive(rule: PolicyRule, question: Attributes): boolean {
  const { verb, group, resource, subresource, name, path } = question
  const said = (values: readonly string[], ways: readonly string[]) => values.some((value) => ways.includes(value))
  if (!said(rule.verbs, [verb, '*'])) return false
  if (!question.isResource) return said(rule.nonResourceURLs, [path, '*', ...(path.startsWith('/a/') ? ['/a/*'] : [])])
  const ways = subresource === '' ? [resource, '*'] : [`${resource}/${subresource}`, `*/${subresource}`, '*']
  const named = rule.resourceNames.length === 0 || rule.resourceNames.includes(name)
  return said(rule.apiGroups, [group, '*']) && said(rule.resources, ways) && named
}

const bindingOf = fc.record({
  rules: fc.array(ruleOf, { maxLength: 2 }),
  namespace: fc.constantFrom(undefined, 'n', 'm'),
  subject: fc.constantFrom(
    { kind: 'User', name: 'u' },
    { kind: 'Group', name: 'g' },
    { kind: 'Group', name: 'other' },
    { kind: 'ServiceAccount', name: 's', namespace: 'n' },
  ),
})

const metadataOf = (name: string, namespace: string | undefined) => ({
  name,
  uid: '',
  resourceVersion: '',
  creationTimestamp: '2026-01-01T00:00:00Z',
  ...(namespace === undefined ? {} : { namespace }),
})

test('the authorizer agrees with a naive reading of every role and binding', () => {
  const users: readonly User[] = [
    { name: 'u', groups: [] },
    { name: 'v', groups: ['g', 'h'] },
    { name: 'system:serviceaccount:n:s', groups: [] },
  ]
  const property = fc.property(
    fc.array(bindingOf, { maxLength: 4 }),
    fc.constantFrom(...users),
    asked,
    (bindings, user, question) => {
      const store = new Store()
      const authorizer = new Authorizer(store)
      const apiVersion = 'rbac.authorization.k8s.io/v1'
      for (const [index, { rules, namespace, subject }] of bindings.entries()) {
        const kind = namespace === undefined ? 'ClusterRole' : 'Role'
        const key = `rbac.authorization.k8s.io/${kind.toLowerCase()}`
        const metadata = metadataOf(`r${index}`, namespace)
        store.put(`${key}s`, { apiVersion, kind, metadata, rules })
        const roleRef = { kind, name: metadata.name }
        store.put(`${key}bindings`, { apiVersion, kind: `${kind}Binding`, metadata, roleRef, subjects: [subject] })
        authorizer.authorize(user, question)
      }
      const isUser = (subject: { kind: string; name: string }) =>
        subject.kind === 'Group'
          ? user.groups.includes(subject.name)
          : user.name === (subject.kind === 'User' ? subject.name : `system:serviceaccount:n:${subject.name}`)
      const expected = bindings.some(
        ({ rules, namespace, subject }) =>
          isUser(subject) &&
          (namespace === undefined || namespace === question.namespace) &&
          rules.some((rule) => naive(rule, question)),
      )
      expect(authorizer.authorize(user, question).allowed).toBe(expected)
    },
  )
  fc.assert(property, { numRuns: 300 })
})

test('whatever a role would give is held already or named as missing', () => {
  const property = fc.property(fc.array(ruleOf, { maxLength: 3 }), ruleOf, asked, (held, wanted, question) => {
    const allows = (rule: PolicyRule) => ruleAllows(rule, question)
    const missing = uncovered(held, [wanted])
    expect(!allows(wanted) || held.some(allows) || missing.some(allows)).toBe(true)
    expect(missing.every((rule) => uncovered([wanted], [rule]).length === 0)).toBe(true)
  })
  fc.assert(property, { numRuns: 2000 })
})
