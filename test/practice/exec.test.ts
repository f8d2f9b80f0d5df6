import { once } from 'node:events'
import { spawn } from 'node:child_process'
import { writeFile, readFile } from 'node:fs/promises'
import { get } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { kubectlPath } from '../support/kubectl.ts'
import { temporaryFolder } from '../support/tmp.ts'
import { startTestCluster, type TestCluster } from './cluster.ts'

let cluster: TestCluster
beforeAll(async () => {
  cluster = await startTestCluster()
  const idle = ['--image=busybox:1.35', '--env=COLOUR=green', '--', 'sh', '-c', 'while true; do sleep 1; done']
  await cluster.kubectlIn('', ['run', 'idle', ...idle])
  await cluster.kubectlIn('', ['wait', '--for=condition=ready', 'pod/idle', '--timeout=30s'])
})
afterAll(() => cluster[Symbol.asyncDispose]())

/** Both ways in which kubectl opens streams: over a WebSocket, and over SPDY as older ones do. */
const ways = [
  ['a WebSocket', {}],
  ['SPDY', { KUBECTL_REMOTE_COMMAND_WEBSOCKETS: 'false', KUBECTL_PORT_FORWARD_WEBSOCKETS: 'false' }],
] as const

test.each(ways)('a command runs with its input, output and variables over %s', async (_way, env) => {
  const run = (...command: string[]) => cluster.kubectlIn('tea\nmilk\n', ['exec', '-i', 'idle', '--', ...command], env)
  expect(await run('sort')).toBe('milk\ntea\n')
  expect(await run('sh', '-c', 'echo "$COLOUR $(hostname)"; for i in 1 2; do echo $i; done | wc -l')).toBe(
    'green idle\n2\n',
  )
})

test.each(ways)('five megabytes come through over %s without loss', async (_way, env) => {
  const out = await cluster.kubectlIn('', ['exec', 'idle', '--', 'sh', '-c', 'yes tea | head -n 1250000 | wc -c'], env)
  expect(out).toBe('5000000\n')
  const long = await cluster.kubectlIn('', ['exec', 'idle', '--', 'seq', '1', '100000'], env)
  expect(long.split('\n')).toHaveLength(100_001)
})

test('exit codes and standard error come back', async () => {
  const ran = await cluster.kubectl('exec', 'idle', '--', 'sh', '-c', 'echo oops >&2; exit 7')
  expect(ran).toMatchObject({ code: 7, stdout: '' })
  expect(ran.stderr).toBe('oops\ncommand terminated with exit code 7\n')
  const missing = await cluster.kubectl('exec', 'idle', '--', 'no-such-program')
  expect(missing.stderr).toContain('executable file not found in $PATH')
})

test('files are copied there and back', async () => {
  await using folder = await temporaryFolder()
  const [there, back] = [join(folder.path, 'there'), join(folder.path, 'back')]
  const content = Buffer.from(Array.from({ length: 100_000 }, (_, index) => (index * 7) % 256))
  await writeFile(there, content)
  await cluster.kubectlIn('', ['cp', there, 'idle:/tmp/copied'])
  await cluster.kubectlIn('', ['cp', 'idle:/tmp/copied', back])
  expect((await readFile(back)).equals(content)).toBe(true)
})

test.each(ways)('a port of a pod answers through %s', async (_way, env) => {
  const { stdout: name } = await cluster.kubectl(
    'get',
    'pods',
    '-l',
    'app=web',
    '-o',
    'jsonpath={.items[0].metadata.name}',
  )
  await using folder = await temporaryFolder()
  const kubeconfig = join(folder.path, 'kubeconfig')
  await writeFile(kubeconfig, cluster.practice.kubeconfig)
  const child = spawn(await kubectlPath(), ['port-forward', `pod/${name}`, ':8080'], {
    env: { HOME: folder.path, KUBECONFIG: kubeconfig, ...env },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  try {
    const [line] = (await once(child.stdout, 'data')) as [Buffer]
    const port = Number(/127\.0\.0\.1:(\d+)/.exec(line.toString())?.[1])
    for (const path of ['/first', '/second']) {
      const { promise, resolve, reject } = Promise.withResolvers<string>()
      get({ port, path, agent: false }, (answer) => void text(answer).then(resolve, reject)).once('error', reject)
      expect(await promise).toContain(`GET ${path} HTTP/1.1`)
    }
  } finally {
    child.kill()
  }
})

test('logs show what was written, by lines, containers and runs', async () => {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'talking' },
    spec: {
      containers: [
        { name: 'first', image: 'busybox:1.35', command: ['sh', '-c', 'echo one; echo two; sleep 0.2; exit 3'] },
        { name: 'second', image: 'busybox:1.35', command: ['sh', '-c', 'echo other; sleep 1000'] },
      ],
    },
  }
  await cluster.kubectlIn(JSON.stringify(pod), ['create', '-f', '-'])
  await cluster.kubectlIn('', [
    'wait',
    'pod/talking',
    '--for=jsonpath={.status.containerStatuses[0].restartCount}=1',
    '--timeout=30s',
  ])
  expect(await cluster.kubectlIn('', ['logs', 'talking', '-c', 'first', '--previous'])).toBe('one\ntwo\n')
  expect(await cluster.kubectlIn('', ['logs', 'talking', '-c', 'first', '--previous', '--tail=1'])).toBe('two\n')
  expect(await cluster.kubectlIn('', ['logs', 'talking', '-c', 'second', '--timestamps'])).toMatch(
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z other\n$/,
  )
  const { stderr } = await cluster.kubectl('logs', 'talking', '-c', 'third')
  expect(stderr).toContain('container third is not valid for pod talking')
})

test('an interactive pod is attached to and removed', async () => {
  const args = ['run', 'asked', '--image=busybox:1.35', '--restart=Never', '-i', '--rm', '--quiet', '--', 'sh']
  expect(await cluster.kubectlIn('echo "1 + 1 = $((1 + 1))"\nexit\n', args)).toContain('1 + 1 = 2')
})

test('a debug container joins a pod that runs', async () => {
  await cluster.kubectlIn('', [
    'debug',
    'idle',
    '--image=busybox:1.35',
    '-c',
    'helper',
    '--attach=false',
    '--profile=general',
    '--',
    'sleep',
    '1000',
  ])
  await cluster.kubectlIn('', [
    'wait',
    'pod/idle',
    '--for=jsonpath={.status.ephemeralContainerStatuses[0].state.running}',
    '--timeout=30s',
  ])
  expect(await cluster.kubectlIn('', ['exec', 'idle', '-c', 'helper', '--', 'hostname'])).toBe('idle\n')
})

test('a disruption budget keeps pods from being evicted', async () => {
  await cluster.kubectlIn('', [
    'create',
    'poddisruptionbudget',
    'all-of-checkout',
    '--selector=app=checkout',
    '--min-available=100%',
  ])
  const { stdout: name } = await cluster.kubectl(
    'get',
    'pods',
    '-l',
    'app=checkout',
    '-o',
    'jsonpath={.items[0].metadata.name}',
  )
  const path = `/api/v1/namespaces/shop-production/pods/${name}/eviction`
  const body = JSON.stringify({ apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name } })
  const evicted = await cluster.raw(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  expect(evicted.json).toMatchObject({ code: 429, details: { causes: [{ reason: 'DisruptionBudget' }] } })
})

test('a job whose pods fail is tried again, and then given up', async () => {
  const job = {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'hopeless' },
    spec: {
      backoffLimit: 1,
      template: {
        spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'busybox:1.35', command: ['false'] }] },
      },
    },
  }
  await cluster.kubectlIn(JSON.stringify(job), ['create', '-f', '-'])
  await cluster.kubectlIn('', ['wait', 'job/hopeless', '--for=condition=Failed', '--timeout=30s'])
  const { stdout } = await cluster.kubectl(
    'get',
    'pods',
    '-l',
    'job-name=hopeless',
    '-o',
    'jsonpath={.items[*].status.phase}',
  )
  expect(stdout).toBe('Failed Failed')
})
