import { chmod, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { loadUpstream } from '../../src/kube/kubeconfig.ts'
import type { Upstream } from '../../src/kube/port.ts'
import { issued, type Pem } from '../proxy/certificate.ts'
import { temporaryFolder } from '../support/tmp.ts'

const secret = 'sha256~plugin-token-that-must-not-leak'
const v1 = 'client.authentication.k8s.io/v1'

let parts: AsyncDisposableStack
let folder: string
let pem: Pem
let seen: { token: string; certificate: string }[]
let answers: number[]
let server: string

beforeEach(async () => {
  parts = new AsyncDisposableStack()
  folder = parts.use(await temporaryFolder()).path
  pem = await issued()
  seen = []
  answers = []
  const tls = { key: pem.key, cert: pem.cert, ca: pem.ca, requestCert: true, rejectUnauthorized: false }
  const listener = createServer(tls, (message, response) => {
    const peer = (message.socket as TLSSocket).getPeerCertificate()
    seen.push({ token: message.headers.authorization ?? '', certificate: peer.fingerprint256 ?? '' })
    response.writeHead(answers.shift() ?? 200).end('{}')
  })
  const { promise, resolve } = Promise.withResolvers<void>()
  listener.listen(0, '127.0.0.1', resolve)
  await promise
  parts.defer(() => {
    listener.closeAllConnections()
    listener.close()
  })
  server = `https://127.0.0.1:${(listener.address() as AddressInfo).port}`
})

afterEach(() => parts.disposeAsync())

interface PluginGiven {
  readonly script: string
  readonly exec?: Record<string, unknown>
  readonly environment?: Record<string, string>
}

/** An upstream whose credential comes from a shell script beside the kubeconfig; each run adds a line to `runs`. */
async function upstreamWith({ script, exec = {}, environment = {} }: PluginGiven): Promise<Upstream> {
  const plugin = join(folder, 'login')
  await writeFile(plugin, `#!/bin/sh\necho run >>${join(folder, 'runs')}\n${script}\n`)
  await chmod(plugin, 0o755)
  const name = 'dev'
  const ca = Buffer.from(pem.ca).toString('base64')
  const kubeconfig = {
    'current-context': name,
    contexts: [{ name, context: { cluster: name, user: name } }],
    clusters: [{ name, cluster: { server, 'certificate-authority-data': ca } }],
    users: [{ name, user: { exec: { apiVersion: v1, command: './login', interactiveMode: 'Never', ...exec } } }],
  }
  const path = join(folder, 'kubeconfig')
  await writeFile(path, JSON.stringify(kubeconfig))
  const upstream = await loadUpstream({
    kubeconfigPaths: [path],
    environment: { PATH: process.env['PATH'] ?? '', ...environment },
  })
  parts.defer(() => upstream.close())
  return upstream
}

const credential = (status: Record<string, unknown>) =>
  `cat <<'END'\n${JSON.stringify({ apiVersion: v1, kind: 'ExecCredential', status })}\nEND`

async function get(upstream: Upstream): Promise<number> {
  const { statusCode, body } = await upstream.request({
    method: 'GET',
    target: '/x',
    headers: {},
    longRunning: false,
    party: 's-1',
  })
  for await (const _chunk of body);
  return statusCode
}

const runs = async () => (await readFile(join(folder, 'runs'), 'utf8')).split('\n').length - 1

test('the token of a plugin opens the cluster, and one run serves many requests', async () => {
  const upstream = await upstreamWith({ script: credential({ token: secret }) })
  await Promise.all([get(upstream), get(upstream), get(upstream)])
  expect(await get(upstream)).toBe(200)
  expect(seen.map(({ token }) => token)).toEqual(Array(4).fill(`Bearer ${secret}`))
  expect(await runs()).toBe(1)
})

test('a token that has expired, or was refused, is renewed for the next request and never repeated for this one', async () => {
  const past = await upstreamWith({ script: credential({ token: 'a', expirationTimestamp: '2020-01-01T00:00:00Z' }) })
  await get(past)
  await get(past)
  expect(await runs()).toBe(2)

  const upstream = await upstreamWith({
    script: credential({ token: 'b', expirationTimestamp: '2120-01-01T00:00:00Z' }),
  })
  answers = [401]
  expect(await get(upstream)).toBe(401)
  expect(await get(upstream)).toBe(200)
  expect(await runs()).toBe(4)
  expect(seen).toHaveLength(4)
})

test('a certificate of a plugin opens the cluster, and a new one has connections of its own', async () => {
  const pairs = [await issued(), await issued()]
  for (const [index, { cert, key }] of pairs.entries()) {
    const status = { clientCertificateData: cert, clientKeyData: key, expirationTimestamp: '2020-01-01T00:00:00Z' }
    await writeFile(
      join(folder, `answer${index + 1}`),
      JSON.stringify({ apiVersion: v1, kind: 'ExecCredential', status }),
    )
  }
  const script = `cat ${folder}/answer$(wc -l <${folder}/runs)`
  const upstream = await upstreamWith({ script })
  await get(upstream)
  await get(upstream)
  expect(new Set(seen.map(({ certificate }) => certificate)).size).toBe(2)
  expect(seen.every(({ certificate }) => certificate !== '')).toBe(true)
})

test('the plugin gets its arguments, its variables and, when it asks, the cluster', async () => {
  const script = `echo "$1 $GREETING $HOME $KUBERNETES_EXEC_INFO" >${'$'}OUT\n${credential({ token: 'a' })}`
  const out = join(folder, 'out')
  const exec = { args: ['--flag'], env: [{ name: 'GREETING', value: 'hello' }], provideClusterInfo: true }
  const upstream = await upstreamWith({ script, exec, environment: { HOME: '/nowhere', OUT: out } })
  await get(upstream)
  const [flag, greeting, home, ...info] = (await readFile(out, 'utf8')).trim().split(' ')
  expect([flag, greeting, home]).toEqual(['--flag', 'hello', '/nowhere'])
  const given = JSON.parse(info.join(' ')) as { spec: { cluster: { server: string }; interactive: boolean } }
  expect(given.spec.cluster.server).toBe(`${server}/`)
  expect(given.spec.interactive).toBe(false)
})

test.each([
  ['fails', `echo ${secret} >&2; exit 3`, 'ended with 3'],
  ['says no JSON', `echo ${secret}`, 'not an ExecCredential'],
  ['speaks another version', credential({ token: secret }).replace(v1, `${v1}beta1`), 'not an ExecCredential'],
  ['gives nothing', credential({}), 'neither a token nor a certificate'],
  ['gives half a pair', credential({ clientKeyData: secret }), 'neither a token nor a certificate'],
  ['gives no PEM', credential({ clientKeyData: secret, clientCertificateData: secret }), 'do not belong together'],
  ['gives a line break', credential({ token: `${secret}\nX-Other: 1` }), 'no token has'],
])('a plugin that %s is named, and what it said is not', async (_what, script, problem) => {
  const upstream = await upstreamWith({ script })
  const failure = await get(upstream).catch((thrown: unknown) => thrown)
  expect(failure).toMatchObject({ code: 'ERR_UPSTREAM_CREDENTIAL', message: expect.stringContaining(problem) })
  expect(String(failure) + JSON.stringify(failure)).not.toContain(secret)
  expect(seen).toEqual([])
})

test('an argument that no program can be given is not quoted', async () => {
  const upstream = await upstreamWith({ script: '', exec: { args: [`${secret}\0`] } })
  const failure = await get(upstream).catch((thrown: unknown) => thrown)
  expect(failure).toMatchObject({ code: 'ERR_UPSTREAM_CREDENTIAL', message: expect.stringContaining('zero byte') })
  expect(String(failure) + JSON.stringify(failure)).not.toContain(secret)
})

test('a plugin that is not installed is told with its hint', async () => {
  const exec = { command: 'no-such-plugin-anywhere', installHint: 'Get it from your platform team.' }
  const upstream = await upstreamWith({ script: '', exec })
  await expect(get(upstream)).rejects.toMatchObject({
    message: expect.stringContaining('not installed'),
    advice: 'Install it. Get it from your platform team.',
  })
})
