import { once } from 'node:events'
import { createSecureServer, type ServerHttp2Session } from 'node:http2'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import type { Cluster } from '../cluster.ts'
import type { Certificates } from './certificates.ts'
import { serve } from './http.ts'
import { replyOf, type Reply } from './reply.ts'
import { servedRequest, type ServedRequest } from './request.ts'
import { serveUpgrade } from './upgrade.ts'

/** Longer than callers keep idle connections, so that none is closed under a request on its way. */
const keepAliveMs = 120_000

/** Streams of one HTTP/2 connection at once (k8s.io/apiserver, `--http2-max-streams-per-connection`). */
const streamLimit = 100

/** Memory of one HTTP/2 session in MB: answers of large lists wait in it for their reader. */
const sessionMemory = 128

export interface Listener {
  readonly port: number
  /** Ends every connection. */
  close(): Promise<void>
}

/**
 * HTTPS on one port, HTTP/2 or HTTP/1.1 by ALPN as the API server speaks them; upgrades come over HTTP/1.1. Rejects with
 * the listener's error (EADDRINUSE, EACCES) when it cannot listen.
 */
export async function listen(
  { host, port }: { readonly host: string; readonly port: number },
  { caPem, server: identity }: Certificates,
  cluster: Cluster,
): Promise<Listener> {
  const server = createServer({
    key: identity.keyPem,
    cert: identity.certificatePem,
    ca: caPem,
    requestCert: true,
    rejectUnauthorized: false,
    noDelay: true,
    ALPNProtocols: ['h2', 'http/1.1'],
  })
  server.keepAliveTimeout = keepAliveMs
  server.on('request', (request, response) => answer(servedRequest(request), replyOf(response), cluster))
  const upgraded = trackUpgrades(server, cluster)
  const sessions = speakHttp2(server, cluster)
  server.listen(port, host)
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      for (const one of [...upgraded, ...sessions]) one.destroy()
      await closed
    },
  }
}

/** An answer that cannot be sent ends its connection and nothing else. */
function answer(request: ServedRequest, reply: Reply, cluster: Cluster): void {
  serve(request, reply, cluster).catch((failure: unknown) => {
    process.emitWarning(`The practice cluster could not answer ${request.method} ${request.url}: ${String(failure)}`)
    reply.breakOff()
  })
}

type HttpsServer = ReturnType<typeof createServer>

/** Node no longer counts an upgraded connection among the server's own. */
function trackUpgrades(server: HttpsServer, cluster: Cluster): ReadonlySet<Duplex> {
  const upgraded = new Set<Duplex>()
  server.on('upgrade', (request, socket, head) => {
    upgraded.add(socket)
    socket.once('close', () => upgraded.delete(socket))
    serveUpgrade(request, socket, head, cluster)
  })
  return upgraded
}

/** Connections on which HTTP/2 was agreed go to a server of their own; all others stay where they are. */
function speakHttp2(server: HttpsServer, cluster: Cluster): ReadonlySet<ServerHttp2Session> {
  const http2 = createSecureServer({ settings: { maxConcurrentStreams: streamLimit }, maxSessionMemory: sessionMemory })
  const sessions = new Set<ServerHttp2Session>()
  http2.on('session', (session) => {
    sessions.add(session)
    session.setTimeout(keepAliveMs, () => session.close())
    session.once('close', () => sessions.delete(session))
  })
  http2.on('request', (request, response) => {
    // A reset by the client arrives as an error; its close tells all there is to know.
    response.stream.on('error', () => {})
    answer(servedRequest(request), replyOf(response), cluster)
  })
  const own = server.listeners('secureConnection')
  server.removeAllListeners('secureConnection')
  server.on('secureConnection', (socket: TLSSocket) => {
    if (socket.alpnProtocol !== 'h2') {
      for (const listener of own) listener.call(server, socket)
      return
    }
    // An HTTPS server leaves the sending half open, and a client that went away would never be noticed.
    socket.allowHalfOpen = false
    http2.emit('secureConnection', socket)
  })
  return sessions
}
