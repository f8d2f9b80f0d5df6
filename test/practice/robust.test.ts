import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestCluster, type TestCluster } from './cluster.ts'

let cluster: TestCluster

beforeAll(async () => {
  cluster = await startTestCluster()
})

afterAll(() => cluster[Symbol.asyncDispose]())

const headers = { 'content-type': 'application/json' }
const value = fc.jsonValue({ maxDepth: 3 })
const names = [
  'metadata',
  'labels',
  'ownerReferences',
  'finalizers',
  'spec',
  'status',
  'template',
  'containers',
  'selector',
]
const more = [
  'replicas',
  'ports',
  'conditions',
  'containerStatuses',
  'data',
  'type',
  'rules',
  'subjects',
  'matchLabels',
]
const key = fc.constantFrom(...names, ...more, 'name', 'image', 'startTime', 'phase', 'uid', 'kind')
const strange = fc.letrec((tie) => ({
  node: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    value,
    fc.dictionary(key, tie('node')),
    fc.array(tie('node')),
  ),
})).node

const collections = [
  '/api/v1/namespaces/default/pods',
  '/api/v1/namespaces/default/services',
  '/api/v1/namespaces/default/secrets',
  '/api/v1/namespaces/default/events',
  '/api/v1/nodes',
  '/apis/apps/v1/namespaces/default/deployments',
  '/apis/apps/v1/namespaces/default/statefulsets',
  '/apis/batch/v1/namespaces/default/jobs',
  '/apis/batch/v1/namespaces/default/cronjobs',
  '/apis/networking.k8s.io/v1/namespaces/default/ingresses',
  '/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings',
]

const good = {
  selector: { matchLabels: { app: 'x' } },
  template: {
    metadata: { labels: { app: 'x' } },
    spec: { restartPolicy: 'Never', containers: [{ name: 'x', image: 'x:1' }] },
  },
}

/** A body that gets past validation more often than chance would have it. */
const body = fc.record({
  metadata: fc.oneof(
    fc.constant({ generateName: 'any-' }),
    fc.record({ generateName: fc.constant('any-'), ownerReferences: strange, labels: strange }),
  ),
  spec: fc.oneof(
    strange,
    fc.record({
      ...Object.fromEntries(Object.entries(good).map(([name, one]) => [name, fc.constant(one)])),
      replicas: strange,
      ports: strange,
    }),
    fc.record({ containers: fc.constant(good.template.spec.containers), nodeName: strange, volumes: strange }),
  ),
  status: strange,
  data: strange,
})

test('whatever is sent, the answer is never a failure of the server itself', async () => {
  let stored = 0
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...collections), body, strange, async (path, object, status) => {
      const created = await cluster.raw(path, { method: 'POST', headers, body: JSON.stringify(object) })
      expect([201, 400, 422]).toContain(created.code)
      if (created.code !== 201) return
      stored += 1
      const { name } = created.json['metadata'] as { name: string }
      const patch = {
        method: 'PATCH',
        headers: { 'content-type': 'application/merge-patch+json' },
        body: JSON.stringify({ status }),
      }
      expect([200, 400, 404, 422]).toContain((await cluster.raw(`${path}/${name}/status`, patch)).code)
    }),
    { numRuns: 160 },
  )
  expect(stored).toBeGreaterThan(2)
}, 60_000)

test('afterwards everything can still be listed as a Table', async () => {
  const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io'
  for (const path of collections) expect((await cluster.raw(path, { headers: { accept } })).code).toBe(200)
})
