import { createServer as createHttpServer } from 'node:http'
import { createServer } from 'node:https'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import { loadUpstream } from '../../src/kube/kubeconfig.ts'
import { issued } from '../proxy/certificate.ts'

test('a cluster behind a proxy is reached through it, with TLS from end to end', async () => {
  const pem = await issued()
  await using parts = new AsyncDisposableStack()
  const api = createServer({ key: pem.key, cert: pem.cert }, (_message, response) => response.end('{"through":true}'))
  const asked: string[] = []
  const passed: Buffer[] = []
  const proxy = createHttpServer((_message, response) => response.writeHead(500).end())
  proxy.on('connect', (message, client: Socket) => {
    asked.push(`${message.url} ${message.headers['proxy-authorization']}`)
    const [host, port] = (message.url ?? '').split(':')
    const onward = connect(Number(port), host, () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n')
      client.on('data', (chunk: Buffer) => passed.push(chunk))
      client.pipe(onward).pipe(client)
    })
    for (const socket of [client, onward]) socket.on('error', () => {})
  })
  for (const server of [api, proxy]) {
    const { promise, resolve } = Promise.withResolvers<void>()
    server.listen(0, '127.0.0.1', resolve)
    await promise
    parts.defer(() => {
      server.closeAllConnections()
      server.close()
    })
  }
  const port = (server: { address(): unknown }) => (server.address() as AddressInfo).port
  const name = 'dev'
  const cluster = {
    server: `https://127.0.0.1:${port(api)}`,
    'certificate-authority-data': Buffer.from(pem.ca).toString('base64'),
    'proxy-url': `http://ada:lovelace@127.0.0.1:${port(proxy)}`,
  }
  const kubeconfig = JSON.stringify({
    'current-context': name,
    contexts: [{ name, context: { cluster: name, user: name } }],
    clusters: [{ name, cluster }],
    users: [{ name, user: { token: 'bearer-token-of-the-cluster' } }],
  })
  const upstream = await loadUpstream({
    environment: {},
    kubeconfigPaths: ['/k'],
    readFile: () => Promise.resolve(kubeconfig),
  })
  parts.defer(() => upstream.close())
  const answer = await upstream.request({ method: 'GET', target: '/x', headers: {}, longRunning: false, party: 's-1' })
  let text = ''
  for await (const chunk of answer.body) text += Buffer.from(chunk).toString()
  expect(text).toBe('{"through":true}')
  const login = Buffer.from('ada:lovelace').toString('base64')
  expect(asked).toEqual([`127.0.0.1:${port(api)} Basic ${login}`])
  expect(Buffer.concat(passed).includes('bearer-token-of-the-cluster')).toBe(false)
})
