import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { TLSSocket } from 'node:tls'
import { gzipSync } from 'node:zlib'
import { failure, type Status } from '../../model/status.ts'
import { attributesOf } from '../access/attributes.ts'
import type { AuditTrail } from '../access/audit.ts'
import type { Answer, Call } from '../answer/answer.ts'
import { readBody } from '../answer/body.ts'
import { handle } from '../answer/handle.ts'
import type { Cluster } from '../cluster.ts'
import { ApiFailure, forbidden } from '../failure.ts'
import { parseTarget } from './target.ts'

/** Answers of this size are compressed when the caller asks (k8s.io/apiserver defaultGzipThresholdBytes). */
const gzipThresholdBytes = 128 * 1024

/** Unread events kept for one watcher; one that falls further behind is disconnected, as upstream. Bounds memory. */
const unreadLimitBytes = 8 * 1024 * 1024

/** Serves one request, whatever happens: every failure becomes a metav1.Status. */
export async function serve(request: IncomingMessage, response: ServerResponse, cluster: Cluster): Promise<void> {
  const auditId = auditIdOf(request)
  response.setHeader('Audit-Id', auditId)
  response.setHeader('Cache-Control', 'no-cache, private')
  const trail = cluster.audit.received({
    auditId,
    method: request.method ?? '',
    requestUri: request.url ?? '/',
    sourceIp: request.socket.remoteAddress ?? '',
    userAgent: request.headers['user-agent'] ?? '',
    at: cluster.now(),
  })
  const warnings: string[] = []
  const answer = await answerTo(request, { ...cluster, trail, warnings })
  if (warnings.length > 0) response.setHeader('Warning', warnings.map(warningHeader))
  send(request, response, answer, trail)
}

export function auditIdOf(request: IncomingMessage): string {
  const given = request.headers['audit-id']
  return typeof given === 'string' && given !== '' ? given : randomUUID()
}

type Begun = Cluster & Pick<Call, 'trail' | 'warnings'>

const warningHeader = (text: string) => `299 - ${JSON.stringify(text)}`

async function answerTo(request: IncomingMessage, begun: Begun): Promise<Answer> {
  try {
    const target = parseTarget(request.url ?? '/')
    const method = request.method ?? ''
    const user = admit(request, begun.trail, begun)
    return await handle({
      ...begun,
      stored: begun.store,
      method,
      target,
      headers: request.headers,
      accept: request.headers.accept ?? '',
      contentType: request.headers['content-type'] ?? '',
      userAgent: request.headers['user-agent'] ?? '',
      body: await readBody(request),
      user,
    })
  } catch (thrown) {
    const status = statusOf(thrown)
    return { kind: 'json', code: status.code, body: { ...status } }
  }
}

/** The user who may do what the request asks; 401 or 403 otherwise. */
export function admit(request: IncomingMessage, trail: AuditTrail, { access }: Cluster) {
  const { socket, headers, headersDistinct: distinct } = request
  const certificate = socket instanceof TLSSocket && socket.authorized ? socket.getPeerCertificate() : undefined
  const caller = access.identify({ headers, distinct, certificate })
  const attributes = attributesOf(request.method ?? '', parseTarget(request.url ?? '/'))
  trail.identified(caller, attributes)
  const { allowed, reason } = access.authorize(caller.user, attributes)
  if (!allowed) throw forbidden(caller.user.name, attributes, reason)
  return caller.user
}

export function statusOf(thrown: unknown): Status {
  if (thrown instanceof ApiFailure) return thrown.status
  return failure(500, 'InternalError', `Internal error occurred: ${String(thrown)}`)
}

function send(request: IncomingMessage, response: ServerResponse, answer: Answer, trail: AuditTrail): void {
  if (answer.kind === 'stream') {
    sendStream(response, answer, trail)
    return
  }
  const { code, contentType, bytes } = payload(answer)
  const zipped = bytes.length >= gzipThresholdBytes && /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''))
  const body = zipped ? gzipSync(bytes, { level: 1 }) : bytes
  response.writeHead(code, {
    'Content-Type': contentType,
    'Content-Length': body.length,
    ...(zipped ? { 'Content-Encoding': 'gzip', Vary: 'Accept-Encoding' } : {}),
  })
  response.end(body)
  trail.complete(code, failed(answer))
}

function failed(answer: Answer): Status | undefined {
  const isFailure = answer.kind === 'json' && answer.code >= 400 && answer.body['kind'] === 'Status'
  return isFailure ? (answer.body as unknown as Status) : undefined
}

function payload(answer: Exclude<Answer, { kind: 'stream' }>): { code: number; contentType: string; bytes: Buffer } {
  switch (answer.kind) {
    case 'bytes':
      return { code: 200, ...answer }
    case 'text':
      return { code: answer.code, contentType: 'text/plain; charset=utf-8', bytes: Buffer.from(answer.text, 'utf8') }
    case 'json': {
      const { code, body, contentType = 'application/json' } = answer
      return { code, contentType, bytes: Buffer.from(`${JSON.stringify(body)}\n`, 'utf8') }
    }
  }
}

function sendStream(
  response: ServerResponse,
  { contentType, start }: Answer & { kind: 'stream' },
  trail: AuditTrail,
): void {
  response.writeHead(200, { 'Content-Type': contentType })
  response.flushHeaders()
  trail.started(200)
  const stop = start(
    (text) => {
      response.write(text)
      if (response.writableLength > unreadLimitBytes) response.destroy()
    },
    () => response.end(),
  )
  const over = () => {
    stop()
    trail.complete(200)
  }
  if (response.closed) over()
  else response.once('close', over)
}
