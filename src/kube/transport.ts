import { Pool } from 'undici'
import { Fault } from '../model/fault.ts'
import { upstreamFailure } from './failure.ts'
import type { Upstream, UpstreamAnswer, UpstreamRequest } from './port.ts'

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

/** More parallel requests wait for a free connection; each watch holds one. */
const MAX_CONNECTIONS = 256
const CONNECT_TIMEOUT_MS = 10_000
/** The API server itself gives up on an ordinary request after 60 s. */
const ANSWER_TIMEOUT_MS = 70_000
const PING_TIMEOUT_MS = 10_000

/** HTTP/1.1 keep-alive connections to one API server. Sends each request once. */
export function connectUpstream(access: ClusterAccess): Upstream {
  const { context, server } = access
  const prefix = server.pathname.replace(/\/+$/, '')
  const pool = new Pool(server.origin, {
    connections: MAX_CONNECTIONS,
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

  async function request(asked: UpstreamRequest): Promise<UpstreamAnswer> {
    const token = await access.token()
    const timeout = asked.longRunning ? 0 : ANSWER_TIMEOUT_MS
    try {
      const answer = await pool.request({
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
      const body = {
        [Symbol.asyncIterator]: () => readBody(answer.body, server.href),
        destroy: () => void answer.body.destroy(),
      }
      return { statusCode: answer.statusCode, headers: answer.headers, body }
    } catch (thrown) {
      throw upstreamFailure(thrown, server.href)
    }
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

  return { context, server: server.href, ping, request, close: () => pool.destroy() }
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
