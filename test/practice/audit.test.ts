import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { get } from 'node:https'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startPractice } from '../../src/practice/server.ts'
import { temporaryFolder } from '../support/tmp.ts'
import { startTestCluster, type TestCluster } from './cluster.ts'

const finished = (cluster: TestCluster, auditId: string) =>
  cluster.practice.auditEvents().filter((event) => event.auditID === auditId && event.stage === 'ResponseComplete')

const pods = '/api/v1/namespaces/shop-production/pods'

test('a read is told with its caller, what was asked and the rule that allowed it', async () => {
  await using cluster = await startTestCluster()
  await cluster.raw(pods, {
    headers: { 'Audit-ID': 'read-1', 'Impersonate-User': 'ann', 'Impersonate-Group': 'developers' },
  })
  expect(finished(cluster, 'read-1')).toMatchObject([
    {
      kind: 'Event',
      apiVersion: 'audit.k8s.io/v1',
      level: 'Metadata',
      verb: 'list',
      requestURI: pods,
      user: { username: 'practice-admin' },
      impersonatedUser: { username: 'ann', groups: ['developers', 'system:authenticated'] },
      objectRef: { resource: 'pods', namespace: 'shop-production', apiVersion: 'v1' },
      responseStatus: { code: 200 },
      annotations: {
        'authorization.k8s.io/decision': 'allow',
        'authorization.k8s.io/reason':
          'RBAC: allowed by ClusterRoleBinding "developers-view" of ClusterRole "view" to Group "developers"',
      },
    },
  ])
})

test('a refused request is told with its failure', async () => {
  await using cluster = await startTestCluster()
  await cluster.raw(pods, { headers: { 'Audit-ID': 'refused-1', 'Impersonate-User': 'nobody' } })
  expect(finished(cluster, 'refused-1')).toMatchObject([
    {
      responseStatus: { code: 403, status: 'Failure', reason: 'Forbidden' },
      annotations: { 'authorization.k8s.io/decision': 'forbid' },
    },
  ])
})

test('a write is told with what was sent and answered, a secret only with its name', async () => {
  await using cluster = await startTestCluster()
  const create = (plural: string, auditId: string, body: object) =>
    cluster.raw(`/api/v1/namespaces/shop-production/${plural}`, {
      method: 'POST',
      headers: { 'Audit-ID': auditId, 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    })
  await create('serviceaccounts', 'write-1', { metadata: { name: 'robot' } })
  await create('secrets', 'write-2', { metadata: { name: 'hidden' }, stringData: { word: 'open-sesame' } })
  expect(finished(cluster, 'write-1')).toMatchObject([
    {
      level: 'RequestResponse',
      verb: 'create',
      objectRef: { resource: 'serviceaccounts', name: 'robot' },
      requestObject: { metadata: { name: 'robot' } },
      responseObject: { kind: 'ServiceAccount', metadata: { name: 'robot' } },
    },
  ])
  expect(finished(cluster, 'write-2')).toMatchObject([{ level: 'Metadata', objectRef: { name: 'hidden' } }])
  const told = JSON.stringify(cluster.practice.auditEvents())
  expect(told).not.toContain('open-sesame')
  expect(told).not.toContain(Buffer.from('open-sesame').toString('base64'))
})

test('a watch is told when it begins', async () => {
  await using cluster = await startTestCluster()
  for await (const _line of cluster.rawLines(`${pods}?watch=1`, { 'Audit-ID': 'watch-1' })) break
  const stages = cluster.practice
    .auditEvents()
    .filter(({ auditID }) => auditID === 'watch-1')
    .map(({ stage }) => stage)
  expect(stages.slice(0, 2)).toEqual(['RequestReceived', 'ResponseStarted'])
})

test('the log can be kept in a file, one event a line', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'audit.log')
  const practice = await startPractice({ host: '127.0.0.1', port: 0, auditLog: path })
  const asked = get(`${practice.url}/version`, { ca: practice.caPem })
  const [answer] = (await once(asked, 'response')) as [IncomingMessage]
  answer.resume()
  await once(answer, 'end')
  await practice.close()
  const lines = (await readFile(path, 'utf8')).split('\n').filter((line) => line !== '')
  expect(lines).toHaveLength(2)
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(practice.auditEvents())
})

test('a log that cannot be opened keeps the cluster from starting', async () => {
  await using folder = await temporaryFolder()
  await writeFile(join(folder.path, 'file'), '')
  const auditLog = join(folder.path, 'file', 'audit.log')
  await expect(startPractice({ host: '127.0.0.1', port: 0, auditLog })).rejects.toThrow('ENOTDIR')
})
