import { hash } from 'node:crypto'
import { DEFAULT_CIPHERS } from 'node:tls'
import { Pool, ProxyAgent, Socks5ProxyAgent, type Dispatcher } from 'undici'
import { Fault } from '../model/fault.ts'
import type { Credential, CredentialSource } from './credential.ts'
import { exchange } from './exchange.ts'
import { upstreamFailure } from './failure.ts'
import { impersonationHeaders } from './impersonation.ts'
import type { Upstream, UpstreamAnswer, UpstreamRequest } from './port.ts'
import { Slots } from './slots.ts'

/** What one kubeconfig context says about reaching and entering the API server. PEM texts. */
export interface ClusterAccess {
  readonly context: string
  readonly server: URL
  readonly ca: string | undefined
  readonly serverName: string | undefined
  /** http or https; connections go through it with CONNECT (RFC 9110 section 9.3.6). */
  readonly proxy: URL | undefined
  readonly credential: CredentialSource
}

/**
 * Connections to one API server. Watches and streams hold theirs for hours, so they have their own, and as many as the
 * listener takes clients: ordinary requests never wait behind them.
 */
const ordinary: Lane = { connections: 256, perParty: 64, waitMs: 10_000 }
const longRunning: Lane = { connections: 1024, perParty: 1024, waitMs: 10_000 }
/** OpenSSL's own list with AES-128-GCM first: as safe here, and a tenth cheaper on large lists. */
const CIPHERS = [...new Set(['TLS_AES_128_GCM_SHA256', ...DEFAULT_CIPHERS.split(':')])].join(':')
const CONNECT_TIMEOUT_MS = 10_000
/** The API server itself gives up on an ordinary request after 60 s. */
const ANSWER_TIMEOUT_MS = 70_000
const PING_TIMEOUT_MS = 10_000

/** How many connections there are, how many of them one party may hold, and how long a request waits for one (ms). */
interface Lane {
  readonly connections: number
  readonly perParty: number
  readonly waitMs: number
}

/** HTTP/1.1 keep-alive connections to one API server. Sends each request once. */
export function connectUpstream(access: ClusterAccess, lanes = { ordinary, longRunning }): Upstream {
  const { context, server } = access
  const prefix = server.pathname.replace(/\/+$/, '')
  const short = slotsOf(lanes.ordinary, 'connections for ordinary requests')
  const long = slotsOf(lanes.longRunning, 'connections for watches and streams')
  const connections = new Connections(access, lanes)

  async function request(asked: UpstreamRequest): Promise<UpstreamAnswer> {
    const credential = await access.credential.current()
    const { token, certificate } = credential
    const timeout = asked.longRunning ? 0 : ANSWER_TIMEOUT_MS
    let release: () => void = () => undefined
    const fail = (thrown: unknown) => upstreamFailure(thrown, server.href)
    try {
      release = await (asked.longRunning ? long : short).take(asked.party, asked.signal)
      const pools = connections.with(certificate)
      const acting = asked.as === undefined ? {} : impersonationHeaders(asked.as)
      const sent = {
        origin: server.origin,
        method: asked.method,
        path: prefix + asked.target,
        headers: { ...asked.headers, ...acting, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
        body: asked.body ?? null,
        headersTimeout: timeout,
        bodyTimeout: timeout,
        signal: asked.signal,
      }
      const answer = await exchange(asked.longRunning ? pools.long : pools.short, sent, fail, release)
      if (answer.statusCode === 401) access.credential.refused(credential)
      return answer
    } catch (thrown) {
      release()
      throw fail(thrown)
    }
  }

  async function ping(): Promise<void> {
    const { statusCode, body } = await request({
      method: 'GET',
      target: '/version',
      headers: { accept: 'application/json' },
      longRunning: false,
      party: '',
      signal: AbortSignal.timeout(PING_TIMEOUT_MS),
    })
    body.destroy()
    if (statusCode === 401) throw credentialRefused(context)
    if (statusCode >= 500) {
      throw new Fault('ERR_UPSTREAM_UNREACHABLE', `The API server ${server.href} answers ${statusCode}.`, {
        advice: 'Check that the cluster is healthy.',
      })
    }
  }

  return { context, server: server.href, identity: identityOf(access), ping, request, close: () => connections.close() }
}

type Lanes = { readonly ordinary: Lane; readonly longRunning: Lane }
type Certificate = Credential['certificate']
interface Pools {
  readonly short: Dispatcher
  readonly long: Dispatcher
}

/** Open connections. A client certificate is part of a connection, so another certificate has connections of its own. */
class Connections {
  readonly #access: ClusterAccess
  readonly #lanes: Lanes
  #certificate: Certificate
  #pools: Pools | undefined

  constructor(access: ClusterAccess, lanes: Lanes) {
    this.#access = access
    this.#lanes = lanes
  }

  with(certificate: Certificate): Pools {
    const isSame = certificate?.cert === this.#certificate?.cert && certificate?.key === this.#certificate?.key
    if (this.#pools !== undefined && isSame) return this.#pools
    const before = this.#pools
    this.#certificate = certificate
    this.#pools = {
      short: openPool(this.#access, certificate, this.#lanes.ordinary),
      long: openPool(this.#access, certificate, this.#lanes.longRunning),
    }
    // What runs on the old ones goes on; each is closed once it is idle.
    for (const pool of [before?.short, before?.long]) void pool?.close()
    return this.#pools
  }

  async close(): Promise<void> {
    await Promise.all([this.#pools?.short.destroy(), this.#pools?.long.destroy()])
  }
}

function slotsOf({ connections: limit, perParty, waitMs }: Lane, what: string): Slots {
  return new Slots({ limit, perParty, waitMs, what })
}

function openPool(access: ClusterAccess, certificate: Certificate, { connections }: Lane): Dispatcher {
  const { server, ca, serverName, proxy } = access
  const tls = {
    timeout: CONNECT_TIMEOUT_MS,
    autoSelectFamily: true,
    rejectUnauthorized: true,
    ciphers: CIPHERS,
    ...(ca === undefined ? {} : { ca }),
    ...(serverName === undefined ? {} : { servername: serverName }),
    ...certificate,
  }
  const options = { connections, pipelining: 1, allowH2: false }
  if (proxy === undefined) return new Pool(server.origin, { ...options, connect: tls })
  // The proxy looks names up itself, which is what `socks5h` asks for.
  if (proxy.protocol.startsWith('socks5')) {
    const uri = proxy.href.replace(/^socks5h:/, 'socks5:')
    return new Socks5ProxyAgent(uri, { requestTls: tls, connectTimeout: CONNECT_TIMEOUT_MS })
  }
  return new ProxyAgent({ ...options, uri: proxy.href, requestTls: tls, connectTimeout: CONNECT_TIMEOUT_MS })
}

function identityOf({ server, serverName, ca, proxy }: ClusterAccess): string {
  const authority = ca === undefined ? 'system' : `sha256:${hash('sha256', ca, 'hex')}`
  // Its credential is left out: the text is kept in files.
  const by = proxy === undefined ? [] : [`by ${proxy.host}`]
  return [server.href, ...(serverName === undefined ? [] : [serverName]), authority, ...by].join(' ')
}

/** The API server does not accept the broker's own credential. */
function credentialRefused(context: string): Fault {
  return new Fault('ERR_UPSTREAM_CREDENTIAL', `The cluster refuses the credential of context "${context}".`, {
    advice: 'It may have expired: renew it in the kubeconfig and start again.',
  })
}
