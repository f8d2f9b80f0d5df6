import { X509Certificate } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:https'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createServer as createTcpServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadUpstream } from '../../src/kube/kubeconfig.ts'
import { issued, type Pem } from '../proxy/certificate.ts'

const secret = 'sha256~credential-that-must-not-leak'
let pem: Pem
let other: Pem
let folder: string

beforeAll(async () => {
  pem = await issued()
  other = await issued(['other.example'])
  folder = await mkdtemp(join(tmpdir(), 'kubeconfig-'))
})
afterAll(() => rm(folder, { recursive: true }))

const plugin = { apiVersion: 'client.authentication.k8s.io/v1', interactiveMode: 'Never' }

const base64 = (text: string) => Buffer.from(text).toString('base64')

interface Parts {
  readonly server?: string
  readonly cluster?: Record<string, unknown>
  readonly user?: Record<string, unknown>
  readonly name?: string
}

function kubeconfig({
  server = 'https://127.0.0.1:1',
  cluster = {},
  user = { token: secret },
  name = 'dev',
}: Parts): string {
  return JSON.stringify({
    'current-context': name,
    contexts: [{ name, context: { cluster: name, user: name } }],
    clusters: [{ name, cluster: { server, 'certificate-authority-data': base64(pem.ca), ...cluster } }],
    users: [{ name, user }],
  })
}

function load(files: Record<string, string>, context?: string) {
  return loadUpstream({
    kubeconfigPaths: Object.keys(files),
    environment: {},
    ...(context === undefined ? {} : { context }),
    readFile: (path) => {
      const text = files[path]
      const missing = Object.assign(new Error(`ENOENT ${path}`), { code: 'ENOENT' })
      return text === undefined ? Promise.reject(missing) : Promise.resolve(text)
    },
  })
}

describe('what a kubeconfig says', () => {
  test('the current context, or the one that is named', async () => {
    const files = { '/k': kubeconfig({}) }
    expect(await load(files)).toMatchObject({ context: 'dev', server: 'https://127.0.0.1:1/' })
    await expect(load(files, 'prod')).rejects.toMatchObject({
      code: 'ERR_KUBECONFIG',
      message: 'There is no context "prod" in /k.',
      advice: 'Name one with --context. There are: dev.',
    })
  })

  test('of several files the first one to name a thing wins, and missing ones are skipped', async () => {
    const first = kubeconfig({ server: 'https://127.0.0.1:2' })
    const second = kubeconfig({ server: 'https://127.0.0.1:3', name: 'prod' })
    const files = { '/b': second, '/a': first, '/c': kubeconfig({ server: 'https://127.0.0.1:4' }) }
    expect(await load(files)).toMatchObject({ context: 'prod', server: 'https://127.0.0.1:3/' })
    expect(await load(files, 'dev')).toMatchObject({ server: 'https://127.0.0.1:2/' })
    const upstream = await loadUpstream({
      environment: {},
      kubeconfigPaths: [join(folder, 'none'), await written('k1', first)],
    })
    expect(upstream.context).toBe('dev')
  })

  test('which API server it is: one URL with another authority or another certificate name is another one', async () => {
    const identity = async (cluster: Record<string, unknown>) =>
      (await load({ '/k': kubeconfig({ cluster }) })).identity
    const otherCa = base64(`${pem.ca}\n`)
    const identities = await Promise.all([
      identity({}),
      identity({ 'certificate-authority-data': otherCa }),
      identity({ 'certificate-authority-data': '' }),
      identity({ 'tls-server-name': 'other' }),
    ])
    expect(new Set(identities).size).toBe(4)
    expect(identities[0]).toMatch(/^https:\/\/127\.0\.0\.1:1\/ sha256:[0-9a-f]{64}$/)
    expect(identities[2]).toBe('https://127.0.0.1:1/ system')
    expect(await identity({})).toBe(identities[0])
  })

  test('no file at all, and one that cannot be read', async () => {
    await expect(load({})).rejects.toMatchObject({
      code: 'ERR_KUBECONFIG',
      advice: expect.stringContaining('--practice'),
    })
    await expect(loadUpstream({ environment: {}, kubeconfigPaths: [folder] })).rejects.toMatchObject({
      code: 'ERR_KUBECONFIG',
      message: `The kubeconfig ${folder} cannot be read (EISDIR).`,
    })
  })

  const refused: [string, Parts | string, string, string][] = [
    ['text that is not YAML', '{', 'ERR_KUBECONFIG', 'not YAML'],
    ['a list', '[]', 'ERR_KUBECONFIG', 'cannot be understood'],
    ['no current context', '{}', 'ERR_KUBECONFIG', 'names no current context'],
    [
      'a cluster that is not there',
      JSON.stringify({ 'current-context': 'x', contexts: [{ name: 'x', context: { cluster: 'y', user: 'z' } }] }),
      'ERR_KUBECONFIG',
      'cluster "y"',
    ],
    [
      'insecure-skip-tls-verify',
      { cluster: { 'insecure-skip-tls-verify': true } },
      'ERR_KUBECONFIG',
      'insecure-skip-tls-verify',
    ],
    ['a proxy of another kind', { cluster: { 'proxy-url': `ftp://u:${secret}@p` } }, 'ERR_KUBECONFIG', 'proxy-url'],
    ['a proxy without a URL', { cluster: { 'proxy-url': 'proxy' } }, 'ERR_KUBECONFIG', 'proxy-url'],
    ['clear text', { server: 'http://127.0.0.1:8080' }, 'ERR_KUBECONFIG', 'https://'],
    [
      'a CA that is none',
      { cluster: { 'certificate-authority-data': base64('no') } },
      'ERR_KUBECONFIG',
      'certificate-authority',
    ],
    [
      'a key without certificate',
      { user: { 'client-key-data': base64(secret) } },
      'ERR_KUBECONFIG',
      'without the other',
    ],
    [
      'a key that is none',
      { user: { 'client-key-data': base64(secret), 'client-certificate-data': base64('x') } },
      'ERR_KUBECONFIG',
      'client-certificate',
    ],
    [
      'a file that is missing',
      { user: { 'client-certificate': 'gone.crt', 'client-key': 'gone.key' } },
      'ERR_KUBECONFIG',
      '/gone.crt',
    ],
    [
      'an exec plugin without a version',
      { user: { exec: { command: 'aws', args: [secret] } } },
      'ERR_UPSTREAM_CREDENTIAL',
      'exec plugin "aws" with apiVersion ""',
    ],
    [
      'an exec plugin that wants a terminal',
      { user: { exec: { ...plugin, command: 'aws', interactiveMode: 'Always' } } },
      'ERR_UPSTREAM_CREDENTIAL',
      'interactiveMode Always',
    ],
    [
      'an auth provider',
      { user: { 'auth-provider': { name: 'gcp', config: { 'access-token': secret } } } },
      'ERR_UPSTREAM_CREDENTIAL',
      'auth-provider "gcp"',
    ],
    ['a password', { user: { username: 'a', password: secret } }, 'ERR_UPSTREAM_CREDENTIAL', 'password'],
    ['no credential', { user: {} }, 'ERR_UPSTREAM_CREDENTIAL', 'no credential'],
  ]
  test.each(refused)('%s is refused with a sentence and without the credential', async (_name, parts, code, text) => {
    const failure = load({ '/k': typeof parts === 'string' ? parts : kubeconfig(parts) })
    await expect(failure).rejects.toMatchObject({ code, message: expect.stringContaining(text) })
    const fault = await failure.catch((thrown: unknown) => thrown)
    expect(String(fault) + JSON.stringify(fault)).not.toContain(secret)
  })
})

async function written(name: string, text: string): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, text)
  return path
}

async function apiServer(
  options: Record<string, unknown>,
  handler: (message: IncomingMessage, response: ServerResponse) => void,
  story: (server: string) => Promise<void>,
): Promise<void> {
  const server = createServer({ key: pem.key, cert: pem.cert, ...options }, handler)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    await story(`https://127.0.0.1:${(server.address() as AddressInfo).port}`)
  } finally {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
}

describe('reaching the API server', () => {
  test('with a token, below a path, once for each request', () => {
    const seen: string[] = []
    return apiServer(
      {},
      (message, response) => {
        seen.push(`${message.method} ${message.url} ${message.headers.authorization}`)
        response.end('{}')
      },
      async (server) => {
        const upstream = await load({ '/k': kubeconfig({ server: `${server}/k8s/clusters/c-1` }) })
        await upstream.ping()
        const answer = await upstream.request({
          method: 'GET',
          target: '/api?x=1',
          headers: {},
          longRunning: false,
          party: 's-1',
        })
        expect(answer.statusCode).toBe(200)
        answer.body.destroy()
        expect(seen).toEqual([
          `GET /k8s/clusters/c-1/version Bearer ${secret}`,
          `GET /k8s/clusters/c-1/api?x=1 Bearer ${secret}`,
        ])
        await upstream.close()
      },
    )
  })

  test('with a token file that is read anew for each request', () =>
    apiServer(
      {},
      (message, response) => response.end(message.headers.authorization),
      async (server) => {
        await written('token', 'one\n')
        const path = await written('k2', kubeconfig({ server, user: { tokenFile: 'token' } }))
        const upstream = await loadUpstream({ environment: {}, kubeconfigPaths: [path] })
        const say = async () => {
          const { body } = await upstream.request({
            method: 'GET',
            target: '/',
            headers: {},
            longRunning: false,
            party: 's-1',
          })
          let text = ''
          for await (const chunk of body) text += Buffer.from(chunk).toString()
          return text
        }
        expect(await say()).toBe('Bearer one')
        await written('token', 'two\n')
        expect(await say()).toBe('Bearer two')
        await upstream.close()
      },
    ))

  test('with a client certificate from files beside the kubeconfig', () =>
    apiServer(
      { requestCert: true, rejectUnauthorized: false },
      (message, response) => response.end((message.socket as TLSSocket).getPeerX509Certificate()?.fingerprint256),
      async (server) => {
        await written('c.crt', pem.cert)
        await written('c.key', pem.key)
        const user = { 'client-certificate': 'c.crt', 'client-key': 'c.key' }
        const upstream = await loadUpstream({
          environment: {},
          kubeconfigPaths: [await written('k3', kubeconfig({ server, user }))],
        })
        const { body } = await upstream.request({
          method: 'GET',
          target: '/',
          headers: {},
          longRunning: false,
          party: 's-1',
        })
        let text = ''
        for await (const chunk of body) text += Buffer.from(chunk).toString()
        expect(text).toBe(new X509Certificate(pem.cert).fingerprint256)
        await upstream.close()
      },
    ))

  test.each([
    ['a certificate of another authority', () => ({ 'certificate-authority-data': base64(other.ca) })],
    ['a certificate for another name', () => ({ 'tls-server-name': 'other.example' })],
  ])('%s is not accepted', (_name, cluster) =>
    apiServer(
      {},
      (_message, response) => response.end('{}'),
      async (server) => {
        const upstream = await load({ '/k': kubeconfig({ server, cluster: cluster() }) })
        await expect(upstream.ping()).rejects.toMatchObject({ code: 'ERR_UPSTREAM_CERTIFICATE' })
        await upstream.close()
      },
    ),
  )

  test('tls-server-name is what the certificate must be for', () =>
    apiServer(
      { key: other.key, cert: other.cert },
      (_message, response) => response.end('{}'),
      async (server) => {
        const cluster = { 'tls-server-name': 'other.example', 'certificate-authority-data': base64(other.ca) }
        const upstream = await load({ '/k': kubeconfig({ server, cluster }) })
        await upstream.ping()
        await upstream.close()
      },
    ))

  test.each([
    [401, 'ERR_UPSTREAM_CREDENTIAL'],
    [503, 'ERR_UPSTREAM_UNREACHABLE'],
  ])('a ping that is answered %i', (status, code) =>
    apiServer(
      {},
      (_message, response) => response.writeHead(status).end(),
      async (server) => {
        const upstream = await load({ '/k': kubeconfig({ server }) })
        await expect(upstream.ping()).rejects.toMatchObject({ code })
        await upstream.close()
      },
    ),
  )

  test('nobody listens, no such name, and no TLS behind the port', async () => {
    const plain = createTcpServer((socket) => socket.resume().end('HTTP/1.1 400 Bad Request\r\n\r\n'))
    await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve))
    const places = {
      'https://127.0.0.1:1': 'ERR_UPSTREAM_UNREACHABLE',
      'https://no-such-host.invalid': 'ERR_UPSTREAM_UNREACHABLE',
      [`https://127.0.0.1:${(plain.address() as AddressInfo).port}`]: 'ERR_UPSTREAM_CERTIFICATE',
    }
    for (const [server, code] of Object.entries(places)) {
      const upstream = await load({ '/k': kubeconfig({ server }) })
      const failure = await upstream.ping().catch((thrown: unknown) => thrown)
      expect(failure).toMatchObject({ code, message: expect.stringContaining(server) })
      expect(String(failure) + JSON.stringify(failure)).not.toContain(secret)
      await upstream.close()
    }
    await new Promise((resolve) => plain.close(resolve))
  })
})
