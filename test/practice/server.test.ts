import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { startPractice } from '../../src/practice/server.ts'
import { startTestCluster } from './cluster.ts'

const local = { host: '127.0.0.1', port: 0 }

test('a busy port is an error, and nothing is left behind', async () => {
  const first = await startPractice(local)
  const port = Number(new URL(first.url).port)
  await expect(startPractice({ ...local, port })).rejects.toMatchObject({ code: 'EADDRINUSE' })
  await first.close()
  await (await startPractice({ ...local, port })).close()
})

test('closing ends the watches that are open', async () => {
  const cluster = await startTestCluster()
  const lines = cluster.rawLines('/api/v1/namespaces?watch=true')
  expect((await lines.next()).value).toContain('"ADDED"')
  await cluster[Symbol.asyncDispose]()
  const drained = (async () => {
    for await (const line of lines) expect(line).toContain('"ADDED"')
  })()
  await expect(drained).rejects.toMatchObject({ code: 'ECONNRESET' })
})

test('ages count back from the clock that was given', async () => {
  await using cluster = await startTestCluster(() => new Date('2030-01-01T00:00:00Z'))
  const path = '{.metadata.creationTimestamp}'
  const { stdout } = await cluster.kubectl('get', 'namespace', 'data', '-o', `jsonpath=${path}`)
  expect(stdout).toBe('2029-06-12T00:00:00Z')
  expect((await cluster.kubectl('get', 'namespace', 'data')).stdout).toMatch(/^data +Active +203d$/m)
})

test('the kubeconfig points at the cluster with two contexts', async () => {
  const cluster = await startPractice(local)
  const config = parse(cluster.kubeconfig) as {
    'current-context': string
    clusters: { cluster: { server: string } }[]
    contexts: { name: string }[]
  }
  expect(config['current-context']).toBe('practice')
  expect(config.clusters[0]?.cluster.server).toBe(cluster.url)
  expect(config.contexts.map(({ name }) => name)).toEqual(['practice', 'practice-cert'])
  await cluster.close()
})

test('every start has its own certificate authority and its own token', async () => {
  const [one, two] = [await startPractice(local), await startPractice(local)]
  expect(one.caPem).not.toBe(two.caPem)
  const token = (kubeconfig: string) =>
    (parse(kubeconfig) as { users: { user: { token?: string } }[] }).users[0]?.user.token
  expect(token(one.kubeconfig)).not.toBe(token(two.kubeconfig))
  await Promise.all([one.close(), two.close()])
})

test('a watcher that reads nothing is disconnected, and the cluster goes on', async () => {
  await using cluster = await startTestCluster()
  const maps = '/api/v1/namespaces/default/configmaps'
  const watched = cluster.rawLines(`${maps}?watch=true`)
  expect((await watched.next()).value).toContain('kube-root-ca.crt')
  const headers = { 'content-type': 'application/json' }
  const body = JSON.stringify({ metadata: { generateName: 'big-' }, data: { a: 'x'.repeat(1024 * 1024) } })
  for (let index = 0; index < 24; index += 1) await cluster.raw(maps, { method: 'POST', headers, body })
  const rest = (async () => {
    for await (const line of watched) expect(line).toContain('big-')
  })()
  await expect(rest).rejects.toMatchObject({ code: 'ECONNRESET' })
  expect((await cluster.raw('/readyz')).body).toBe('ok')
})
