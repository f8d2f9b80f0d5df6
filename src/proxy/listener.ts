import { createServer } from 'node:https'
import type { Server } from 'node:https'
import { DEFAULT_CIPHERS, type TLSSocket } from 'node:tls'
import { STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http'
import { Socket, type AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Exchange } from '../identity/port.ts'
import { Fault } from '../model/fault.ts'
import { failure } from '../model/status.ts'
import { http1Client, type ClientReply, type ClientRequest } from './client.ts'
import { Gate } from './gate.ts'
import { MAX_HEADER_BYTES } from './headers.ts'
import { createHttp2, type Http2 } from './http2.ts'
import { serve, type Parts } from './pipeline.ts'
import { journalMalformed, noHttp, type Refusal, type Sender } from './malformed.ts'
import { StreamLimit } from './stream-limit.ts'
import { isTokenExchange, serveTokenExchange } from './token-exchange.ts'

export interface ProxyOptions extends Parts {
  /** Gives credentials; absent = there are none to be had here. */
  readonly exchange?: Exchange
  readonly host: string
  /** 0 = any free port. */
  readonly port: number
  /** PEM texts. */
  readonly tls: { readonly key: string; readonly cert: string }
  /** A connection without requests is closed after this long (ms). Absent = longer than client-go keeps one. */
  readonly keepAliveMs?: number
}

export interface Proxy {
  /** `https://HOST:PORT`. */
  readonly endpoint: string
  /** Stops listening, gives running requests `graceMs`, then breaks what is left. Every journal line is written before. */
  close(graceMs: number): Promise<void>
}

/** From the connection to the last header; a slower client only holds a socket. */
const HEADERS_TIMEOUT_MS = 20_000
/** Longer than client-go keeps an idle connection (90 s), so that it is the client who closes and no request is lost. */
const KEEP_ALIVE_MS = 120_000
/** Several times what strangers may hold, see Gate. */
const MAX_CONNECTIONS = 4096
/** How often Node looks for connections over these limits; its own 30 s would make them that much longer. */
const CHECKING_INTERVAL_MS = 2_000
/** OpenSSL's own list with AES-128-GCM first: as safe here, and a tenth cheaper on large lists. */
const CIPHERS = [...new Set(['TLS_AES_128_GCM_SHA256', ...DEFAULT_CIPHERS.split(':')])].join(':')
/** Codes of llhttp and node:http for what is no HTTP; others mean that a connection broke, which is no request. */
const protocolError = /^(HPE_|ERR_HTTP_)/
/** What has a better answer than 400, by those codes. */
const refusals: Readonly<Record<string, Refusal>> = {
  HPE_HEADER_OVERFLOW: {
    code: 431,
    reason: 'RequestHeaderFieldsTooLarge',
    message: `The headers of the request are larger than ${MAX_HEADER_BYTES} bytes.`,
  },
  ERR_HTTP_REQUEST_TIMEOUT: {
    code: 408,
    reason: 'Timeout',
    message: `The headers of the request were not there within ${HEADERS_TIMEOUT_MS / 1000} seconds.`,
  },
}

/**
 * The data plane: HTTPS on one address, HTTP/2 or HTTP/1.1 by ALPN (RFC 7301), each request through the pipeline.
 *
 * @throws Fault ERR_BUSY_PORT, ERR_USAGE when the address is not one of this machine.
 */
export async function startProxy(options: ProxyOptions): Promise<Proxy> {
  const { keepAliveMs = KEEP_ALIVE_MS } = options
  const closing = new AbortController()
  const running = new Set<Promise<void>>()
  const track = (work: Promise<void>) => {
    running.add(work)
    void work.finally(() => running.delete(work))
  }
  const server = createServer({
    ...options.tls,
    minVersion: 'TLSv1.2',
    ciphers: CIPHERS,
    honorCipherOrder: true,
    ALPNProtocols: ['h2', 'http/1.1'],
    insecureHTTPParser: false,
    requireHostHeader: false,
    noDelay: true,
    keepAlive: true,
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: HEADERS_TIMEOUT_MS,
    requestTimeout: 0,
    keepAliveTimeout: keepAliveMs,
    connectionsCheckingInterval: CHECKING_INTERVAL_MS,
  })
  server.maxConnections = MAX_CONNECTIONS
  const busy = new WeakSet<Duplex>()
  const gate = new Gate()
  const parts = { ...options, streams: new StreamLimit(), gate }
  server.on('connection', (socket) => socket instanceof Socket && gate.enter(socket))
  const { exchange } = options
  const answer = (request: ClientRequest, reply: ClientReply) =>
    exchange !== undefined && isTokenExchange(request)
      ? serveTokenExchange(request, reply, options, exchange)
      : serve(request, reply, parts, closing.signal)
  const onRequest = (message: IncomingMessage, response: ServerResponse) => {
    const { socket } = message
    const { request, reply } = http1Client(message, response)
    busy.add(socket)
    track(answer(request, reply).finally(() => busy.delete(socket)))
  }
  const http2 = createHttp2(
    { maxHeaderBytes: 4 * MAX_HEADER_BYTES, keepAliveMs },
    (request: ClientRequest, reply: ClientReply) => track(answer(request, reply)),
    (address, end) => track(journalMalformed(options, { address, method: '', end, ...noHttp })),
  )
  handOver(server, http2)
  server.on('request', onRequest)
  server.on('checkExpectation', onRequest)
  server.on('connect', (message, socket) => {
    refuseSocket(socket, noHttp)
    const method = message.method ?? 'CONNECT'
    track(journalMalformed(options, { ...senderOf(socket), method, ...noHttp }))
  })
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (!protocolError.test(error.code ?? '')) {
      socket.destroy()
      return
    }
    const sender = senderOf(socket)
    const refusal = refusals[error.code ?? ''] ?? noHttp
    // An answer on its way must not be mistaken for the answer to the bytes behind it.
    if (busy.has(socket)) socket.destroy()
    else refuseSocket(socket, refusal)
    track(journalMalformed(options, { ...sender, ...refusal }))
  })
  await listen(server, options.host, options.port)
  const { port } = server.address() as AddressInfo
  const host = options.host.includes(':') ? `[${options.host}]` : options.host
  return { endpoint: `https://${host}:${port}`, close: (graceMs) => close(server, http2, running, closing, graceMs) }
}

function senderOf(socket: Duplex): Sender {
  const address = socket instanceof Socket ? (socket.remoteAddress ?? '') : ''
  return { address, method: '', end: () => void socket.destroy() }
}

/** Sockets on which HTTP/2 was agreed go to `http2`; all others stay with the server's own HTTP/1.1. */
function handOver(server: Server, http2: Http2): void {
  const own = server.listeners('secureConnection')
  server.removeAllListeners('secureConnection')
  server.on('secureConnection', (socket: TLSSocket) => {
    if (socket.alpnProtocol === 'h2') http2.take(socket)
    else for (const listener of own) listener.call(server, socket)
  })
}

function listen(server: Server, host: string, port: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', (cause: NodeJS.ErrnoException) => reject(listenFault(cause, host, port)))
  server.listen(port, host, resolve)
  return promise
}

function listenFault(cause: NodeJS.ErrnoException, host: string, port: number): Fault {
  if (cause.code === 'EADDRINUSE') {
    return new Fault('ERR_BUSY_PORT', `Port ${port} on ${host} is already in use.`, {
      advice: 'Choose another with --listen, or 0 for any free one.',
      cause,
    })
  }
  return new Fault('ERR_USAGE', `It is not possible to listen on ${host}:${port} (${cause.code ?? 'unknown error'}).`, {
    advice: 'Choose another address with --listen.',
    cause,
  })
}

async function close(
  server: Server,
  http2: Http2,
  running: ReadonlySet<Promise<void>>,
  closing: AbortController,
  graceMs: number,
): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  server.closeIdleConnections()
  http2.drain()
  const grace = setTimeout(() => {
    closing.abort(new Fault('ERR_INTERNAL', 'The broker ended before the API server answered.'))
    server.closeAllConnections()
    http2.breakOff()
  }, graceMs)
  await Promise.allSettled(running)
  clearTimeout(grace)
  server.closeAllConnections()
  http2.breakOff()
  await closed
}

/** What cannot be parsed gets a Status without detail, and its connection ends. */
function refuseSocket(socket: Duplex, { code, reason, message }: Refusal): void {
  if (!socket.writable) {
    socket.destroy()
    return
  }
  const body = JSON.stringify(failure(code, reason, message))
  socket.end(
    `HTTP/1.1 ${code} ${STATUS_CODES[code] ?? ''}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
    () => socket.destroy(),
  )
}
