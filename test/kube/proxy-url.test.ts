import { once } from 'node:events'
import { createServer as createHttpServer, type IncomingMessage } from 'node:http'
import { createServer } from 'node:https'
import { connect, createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import { loadUpstream } from '../../src/kube/kubeconfig.ts'
import { issued } from '../proxy/certificate.ts'

interface Tunnel {
  readonly server: Server
  /** What clients asked for: the cluster's address, and how they said who they are. */
  readonly asked: string[]
  /** Bytes that clients sent through it. */
  readonly passed: Buffer[]
}

function join(tunnel: Tunnel, client: Socket, host: string, port: number, ready: Buffer | string): void {
  const onward = connect(port, host, () => {
    client.write(ready)
    client.on('data', (chunk: Buffer) => tunnel.passed.push(chunk))
    client.pipe(onward).pipe(client)
  })
  for (const socket of [client, onward]) socket.on('error', () => {})
}

/** A proxy that opens tunnels on CONNECT (RFC 9110 section 9.3.6). */
function httpProxy(): Tunnel {
  const tunnel: Tunnel = { server: createHttpServer(), asked: [], passed: [] }
  tunnel.server.on('connect', (message: IncomingMessage, client: Socket) => {
    const login = Buffer.from(message.headers['proxy-authorization']?.split(' ')[1] ?? '', 'base64').toString()
    tunnel.asked.push(`${message.url} ${login}`)
    const [host = '', port] = (message.url ?? '').split(':')
    join(tunnel, client, host, Number(port), 'HTTP/1.1 200 Connection established\r\n\r\n')
  })
  return tunnel
}

/** A proxy that speaks SOCKS 5 (RFC 1928) and wants a name and password (RFC 1929). */
function socksProxy(): Tunnel {
  const tunnel: Tunnel = { server: createTcpServer(), asked: [], passed: [] }
  const read = async (client: Socket) => ((await once(client, 'data')) as [Buffer])[0]
  const greet = async (client: Socket) => {
    await read(client)
    client.write(Buffer.from([5, 2]))
    const login = await read(client)
    const nameEnd = 2 + (login[1] ?? 0)
    client.write(Buffer.from([1, 0]))
    const order = await read(client)
    const host = order[3] === 1 ? order.subarray(4, 8).join('.') : order.subarray(5, 5 + (order[4] ?? 0)).toString()
    const port = order.readUInt16BE(order.length - 2)
    tunnel.asked.push(`${host}:${port} ${String(login.subarray(2, nameEnd))}:${String(login.subarray(nameEnd + 1))}`)
    join(tunnel, client, host, port, Buffer.from([5, 0, 0, 1, 127, 0, 0, 1, 0, 0]))
  }
  tunnel.server.on('connection', (client: Socket) => void greet(client.on('error', () => {})))
  return tunnel
}

test.each([
  ['http', httpProxy],
  ['socks5', socksProxy],
  ['socks5h', socksProxy],
])('a cluster behind a proxy (%s) is reached through it, with TLS from end to end', async (scheme, makeProxy) => {
  const pem = await issued()
  await using parts = new AsyncDisposableStack()
  const api = createServer({ key: pem.key, cert: pem.cert }, (_message, response) => response.end('{"through":true}'))
  const proxy = makeProxy()
  for (const server of [api, proxy.server]) {
    const { promise, resolve } = Promise.withResolvers<void>()
    server.listen(0, '127.0.0.1', resolve)
    await promise
    parts.defer(() => void server.close())
  }
  const port = (server: { address(): unknown }) => (server.address() as AddressInfo).port
  const name = 'dev'
  const cluster = {
    server: `https://127.0.0.1:${port(api)}`,
    'certificate-authority-data': Buffer.from(pem.ca).toString('base64'),
    'proxy-url': `${scheme}://ada:lovelace@127.0.0.1:${port(proxy.server)}`,
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
  expect(proxy.asked).toEqual([`127.0.0.1:${port(api)} ada:lovelace`])
  expect(proxy.passed.length).toBeGreaterThan(0)
  expect(Buffer.concat(proxy.passed).includes('bearer-token-of-the-cluster')).toBe(false)
})
