import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import type { Readable, Writable } from 'node:stream'

/** Both ends of a connection, as the kernel names them. */
export interface Ends {
  readonly localAddress?: string | undefined
  readonly remoteAddress?: string | undefined
  readonly remotePort?: number | undefined
}

/** What a client asks, whichever HTTP it speaks. */
export interface ClientRequest {
  /** `1.1`, `2.0`. */
  readonly version: string
  readonly method: string
  /** The request target as it was sent. */
  readonly target: string
  /** Names in lower case. */
  readonly headers: IncomingHttpHeaders
  /** Every value of each header. */
  readonly distinct: Readonly<Record<string, readonly string[] | undefined>>
  readonly ends: Ends
  readonly hasBody: boolean
  readonly body: Readable
  /** False while the body has not come to its own end: one that is cut off may end like a whole one. */
  readonly complete: boolean
}

/** The way back to the client. */
export interface ClientReply {
  /** The body of the answer. */
  readonly out: Writable
  /** True once headers are out. */
  readonly begun: boolean
  /** Status and headers; they leave with the first bytes of the body, or at once with `flush`. */
  begin(code: number, headers: OutgoingHttpHeaders): void
  flush(): void
  /** Calls back when the client is gone before it had the whole answer. */
  onGone(listener: () => void): void
  /** Ends in a way that nobody takes for the end of a whole answer. */
  breakOff(): void
}

/** A request and its answer over HTTP/1.1. */
export function http1Client(
  message: IncomingMessage,
  response: ServerResponse,
): { readonly request: ClientRequest; readonly reply: ClientReply } {
  const { 'content-length': length, 'transfer-encoding': coding } = message.headers
  return {
    request: {
      version: message.httpVersion,
      method: message.method ?? '',
      target: message.url ?? '',
      headers: message.headers,
      distinct: message.headersDistinct,
      ends: message.socket,
      hasBody: length !== undefined || coding !== undefined,
      body: message,
      get complete() {
        return message.complete
      },
    },
    reply: {
      out: response,
      get begun() {
        return response.headersSent
      },
      // The rest of a body that was not read would be taken for the next request.
      begin: (code, headers) =>
        void response.writeHead(code, { ...headers, ...(message.complete ? {} : { connection: 'close' }) }),
      flush: () => response.flushHeaders(),
      onGone: (listener) => void response.once('close', () => response.writableFinished || listener()),
      breakOff: () => void message.socket.destroy(),
    },
  }
}
