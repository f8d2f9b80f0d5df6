import { execFile, spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { HoldAsk, HoldOutcome } from '../../src/approval/port.ts'
import { loadUpstream } from '../../src/kube/kubeconfig.ts'
import type { Upstream } from '../../src/kube/port.ts'
import type { AuditEvent } from '../../src/model/audit.ts'
import type { Decision } from '../../src/model/decision.ts'
import type { DecisionInput } from '../../src/policy/port.ts'
import { startPractice, type PracticeCluster } from '../../src/practice/server.ts'
import { startProxy, type Proxy } from '../../src/proxy/listener.ts'
import { kubectlPath } from '../support/kubectl.ts'
import {
  allow,
  certificates,
  clientToken,
  deny,
  heldFrom,
  hold,
  knownToken,
  nothingToRestore,
  plainMasker,
} from './house.ts'

let folder: string
let kubectl: string
let cluster: PracticeCluster
let upstream: Upstream
let proxy: Proxy
const journal: AuditEvent[] = []
let parked = Promise.withResolvers<HoldAsk>()
let verdict = Promise.withResolvers<'approved' | 'denied'>()

function decide({ request }: DecisionInput): Decision {
  if (request.kind === 'non-resource') return allow
  if (request.resource === 'clusterroles') return deny
  return request.verb === 'delete' && !request.dryRun ? hold : allow
}

async function park(asked: HoldAsk, signal: AbortSignal): Promise<HoldOutcome> {
  parked.resolve(asked)
  const held = heldFrom(asked)
  const left = new Promise<'left'>((resolve) => signal.addEventListener('abort', () => resolve('left')))
  const kind = await Promise.race([verdict.promise, left])
  if (kind === 'approved') return { kind, held, complete: () => Promise.resolve() }
  if (kind === 'denied') return { kind, held, reason: { code: 'review-denied', message: 'bob: too risky' } }
  return { kind: 'withdrawn', held, reason: { code: 'withdrawn', message: 'The client left.' } }
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'proxy-kubectl-'))
  kubectl = await kubectlPath()
  cluster = await startPractice({ host: '127.0.0.1', port: 0 })
  const clusterConfig = join(folder, 'cluster.yaml')
  await writeFile(clusterConfig, cluster.kubeconfig)
  upstream = await loadUpstream({ environment: {}, kubeconfigPaths: [clusterConfig] })
  const { broker } = await certificates()
  let count = 0
  proxy = await startProxy({
    host: '127.0.0.1',
    port: 0,
    tls: broker,
    upstream,
    clock: { now: () => new Date() },
    newAuditID: () => `audit-${++count}`,
    stations: {
      identify: knownToken,
      decide,
      park,
      spend: () => undefined,
      countsObjects: () => undefined,
      asksOldObject: () => false,
      oblige: () => plainMasker,
      restore: nothingToRestore,
      journal: { append: (event) => Promise.resolve(void journal.push(event)) },
      observe: () => {},
    },
  })
  const certificate = Buffer.from(broker.ca).toString('base64')
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'c',
    clusters: [{ name: 'c', cluster: { server: proxy.endpoint, 'certificate-authority-data': certificate } }],
    users: [{ name: 'u', user: { token: clientToken } }],
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'u', namespace: 'shop-production' } }],
  }
  await writeFile(join(folder, 'config'), JSON.stringify(config))
})

afterAll(async () => {
  await proxy.close(0)
  await upstream.close()
  await cluster.close()
  await rm(folder, { recursive: true })
})

const environment = () => ({ HOME: folder, KUBECONFIG: join(folder, 'config'), PATH: '/usr/bin:/bin' })

function run(...words: string[]): Promise<{ code: number; out: string; err: string }> {
  return new Promise((resolve) => {
    execFile(kubectl, words, { env: environment() }, (failure, out, err) => {
      resolve({ code: typeof failure?.code === 'number' ? failure.code : 0, out, err })
    })
  })
}

async function manifest(text: string): Promise<string> {
  const path = join(folder, 'manifest.yaml')
  await writeFile(path, text)
  return path
}

const configMap = (value: string) => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: note}\ndata: {a: "${value}"}\n`

test('get, apply, server-side apply, patch and describe work as ever', async () => {
  expect((await run('get', 'pods')).out).toContain('READY')
  expect((await run('apply', '-f', await manifest(configMap('1')))).out).toContain('configmap/note created')
  expect((await run('apply', '-f', await manifest(configMap('2')))).out).toContain('configmap/note configured')
  const server = await run('apply', '--server-side', '--force-conflicts', '-f', await manifest(configMap('3')))
  expect(server).toMatchObject({ code: 0, out: expect.stringContaining('serverside-applied') })
  expect((await run('patch', 'configmap', 'note', '-p', '{"data":{"b":"4"}}')).code).toBe(0)
  expect((await run('get', 'configmap', 'note', '-o', 'jsonpath={.data}')).out).toBe('{"a":"3","b":"4"}')
  expect((await run('describe', 'configmap', 'note')).out).toContain('Name:         note')
})

test('a denial prints its sentence, its rule and where to read more', async () => {
  const { code, err } = await run('get', 'clusterroles')
  expect(code).toBe(1)
  expect(err).toMatch(/^Error from server \(Forbidden\): Not here\. \(rule test\/deny; chaperone why audit-\d+\)\n$/)
})

test('a held delete waits; denied it prints why, approved it runs', async () => {
  expect((await run('create', 'configmap', 'doomed')).code).toBe(0)
  for (const say of ['denied', 'approved'] as const) {
    parked = Promise.withResolvers()
    verdict = Promise.withResolvers()
    const deletion = run('delete', 'configmap', 'doomed', '--wait=false')
    expect((await parked.promise).command).toBe('kubectl delete configmap doomed -n shop-production')
    expect((await run('get', 'configmap', 'doomed')).code).toBe(0)
    verdict.resolve(say)
    const { out, err } = await deletion
    if (say === 'denied') expect(err).toContain('Error from server (ApprovalDenied): bob: too risky')
    else expect(out).toBe('configmap "doomed" deleted\n')
  }
  expect((await run('get', 'configmap', 'doomed')).err).toContain('NotFound')
})

test('Ctrl-C takes a held request back', async () => {
  parked = Promise.withResolvers()
  verdict = Promise.withResolvers()
  const child = spawn(kubectl, ['delete', 'namespace', 'shop-production'], { env: environment(), stdio: 'ignore' })
  const { auditID } = await parked.promise
  child.kill('SIGINT')
  await expect
    .poll(() => journal.find((event) => event.auditID === auditID && event.stage === 'ResponseComplete')?.annotations)
    .toMatchObject({ 'chaperone/reason': 'withdrawn', 'chaperone/outcome': 'cancelled' })
  expect((await run('get', 'namespace', 'shop-production')).code).toBe(0)
})

test('exec, port-forward, cp and --as are refused with a sentence', async () => {
  const pod = (await run('get', 'pods', '-o', 'name')).out.split('\n')[0] ?? ''
  const sentence = 'exec, attach, port-forward and cp do not pass through Chaperone yet.'
  expect((await run('exec', pod, '--', 'ls')).err).toContain(`Error from server (NotSupported): ${sentence}`)
  expect((await run('port-forward', pod, '8080:80')).err).toContain(sentence)
  expect((await run('cp', `${pod.replace('pod/', '')}:/etc/hosts`, join(folder, 'hosts'))).err).toContain(sentence)
  expect((await run('get', 'pods', '--as=root')).err).toContain('without --as')
})

test('a body over 3 MiB prints why it was refused', async () => {
  const path = await manifest(configMap('x'.repeat(3_500_000)))
  expect((await run('create', '-f', path)).err).toMatch(/\(RequestEntityTooLarge\)|larger than 3145728 bytes/)
})
