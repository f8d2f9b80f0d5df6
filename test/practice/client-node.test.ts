import { PassThrough, Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import {
  AppsV1Api,
  CoreV1Api,
  CustomObjectsApi,
  Exec,
  KubeConfig,
  KubernetesObjectApi,
  Log,
  makeInformer,
  PatchStrategy,
  PortForward,
  setHeaderOptions,
  Watch,
  type V1Pod,
  type V1Status,
} from '@kubernetes/client-node'
import { once } from 'node:events'
import { connect, createServer, type AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startPractice, type PracticeCluster } from '../../src/practice/server.ts'

const namespace = 'shop-production'

let practice: PracticeCluster
let config: KubeConfig

beforeAll(async () => {
  practice = await startPractice({ host: '127.0.0.1', port: 0 })
  config = new KubeConfig()
  config.loadFromString(practice.kubeconfig)
})

afterAll(() => practice.close())

const podOf = (name: string, args: string[]): V1Pod => ({
  metadata: { name, namespace },
  spec: {
    restartPolicy: 'Never',
    containers: [{ name: 'main', image: 'busybox:1.35', command: ['sh', '-c', ...args] }],
  },
})

async function runningPod(name: string, script: string): Promise<void> {
  const core = config.makeApiClient(CoreV1Api)
  await core.createNamespacedPod({ namespace, body: podOf(name, [script]) })
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const watch = await new Watch(config).watch(
    `/api/v1/namespaces/${namespace}/pods`,
    { fieldSelector: `metadata.name=${name}` },
    (_type, pod: V1Pod) => {
      if (pod.status?.phase === 'Running') resolve()
    },
    (failure) => reject(failure ?? new Error('the watch ended')),
  )
  await promise
  watch.abort()
}

test('lists, reads, writes and patches', async () => {
  const core = config.makeApiClient(CoreV1Api)
  const { items } = await core.listNamespacedPod({ namespace, limit: 2 })
  expect(items).toHaveLength(2)
  const body = { metadata: { name: 'from-client' }, data: { a: '1' } }
  const created = await core.createNamespacedConfigMap({ namespace, body })
  expect(created.metadata?.uid).toMatch(/^[0-9a-f-]{36}$/)
  const patched = await core.patchNamespacedConfigMap(
    { namespace, name: 'from-client', body: { data: { b: '2' } } },
    setHeaderOptions('Content-Type', PatchStrategy.MergePatch),
  )
  expect(patched.data).toEqual({ a: '1', b: '2' })
  const stale = { ...created, data: { c: '3' } }
  await expect(core.replaceNamespacedConfigMap({ namespace, name: 'from-client', body: stale })).rejects.toThrow(
    /Conflict/,
  )
  await core.deleteNamespacedConfigMap({ namespace, name: 'from-client' })
  await expect(core.readNamespacedConfigMap({ namespace, name: 'from-client' })).rejects.toThrow(/NotFound/)
})

test('reads any object by its kind, and custom objects', async () => {
  const objects = KubernetesObjectApi.makeApiClient(config)
  const read = await objects.read({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', namespace } })
  expect(read.metadata?.name).toBe('web')
  const custom = config.makeApiClient(CustomObjectsApi)
  const listed = (await custom.listClusterCustomObject({
    group: 'apiextensions.k8s.io',
    version: 'v1',
    plural: 'customresourcedefinitions',
  })) as { items: unknown[] }
  expect(listed.items.length).toBeGreaterThan(0)
})

test('an informer sees what is there, what comes and what goes', async () => {
  const core = config.makeApiClient(CoreV1Api)
  const label = 'informed=yes'
  const list = () => core.listNamespacedConfigMap({ namespace, labelSelector: label })
  const informer = makeInformer(config, `/api/v1/namespaces/${namespace}/configmaps`, list, label)
  const seen: string[] = []
  const { promise: gone, resolve } = Promise.withResolvers<void>()
  const create = (name: string) =>
    core.createNamespacedConfigMap({ namespace, body: { metadata: { name, labels: { informed: 'yes' } } } })
  await create('first')
  const { promise: listed, resolve: isListed } = Promise.withResolvers<void>()
  informer.on('add', ({ metadata }) => {
    seen.push(`add ${metadata?.name ?? ''}`)
    isListed()
  })
  informer.on('delete', ({ metadata }) => {
    seen.push(`delete ${metadata?.name ?? ''}`)
    resolve()
  })
  await informer.start()
  await listed
  await create('second')
  await core.deleteNamespacedConfigMap({ namespace, name: 'second' })
  await gone
  await informer.stop()
  expect(seen).toEqual(['add first', 'add second', 'delete second'])
  expect(informer.get('first', namespace)?.metadata?.name).toBe('first')
})

test('scales, and the pods follow', async () => {
  const apps = config.makeApiClient(AppsV1Api)
  const scale = await apps.readNamespacedDeploymentScale({ namespace, name: 'search' })
  const body = { ...scale, spec: { replicas: 2 } }
  expect((await apps.replaceNamespacedDeploymentScale({ namespace, name: 'search', body })).spec?.replicas).toBe(2)
})

test('runs a command with input and output over a WebSocket', async () => {
  await runningPod('exec-target', 'while true; do sleep 1; done')
  const stdout = new PassThrough()
  const stdin = new PassThrough()
  const { promise, resolve } = Promise.withResolvers<V1Status>()
  const command = ['sh', '-c', 'read line; echo "heard $line"; exit 3']
  await new Exec(config).exec(namespace, 'exec-target', 'main', command, stdout, null, stdin, false, resolve)
  stdin.write('a word\n')
  const status = await promise
  stdout.end()
  expect(await text(stdout)).toBe('heard a word\n')
  expect(status.details?.causes).toEqual([{ reason: 'ExitCode', message: '3' }])
})

test('follows a log', async () => {
  await runningPod('log-target', 'echo one; sleep 0.5; echo two')
  const { promise, resolve } = Promise.withResolvers<void>()
  let heard = ''
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      heard += chunk.toString('utf8')
      done()
    },
    final(done) {
      resolve()
      done()
    },
  })
  await new Log(config).log(namespace, 'log-target', 'main', sink, { follow: true })
  await promise
  expect(heard).toBe('one\ntwo\n')
})

test('forwards a port', async () => {
  const core = config.makeApiClient(CoreV1Api)
  const { items } = await core.listNamespacedPod({ namespace, labelSelector: 'app=web' })
  const name = items[0]?.metadata?.name ?? ''
  const forward = new PortForward(config)
  const server = createServer((socket) => {
    void forward.portForward(namespace, name, [8080], socket, null, socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
    socket.write('GET / HTTP/1.1\r\nHost: web\r\nConnection: close\r\n\r\n')
    const { promise, resolve } = Promise.withResolvers<string>()
    let heard = ''
    socket.on('data', (chunk: Buffer) => {
      heard += chunk.toString('utf8')
      if (heard.includes('\r\n\r\n')) resolve(heard)
    })
    expect(await promise).toMatch(/^HTTP\/1\.1 200/)
    socket.destroy()
  } finally {
    server.close()
  }
})
