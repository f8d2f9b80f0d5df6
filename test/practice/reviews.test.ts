import { expect, test } from 'vitest'
import { startTestCluster, type TestCluster } from './cluster.ts'

const authorization = '/apis/authorization.k8s.io/v1'
const authentication = '/apis/authentication.k8s.io/v1'

async function ask(cluster: TestCluster, path: string, spec: object) {
  const headers = { 'Content-Type': 'application/json' }
  return (await cluster.raw(path, { method: 'POST', headers, body: JSON.stringify({ spec }) })).json
}

test('kubectl auth can-i answers for oneself, for others and for paths', async () => {
  await using cluster = await startTestCluster()
  const can = async (...args: string[]) => (await cluster.kubectl('auth', 'can-i', ...args)).stdout.trim()
  expect(await can('*', '*')).toBe('yes')
  expect(await can('get', 'pods', '--as=ann', '--as-group=developers')).toBe('yes')
  expect(await can('create', 'pods', '--as=ann', '--as-group=developers')).toBe('no')
  expect(await can('get', 'pods', '--subresource=log', '--as=ann', '--as-group=developers')).toBe('yes')
  expect(await can('get', '/version', '--as=ann')).toBe('yes')
  expect(await can('get', '/metrics', '--as=ann')).toBe('no')
})

test('kubectl auth can-i --list shows the rules that hold', async () => {
  await using cluster = await startTestCluster()
  const listed = await cluster.kubectlIn('', ['auth', 'can-i', '--list', '--as=mira@brightwater.example'])
  expect(listed).toMatch(/^secrets +\[\] +\[\] +\[get\]$/m)
  expect(listed).toMatch(/^selfsubjectreviews\.authentication\.k8s\.io +\[\] +\[\] +\[create\]$/m)
  expect(listed).toMatch(/^ +\[\/healthz\] +\[\] +\[get\]$/m)
  expect(listed).not.toMatch(/^pods/m)
})

test('kubectl auth reconcile adds what is missing', async () => {
  await using cluster = await startTestCluster()
  const role = (verbs: string[]) =>
    JSON.stringify({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata: { name: 'r', namespace: 'data' },
      rules: [{ apiGroups: [''], resources: ['pods'], verbs }],
    })
  await cluster.kubectlIn(role(['get']), ['auth', 'reconcile', '-f', '-'])
  await cluster.kubectlIn(role(['list']), ['auth', 'reconcile', '-f', '-'])
  const rules = await cluster.kubectlIn('', ['get', 'role', 'r', '-n', 'data', '-o', 'jsonpath={.rules}'])
  expect(rules).toContain('"get"')
  expect(rules).toContain('"list"')
})

test('a subject access review tells the rule that allows', async () => {
  await using cluster = await startTestCluster()
  const path = `${authorization}/subjectaccessreviews`
  const resourceAttributes = { verb: 'get', resource: 'secrets', namespace: 'shop-production' }
  expect(await ask(cluster, path, { user: 'x', groups: ['on-call'], resourceAttributes })).toMatchObject({
    kind: 'SubjectAccessReview',
    spec: { user: 'x', resourceAttributes },
    status: {
      allowed: true,
      reason:
        'RBAC: allowed by RoleBinding "on-call-secrets/shop-production" of Role "secret-reader" to Group "on-call"',
    },
  })
  const refused = await ask(cluster, path, { user: 'x', resourceAttributes })
  expect(refused['status']).toEqual({ allowed: false })
})

test('reviews that ask nothing, or two things, are refused with every reason', async () => {
  await using cluster = await startTestCluster()
  const path = `${authorization}/subjectaccessreviews`
  expect((await ask(cluster, path, {}))['message']).toBe(
    '.authorization.k8s.io "" is invalid: [spec.resourceAttributes: Invalid value: "null": exactly one of nonResourceAttributes or resourceAttributes must be specified, spec.user: Invalid value: "": at least one of user or group must be specified]',
  )
  const both = { user: 'x', resourceAttributes: { verb: 'get' }, nonResourceAttributes: { path: '/' } }
  expect((await ask(cluster, path, both))['message']).toBe(
    '.authorization.k8s.io "" is invalid: spec.nonResourceAttributes: Invalid value: authorization.NonResourceAttributes{Path:"/", Verb:""}: cannot be specified in combination with resourceAttributes',
  )
  const local = `${authorization}/namespaces/data/localsubjectaccessreviews`
  const elsewhere = { user: 'x', resourceAttributes: { verb: 'get', resource: 'pods', namespace: 'x' } }
  expect((await ask(cluster, local, elsewhere))['message']).toBe(
    '.authorization.k8s.io "" is invalid: spec.resourceAttributes.namespace: Invalid value: "x": must match metadata.namespace',
  )
  expect(await ask(cluster, `${authorization}/selfsubjectrulesreviews`, {})).toMatchObject({
    code: 400,
    message: 'no namespace on request',
  })
})

test('a token review tells who a token stands for', async () => {
  await using cluster = await startTestCluster()
  const path = `${authentication}/tokenreviews`
  const token = (await cluster.kubectlIn('', ['create', 'token', 'backup', '-n', 'data'])).trim()
  expect((await ask(cluster, path, { token }))['status']).toMatchObject({
    authenticated: true,
    user: { username: 'system:serviceaccount:data:backup' },
    audiences: ['https://kubernetes.default.svc.cluster.local'],
  })
  expect((await ask(cluster, path, { token, audiences: ['x'] }))['status']).toEqual({
    user: {},
    error:
      '[invalid bearer token, token audiences ["https://kubernetes.default.svc.cluster.local"] is invalid for the target audiences ["x"]]',
  })
  expect((await ask(cluster, path, { token: 'foo' }))['status']).toEqual({ user: {}, error: 'invalid bearer token' })
  expect(await ask(cluster, path, {})).toMatchObject({
    code: 400,
    message: 'token is required for TokenReview in authentication',
  })
})
