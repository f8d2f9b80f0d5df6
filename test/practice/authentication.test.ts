import { createPublicKey, generateKeyPairSync, sign, verify, type JsonWebKey } from 'node:crypto'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { get } from 'node:https'
import { expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { issueCertificates } from '../../src/practice/transport/certificates.ts'
import { startTestCluster, type TestCluster } from './cluster.ts'

const accounts = '/api/v1/namespaces/data/serviceaccounts'

async function tokenOf(cluster: TestCluster, account: string, ...more: string[]): Promise<string> {
  return (await cluster.kubectlIn('', ['create', 'token', account, '-n', 'data', ...more])).trim()
}

async function codeWith(cluster: TestCluster, token: string): Promise<number> {
  return (await cluster.raw('/api', { token })).code
}

const claimsOf = (token: string) =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8')) as Record<string, unknown>

test('without credentials one is anonymous: versions and health are public, all else is forbidden', async () => {
  await using cluster = await startTestCluster()
  for (const path of ['/version', '/healthz', '/livez', '/readyz']) {
    expect((await cluster.raw(path, { token: '' })).code).toBe(200)
  }
  expect((await cluster.raw('/api/v1/pods', { token: '' })).json).toMatchObject({
    code: 403,
    reason: 'Forbidden',
    message:
      'pods is forbidden: User "system:anonymous" cannot list resource "pods" in API group "" at the cluster scope',
    details: { kind: 'pods' },
  })
  expect((await cluster.raw('/apis', { token: '' })).json['message']).toBe(
    'forbidden: User "system:anonymous" cannot get path "/apis"',
  )
})

test('a wrong token is nobody, even for what is public', async () => {
  await using cluster = await startTestCluster()
  expect((await cluster.raw('/version', { token: 'wrong' })).json).toMatchObject({
    code: 401,
    reason: 'Unauthorized',
    message: 'Unauthorized',
  })
})

test('a service account token opens the cluster as its account, until the account is gone', async () => {
  await using cluster = await startTestCluster()
  await cluster.kubectlIn('', ['create', 'serviceaccount', 'robot', '-n', 'data'])
  const token = await tokenOf(cluster, 'robot')
  expect(claimsOf(token)).toMatchObject({
    iss: 'https://kubernetes.default.svc.cluster.local',
    aud: ['https://kubernetes.default.svc.cluster.local'],
    sub: 'system:serviceaccount:data:robot',
    'kubernetes.io': { namespace: 'data', serviceaccount: { name: 'robot' } },
  })
  const who = await cluster.kubectlIn('', ['auth', 'whoami', `--token=${token}`, '-o', 'json'])
  expect(JSON.parse(who)).toMatchObject({
    status: {
      userInfo: {
        username: 'system:serviceaccount:data:robot',
        groups: ['system:serviceaccounts', 'system:serviceaccounts:data', 'system:authenticated'],
      },
    },
  })
  await cluster.kubectlIn('', ['delete', 'serviceaccount', 'robot', '-n', 'data'])
  expect(await codeWith(cluster, token)).toBe(401)
  await cluster.kubectlIn('', ['create', 'serviceaccount', 'robot', '-n', 'data'])
  expect(await codeWith(cluster, token)).toBe(401)
})

test('a token ends with its time', async () => {
  let now = new Date()
  await using cluster = await startTestCluster(() => now)
  const token = await tokenOf(cluster, 'backup', '--duration=10m')
  expect(await codeWith(cluster, token)).toBe(200)
  now = new Date(now.getTime() + 601_000)
  expect(await codeWith(cluster, token)).toBe(401)
})

test('a token for other audiences, or changed, or of another key, does not open the cluster', async () => {
  await using cluster = await startTestCluster()
  expect(await codeWith(cluster, await tokenOf(cluster, 'backup', '--audience=vault'))).toBe(401)
  const token = await tokenOf(cluster, 'backup')
  const [header = '', payload = '', signature = ''] = token.split('.')
  const other = Buffer.from(
    JSON.stringify({ ...claimsOf(token), sub: 'system:serviceaccount:kube-system:default' }),
  ).toString('base64url')
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const key = { key: privateKey, dsaEncoding: 'ieee-p1363' } as const
  const forged = sign('sha256', Buffer.from(`${header}.${payload}`), key).toString('base64url')
  const none = Buffer.from('{"alg":"none"}').toString('base64url')
  const bad = [
    `${header}.${other}.${signature}`,
    `${header}.${payload}.${forged}`,
    `${none}.${payload}.`,
    `${header}.${payload}`,
    `${token}.x`,
  ]
  for (const one of bad) expect(await codeWith(cluster, one)).toBe(401)
  expect(await codeWith(cluster, token)).toBe(200)
})

test('a token that is bound to an object ends with it', async () => {
  await using cluster = await startTestCluster()
  await cluster.kubectlIn('', ['create', 'secret', 'generic', 'anchor', '-n', 'data'])
  const token = await tokenOf(cluster, 'backup', '--bound-object-kind=Secret', '--bound-object-name=anchor')
  expect(await codeWith(cluster, token)).toBe(200)
  await cluster.kubectlIn('', ['delete', 'secret', 'anchor', '-n', 'data'])
  expect(await codeWith(cluster, token)).toBe(401)
})

test('the token in a secret works until the secret is gone', async () => {
  await using cluster = await startTestCluster()
  const manifest = {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'kubernetes.io/service-account-token',
    metadata: { name: 'old', namespace: 'data', annotations: { 'kubernetes.io/service-account.name': 'backup' } },
  }
  await cluster.kubectlIn(JSON.stringify(manifest), ['create', '-f', '-'])
  const wait = ['wait', 'secret/old', '-n', 'data', '--for', 'jsonpath={.data.token}', '--timeout', '10s']
  await cluster.kubectlIn('', wait)
  const secret = JSON.parse(await cluster.kubectlIn('', ['get', 'secret', 'old', '-n', 'data', '-o', 'json'])) as {
    data: Record<string, string>
  }
  const data = (key: string) => Buffer.from(secret.data[key] ?? '', 'base64').toString('utf8')
  expect(data('namespace')).toBe('data')
  expect(data('ca.crt')).toBe(cluster.practice.caPem)
  expect(await codeWith(cluster, data('token'))).toBe(200)
  await cluster.kubectlIn('', ['delete', 'secret', 'old', '-n', 'data'])
  expect(await codeWith(cluster, data('token'))).toBe(401)
})

test('anyone who may can verify tokens by the published keys', async () => {
  await using cluster = await startTestCluster()
  const token = await tokenOf(cluster, 'backup')
  const configuration = await cluster.raw('/.well-known/openid-configuration', { token })
  expect(configuration.json).toMatchObject({
    issuer: 'https://kubernetes.default.svc.cluster.local',
    jwks_uri: `${cluster.practice.url}/openid/v1/jwks`,
  })
  const { keys } = (await cluster.raw('/openid/v1/jwks', { token })).json as { keys: JsonWebKey[] }
  const [header = '', payload = '', signature = ''] = token.split('.')
  const publicKey = createPublicKey({ key: keys[0] ?? {}, format: 'jwk' })
  const key = { key: publicKey, dsaEncoding: 'ieee-p1363' } as const
  const good = verify('sha256', Buffer.from(`${header}.${payload}`), key, Buffer.from(signature, 'base64url'))
  expect(good).toBe(true)
})

test('what a token request may not ask for is refused', async () => {
  await using cluster = await startTestCluster()
  const ask = async (spec: object) => {
    const options = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ spec }) }
    return (await cluster.raw(`${accounts}/backup/token`, options)).json
  }
  expect(await ask({ expirationSeconds: 10 })).toMatchObject({
    code: 422,
    message:
      'TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value: 10: may not specify a duration less than 10 minutes',
  })
  const bound = (kind: string) => ({ boundObjectRef: { kind, apiVersion: 'v1', name: 'nope' } })
  expect(await ask(bound('Pod'))).toMatchObject({ code: 404, message: 'pods "nope" not found' })
  expect(await ask(bound('Foo'))).toMatchObject({
    code: 400,
    message: 'cannot bind token to object of type /v1, Kind=Foo',
  })
})

test('a certificate of another authority is nobody', async () => {
  await using cluster = await startTestCluster()
  const stranger = await issueCertificates('127.0.0.1', 'practice-cert', new Date())
  const { keyPem: key, certificatePem: cert } = stranger.client
  const asked = get(`${cluster.practice.url}/version`, { ca: cluster.practice.caPem, key, cert })
  const [answer] = (await once(asked, 'response')) as [IncomingMessage]
  answer.resume()
  expect(answer.statusCode).toBe(401)
})

test('a browser shows its token among the subprotocols of a WebSocket', async () => {
  await using cluster = await startTestCluster()
  const token = (await cluster.kubectlIn('', ['create', 'token', 'backup', '-n', 'data'])).trim()
  await cluster.kubectlIn('', [
    'create',
    'rolebinding',
    'b',
    '--clusterrole=edit',
    '--serviceaccount=data:backup',
    '-n',
    'data',
  ])
  const handshake = async (bearer: string) => {
    const hidden = `base64url.bearer.authorization.k8s.io.${Buffer.from(bearer).toString('base64url')}`
    const url = `${cluster.practice.url}/api/v1/namespaces/data/pods/postgres-0/exec?command=echo&stdout=1`
    const socket = new WebSocket(url.replace('https', 'wss'), [hidden, 'v4.channel.k8s.io'], {
      ca: cluster.practice.caPem,
    })
    const { promise, resolve } = Promise.withResolvers<string>()
    socket.once('open', () => resolve(socket.protocol))
    socket.once('unexpected-response', (_request, response) => resolve(String(response.statusCode)))
    socket.on('error', (failure) => resolve(failure.message))
    return promise.finally(() => socket.terminate())
  }
  expect(await handshake(token)).toBe('v4.channel.k8s.io')
  expect(await handshake('wrong')).toBe('401')
})
