import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestCluster, type TestCluster } from './cluster.ts'

let cluster: TestCluster
beforeAll(async () => {
  cluster = await startTestCluster()
})
afterAll(() => cluster[Symbol.asyncDispose]())

const json = { 'content-type': 'application/json' }
const map = (name: string, metadata: object = {}) =>
  JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, ...metadata } })

test('the namespaces that a cluster needs are not deleted', async () => {
  const ran = await cluster.kubectl('delete', 'namespace', 'kube-system')
  expect(ran.stderr).toContain('namespaces "kube-system" is forbidden: this namespace may not be deleted')
})

test('an object with a finalizer is answered whole, and goes with the last finalizer', async () => {
  const path = '/api/v1/namespaces/default/configmaps'
  await cluster.raw(path, { method: 'POST', headers: json, body: map('held', { finalizers: ['example.com/hold'] }) })
  const deleted = await cluster.raw(`${path}/held`, { method: 'DELETE' })
  expect(deleted.json).toMatchObject({
    kind: 'ConfigMap',
    metadata: { deletionTimestamp: expect.any(String) as string },
  })
  await cluster.kubectl(
    'patch',
    'configmap',
    'held',
    '-n',
    'default',
    '--type=merge',
    '-p',
    '{"metadata":{"finalizers":null}}',
  )
  expect((await cluster.raw(`${path}/held`)).code).toBe(404)
})

test('nothing new is made in a namespace that is ending', async () => {
  await cluster.kubectl('create', 'namespace', 'ending')
  await cluster.raw('/api/v1/namespaces/ending', { method: 'DELETE' })
  const body = map('late')
  const late = await cluster.raw('/api/v1/namespaces/ending/configmaps', { method: 'POST', headers: json, body })
  expect(late.json).toMatchObject({
    code: 403,
    message:
      'configmaps "late" is forbidden: unable to create new content in namespace ending because it is being terminated',
    details: { causes: [{ reason: 'NamespaceTerminating', field: 'metadata.namespace' }] },
  })
})
