import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { Http2ServerRequest } from 'node:http2'
import { TLSSocket } from 'node:tls'
import type { Credentials } from '../access/access.ts'

/** A request as the rest of the server sees it, whichever HTTP it came over. */
export interface ServedRequest extends Credentials {
  readonly method: string
  /** The request target as it was sent. */
  readonly url: string
  readonly address: string
  readonly body: AsyncIterable<Buffer>
}

/** What Node hands over, of both versions. */
export function servedRequest(message: IncomingMessage | Http2ServerRequest): ServedRequest {
  const socket = 'stream' in message ? message.stream.session?.socket : message.socket
  const peer = socket instanceof TLSSocket ? socket.getPeerCertificate() : undefined
  const given = peer?.subject === undefined ? undefined : peer
  const isGood = socket instanceof TLSSocket && socket.authorized
  return {
    method: message.method ?? '',
    url: message.url ?? '/',
    headers: headersOf(message.headers),
    distinct: distinctOf(message.rawHeaders),
    certificate: isGood ? given : undefined,
    certificateRejected: given !== undefined && !isGood,
    address: socket?.remoteAddress ?? '',
    body: message as AsyncIterable<Buffer>,
  }
}

/** Headers without the pseudo-headers of HTTP/2; its authority is the host. */
function headersOf(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const authority = headers[':authority']
  const host = typeof authority === 'string' ? [['host', authority] as const] : []
  const plain = Object.entries(headers).filter(([name]) => !name.startsWith(':'))
  return Object.fromEntries([...host, ...plain])
}

function distinctOf(raw: readonly string[]): Record<string, string[]> {
  const distinct: Record<string, string[]> = Object.create(null)
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const values = (distinct[(raw[index] ?? '').toLowerCase()] ??= [])
    values.push(raw[index + 1] ?? '')
  }
  return distinct
}
