import { constants, createSecureServer } from 'node:http2'
import type { IncomingHttpHeaders, ServerHttp2Session, ServerHttp2Stream } from 'node:http2'
import type { TLSSocket } from 'node:tls'
import type { ClientReply, ClientRequest } from './client.ts'

export interface Http2Options {
  /** Bytes of all headers of one request, above which its stream is reset without a word: more than are answered. */
  readonly maxHeaderBytes: number
  /** A session without streams is closed after this long (ms). */
  readonly keepAliveMs: number
}

/** Streams of one connection at once: client-go opens up to 250 on one before it opens another. */
const MAX_STREAMS = 250
/** As many as Node reads over HTTP/1.1. */
const MAX_HEADERS = 2000
/** Memory of one session in MB; Node's 10 refuses streams when a few large answers wait for their reader. */
const MAX_SESSION_MEMORY = 64
/** Frames that make no sense, before the connection ends; a client that makes mistakes makes few. */
const MAX_INVALID_FRAMES = 50
/** Streams reset by the client: as many at once, then as many each second (rapid reset, CVE-2023-44487). */
const RESET_BURST = 500
const RESETS_PER_SECOND = 50
/**
 * Between pings while a request is open (ms). client-go closes a connection on which nothing comes for 45 s, and
 * middleboxes drop what is silent; a held request is silent for minutes.
 */
const PING_INTERVAL_MS = 15_000

type OnExchange = (request: ClientRequest, reply: ClientReply) => void

export interface Http2 {
  /** Speaks on this socket from now on. */
  take(socket: TLSSocket): void
  /** Takes no new requests; each session ends with the last of those it has. */
  drain(): void
  /** Ends every session now. */
  breakOff(): void
}

/**
 * Speaks HTTP/2 (RFC 9113) on TLS sockets that others accept. Bytes that are no HTTP/2 end the session and are told to
 * `onMalformed`, with the address that they came from.
 */
export function createHttp2(
  options: Http2Options,
  onExchange: OnExchange,
  onMalformed: (address: string, end: () => void) => void,
): Http2 {
  const sessions = new Map<ServerHttp2Session, string>()
  const server = createSecureServer({
    settings: { maxConcurrentStreams: MAX_STREAMS, maxHeaderListSize: options.maxHeaderBytes, enablePush: false },
    maxHeaderListPairs: MAX_HEADERS,
    maxSessionMemory: MAX_SESSION_MEMORY,
    maxSessionInvalidFrames: MAX_INVALID_FRAMES,
    streamResetBurst: RESET_BURST,
    streamResetRate: RESETS_PER_SECOND,
  })
  server.on('session', (session) => {
    let open = 0
    // Not the session's own timeout, which also runs while a held request waits in silence.
    const whenIdle = () => setTimeout(() => session.close(), options.keepAliveMs).unref()
    let idle = whenIdle()
    session.on('stream', (stream) => {
      open += 1
      clearTimeout(idle)
      stream.once('close', () => {
        open -= 1
        if (open === 0) idle = whenIdle()
      })
    })
    // An idle connection is left in peace, so that it comes to its end.
    const pings = setInterval(() => {
      if (open > 0 && !session.destroyed) session.ping(() => {})
    }, PING_INTERVAL_MS).unref()
    sessions.set(session, session.socket.remoteAddress ?? '')
    session.once('close', () => {
      clearInterval(pings)
      clearTimeout(idle)
      sessions.delete(session)
    })
  })
  server.on('sessionError', (_error, session) => onMalformed(sessions.get(session) ?? '', () => session.destroy()))
  server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, _flags: number, raw: string[]) => {
    // A reset by the client arrives as an error; its close tells all there is to know.
    stream.on('error', () => {})
    if (stream.endAfterHeaders) stream.resume()
    onExchange(requestOf(stream, headers, raw), replyOn(stream))
  })
  return {
    take: (socket) => {
      // An HTTPS server leaves the sending half open, and a client that went away would never be noticed.
      socket.allowHalfOpen = false
      server.emit('secureConnection', socket)
    },
    drain: () => sessions.forEach((_address, session) => session.close()),
    breakOff: () => sessions.forEach((_address, session) => session.destroy()),
  }
}

function requestOf(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, raw: readonly string[]): ClientRequest {
  const { [constants.HTTP2_HEADER_METHOD]: method = '', [constants.HTTP2_HEADER_PATH]: target = '' } = headers
  return {
    version: '2.0',
    method: String(method),
    target: String(target),
    headers,
    distinct: distinctOf(raw),
    ends: stream.session?.socket ?? {},
    hasBody: !stream.endAfterHeaders,
    body: stream,
    // Node ends the body of a stream that is reset, or whose connection is lost, without an error.
    get complete() {
      return stream.readableEnded && !stream.aborted
    },
  }
}

/** Every value by name; `:authority` and an equal `host` are one host (RFC 9113 section 8.3.1). */
function distinctOf(raw: readonly string[]): Record<string, string[]> {
  const distinct: Record<string, string[]> = Object.create(null)
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = raw[index] === ':authority' ? 'host' : (raw[index] ?? '')
    const value = raw[index + 1] ?? ''
    if (name.startsWith(':')) continue
    const values = (distinct[name] ??= [])
    if (name !== 'host' || !values.includes(value)) values.push(value)
  }
  return distinct
}

function replyOn(stream: ServerHttp2Stream): ClientReply {
  const { session } = stream
  return {
    out: stream,
    get begun() {
      return stream.headersSent
    },
    begin: (code, headers) => {
      if (stream.destroyed || stream.closed) return
      // A body that is not wanted any more: the client may stop sending it.
      if (!stream.endAfterHeaders && !stream.readableEnded) {
        stream.once('finish', () => stream.close(constants.NGHTTP2_NO_ERROR))
      }
      stream.respond({ ...headers, [constants.HTTP2_HEADER_STATUS]: code })
    },
    flush: () => {},
    onGone: (listener) => void stream.once('close', () => wasWhole(stream, session) || listener()),
    // Not `close`, which ends the body first, as if the answer were whole.
    breakOff: () => void stream.destroy(new Error('The answer was broken off.')),
  }
}

/**
 * True when a closed stream had its whole answer. A stream that is cut off counts as finished, but it was aborted; one that
 * ended well may close before Node calls it finished, unless its connection went with it.
 */
function wasWhole(stream: ServerHttp2Stream, session: { readonly destroyed: boolean } | undefined): boolean {
  if (stream.aborted || !stream.writableEnded || stream.rstCode !== constants.NGHTTP2_NO_ERROR) return false
  return stream.writableFinished || (stream.writableLength === 0 && session?.destroyed !== true)
}
