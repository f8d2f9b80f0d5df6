import type { ServerResponse } from 'node:http'
import type { Http2ServerResponse } from 'node:http2'

/** Names in lower case. */
export type Headers = Record<string, string | number | string[]>

/** The way back to a client, whichever HTTP it speaks. */
export interface Reply {
  /** Status and headers, at once. */
  begin(code: number, headers: Headers): void
  write(text: string): void
  end(bytes?: Buffer): void
  /** Bytes that wait for the client to read them. */
  readonly unread: number
  /** Ends without a proper end. */
  breakOff(): void
  /** Calls back once the answer is over, for any reason; at once when it is. */
  onOver(listener: () => void): void
}

export function replyOf(response: ServerResponse | Http2ServerResponse): Reply {
  const out = 'stream' in response ? response.stream : response
  return {
    begin: (code, headers) => {
      if ('stream' in response) {
        if (!response.stream.destroyed) response.stream.respond({ ...headers, ':status': code })
        return
      }
      response.writeHead(code, headers)
      response.flushHeaders()
    },
    write: (text) => void (out.destroyed || out.write(text)),
    end: (bytes) => void (out.destroyed || out.end(bytes)),
    get unread() {
      return out.writableLength
    },
    breakOff: () => void out.destroy(),
    onOver: (listener) => {
      if (out.closed) listener()
      else out.once('close', listener)
    },
  }
}
