import { hash } from 'node:crypto'
import { Pool } from 'undici'
import { Fault } from '../model/fault.ts'
import { upstreamFailure } from './failure.ts'
import type { Upstream, UpstreamAnswer, UpstreamRequest } from './port.ts'
import { Slots } from './slots.ts'

/** What one kubeconfig context says about reaching and entering the API server. PEM texts. */
export interface ClusterAccess {
  readonly context: string
  readonly server: URL
  readonly ca: string | undefined
  readonly clientCertificate: { readonly cert: string; readonly key: string } | undefined
  readonly serverName: string | undefined
  /** The bearer token to send now; undefined without one. Called for each request, as token files rotate. */
  readonly token: () => Promise<string | undefined>
}

/**
 * Connections to one API server. Watches and streams hold theirs for hours, so they have their own, and as many as the
 * listener takes clients: ordinary requests never wait behind them.
 */
const ordinary: Lane = { connections: 256, waitMs: 10_000 }
const longRunning: Lane = { connections: 1024, waitMs: 10_000 }
const CONNECT_TIMEOUT_MS = 10_000
/** The API server itself gives up on an ordinary request after 60 s. */
const ANSWER_TIMEOUT_MS = 70_000
const PING_TIMEOUT_MS = 10_000

/** How many connections there are, and how long a request waits for one (ms). */
interface Lane {
  readonly connections: number
  readonly waitMs: number
}

/** HTTP/1.1 keep-alive connections to one API server. Sends each request once. */
export function connectUpstream(access: ClusterAccess, lanes = { ordinary, longRunning }): Upstream {
  const { context, server } = access
  const prefix = server.pathname.replace(/\/+$/, '')
  const short = openLane(access, lanes.ordinary, 'connections for ordinary requests')
  const long = openLane(access, lanes.longRunning, 'connections for watches and streams')

  async function request(asked: UpstreamRequest): Promise<UpstreamAnswer> {
    const token = await access.token()
    const timeout = asked.longRunning ? 0 : ANSWER_TIMEOUT_MS
    const lane = asked.longRunning ? long : short
    let release: () => void = () => undefined
    try {
      release = await lane.slots.take(asked.signal)
      const answer = await lane.pool.request({
        method: asked.method,
        path: prefix + asked.target,
        headers: { ...asked.headers, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
        body: asked.body ?? null,
        headersTimeout: timeout,
        bodyTimeout: timeout,
        signal: asked.signal ?? null,
      })
      // A late error of a body that nobody reads any more must not end the process.
      answer.body.on('error', () => {})
      answer.body.once('close', release)
      const body = {
        [Symbol.asyncIterator]: () => readBody(answer.body, server.href),
        destroy: () => void answer.body.destroy(),
      }
      return { statusCode: answer.statusCode, headers: answer.headers, body }
    } catch (thrown) {
      release()
      throw upstreamFailure(thrown, server.href)
    }
  }

  async function close(): Promise<void> {
    await Promise.all([short.pool.destroy(), long.pool.destroy()])
  }

  async function ping(): Promise<void> {
    const { statusCode, body } = await request({
      method: 'GET',
      target: '/version',
      headers: { accept: 'application/json' },
      longRunning: false,
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

  return { context, server: server.href, identity: identityOf(access), ping, request, close }
}

function openLane(access: ClusterAccess, lane: Lane, what: string): { readonly pool: Pool; readonly slots: Slots } {
  const pool = new Pool(access.server.origin, {
    connections: lane.connections,
    pipelining: 1,
    allowH2: false,
    connect: {
      timeout: CONNECT_TIMEOUT_MS,
      autoSelectFamily: true,
      rejectUnauthorized: true,
      ...(access.ca === undefined ? {} : { ca: access.ca }),
      ...(access.serverName === undefined ? {} : { servername: access.serverName }),
      ...access.clientCertificate,
    },
  })
  return { pool, slots: new Slots({ limit: lane.connections, waitMs: lane.waitMs, what }) }
}

function identityOf({ server, serverName, ca }: ClusterAccess): string {
  const authority = ca === undefined ? 'system' : `sha256:${hash('sha256', ca, 'hex')}`
  return [server.href, ...(serverName === undefined ? [] : [serverName]), authority].join(' ')
}

/** The API server does not accept the broker's own credential. */
function credentialRefused(context: string): Fault {
  return new Fault('ERR_UPSTREAM_CREDENTIAL', `The cluster refuses the credential of context "${context}".`, {
    advice: 'It may have expired: renew it in the kubeconfig and start again.',
  })
}

async function* readBody(body: AsyncIterable<Uint8Array>, server: string): AsyncGenerator<Uint8Array> {
  try {
    yield* body
  } catch (thrown) {
    throw upstreamFailure(thrown, server)
  }
}
