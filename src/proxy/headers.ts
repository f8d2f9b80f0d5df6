import { Fault } from '../model/fault.ts'
import type { UpstreamAnswer } from '../kube/port.ts'
import type { ClientRequest } from './client.ts'

/** Headers that mean something else when they come twice. */
const single = ['authorization', 'host', 'content-type', 'content-length', 'transfer-encoding'] as const
/** Bytes of all request headers together; label selectors are long, and the API server takes 1 MiB. */
export const MAX_HEADER_BYTES = 64 * 1024
/** Around a name and its value, as RFC 9113 section 6.5.2 counts. */
const HEADER_OVERHEAD_BYTES = 32
/** Everything else a client sends is not passed on (facts of RFC 9110 section 7.6.1, and identity headers of proxies). */
const MAX_USER_AGENT = 256
const versions = ['1.1', '2.0']
const answerHeaders: ReadonlySet<string> = new Set(['content-type', 'etag', 'last-modified', 'cache-control', 'vary'])

/**
 * Refuses a request whose headers could be read in two ways.
 *
 * @throws Fault ERR_HEADERS, ERR_TARGET, ERR_BODY.
 */
export function assertUnambiguous(request: ClientRequest): void {
  const headers = request.distinct
  if (sizeOf(headers) > MAX_HEADER_BYTES) throw tooManyHeaders()
  for (const name of single) {
    if ((headers[name]?.length ?? 0) > 1) throw new Fault('ERR_TARGET', `The header ${name} is given twice.`)
  }
  if (!versions.includes(request.version)) throw new Fault('ERR_TARGET', 'Only HTTP/1.1 and HTTP/2 are spoken here.')
  if (headers['host'] === undefined) throw new Fault('ERR_TARGET', 'The header host is missing.')
  const coding = request.headers['transfer-encoding']
  if (coding !== undefined && coding.toLowerCase() !== 'chunked') {
    throw new Fault('ERR_BODY', 'Only the transfer coding "chunked" is accepted.')
  }
  if (request.headers['content-encoding'] !== undefined) {
    throw new Fault('ERR_BODY', 'A compressed request body is not accepted.', {
      advice: 'Send it without Content-Encoding.',
    })
  }
  assertNoHiddenToken(request)
}

/** Where browsers put a bearer token that opens a WebSocket (k8s.io/apiserver pkg/authentication/request/websocket). */
const tokenProtocol = 'base64url.bearer.authorization.k8s.io.'

/** Of two credentials only one would be checked, so the one that is hidden in a subprotocol is refused. */
function assertNoHiddenToken(request: ClientRequest): void {
  const protocols = (request.distinct['sec-websocket-protocol'] ?? []).join(',').toLowerCase()
  if (!protocols.includes(tokenProtocol)) return
  throw new Fault('ERR_UNAUTHENTICATED', 'A token in a WebSocket subprotocol is not taken.', {
    advice: 'Send it in the header Authorization.',
  })
}

function sizeOf(headers: ClientRequest['distinct']): number {
  let bytes = 0
  for (const [name, values = []] of Object.entries(headers)) {
    for (const value of values) bytes += name.length + value.length + HEADER_OVERHEAD_BYTES
  }
  return bytes
}

function tooManyHeaders(): Fault {
  return new Fault('ERR_HEADERS', `The headers of the request are larger than ${MAX_HEADER_BYTES} bytes.`, {
    advice: 'Shorten the longest of them, or the target.',
  })
}

/** The User-Agent without characters that a header or a screen could trip over. */
export function userAgent(request: ClientRequest): string {
  return printable(request.headers['user-agent'] ?? '')
    .slice(0, MAX_USER_AGENT)
    .trim()
}

/** Printable ASCII only. */
export function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '')
}

/** Conditional requests, which only discovery and OpenAPI use. */
export function conditionalHeaders(request: ClientRequest): Record<string, string> {
  const names = ['if-none-match', 'if-modified-since'] as const
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = request.headers[name]
      return value === undefined ? [] : [[name, printable(value)]]
    }),
  )
}

/**
 * The headers of an upstream answer that a client gets. Warnings of a masked write are left out: admission may quote
 * stored values in them, and they are not JSON that the mask could read.
 */
export function clientHeaders(
  answer: UpstreamAnswer,
  options: {
    readonly auditID: string
    readonly warnings: boolean
    readonly retryAfter: boolean
    readonly length: boolean
  },
): Record<string, string | string[]> {
  const kept: Record<string, string | string[]> = { 'audit-id': options.auditID }
  for (const [name, value] of Object.entries(answer.headers)) {
    if (value === undefined) continue
    const isKept = answerHeaders.has(name) || name.startsWith('x-kubernetes-pf-')
    if (isKept || (name === 'content-length' && options.length)) kept[name] = printable([value].flat()[0] ?? '')
    if (name === 'retry-after' && options.retryAfter && /^[0-9]{1,4}$/.test(String(value))) kept[name] = value
    if (name === 'warning' && options.warnings) kept[name] = [value].flat().map(printable)
  }
  return kept
}
