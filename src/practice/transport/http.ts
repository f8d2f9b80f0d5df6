import { randomUUID } from 'node:crypto'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { failure, type Status } from '../../model/status.ts'
import { attributesOf } from '../access/attributes.ts'
import type { AuditTrail } from '../access/audit.ts'
import type { Answer, Call } from '../answer/answer.ts'
import { readBody } from '../answer/body.ts'
import { encodeBody } from '../answer/encode.ts'
import { handle } from '../answer/handle.ts'
import type { Cluster } from '../cluster.ts'
import { ApiFailure, forbidden } from '../failure.ts'
import type { Headers, Reply } from './reply.ts'
import type { ServedRequest } from './request.ts'
import { parseTarget } from './target.ts'

/** Answers of this size are compressed when the caller asks (k8s.io/apiserver defaultGzipThresholdBytes). */
const gzipThresholdBytes = 128 * 1024

const zip = promisify(gzip)

/** Unread events kept for one watcher; one that falls further behind is disconnected, as upstream. Bounds memory. */
const unreadLimitBytes = 8 * 1024 * 1024

/** Serves one request, whatever happens: every failure becomes a metav1.Status. */
export async function serve(request: ServedRequest, reply: Reply, cluster: Cluster): Promise<void> {
  const auditId = auditIdOf(request)
  const trail = cluster.audit.received({
    auditId,
    method: request.method,
    requestUri: request.url,
    sourceIp: request.address,
    userAgent: request.headers['user-agent'] ?? '',
    at: cluster.now(),
  })
  const warnings: string[] = []
  const answer = await answerTo(request, { ...cluster, trail, warnings })
  const headers: Headers = {
    'audit-id': auditId,
    'cache-control': 'no-cache, private',
    ...(warnings.length > 0 ? { warning: warnings.map(warningHeader) } : {}),
  }
  await send(request, reply, headers, answer, trail)
}

export function auditIdOf(request: ServedRequest): string {
  const given = request.headers['audit-id']
  return typeof given === 'string' && given !== '' ? given : randomUUID()
}

type Begun = Cluster & Pick<Call, 'trail' | 'warnings'>

/** Field names of a caller may stand in a warning, and hold what no header may. */
const warningHeader = (text: string) =>
  `299 - ${JSON.stringify(text).replace(/[^\x20-\x7e]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)}`

async function answerTo(request: ServedRequest, begun: Begun): Promise<Answer> {
  try {
    const target = parseTarget(request.url)
    const { method } = request
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
      body: await readBody(request.body),
      user,
    })
  } catch (thrown) {
    const status = statusOf(thrown)
    return { kind: 'json', code: status.code, body: { ...status } }
  }
}

/** The user who may do what the request asks; 401 or 403 otherwise. */
export function admit(request: ServedRequest, trail: AuditTrail, { access }: Cluster) {
  const caller = access.identify(request)
  const attributes = attributesOf(request.method, parseTarget(request.url))
  trail.identified(caller, attributes)
  const verdict = access.authorize(caller.user, attributes)
  trail.authorized(verdict)
  if (!verdict.allowed) throw forbidden(caller.user.name, attributes, verdict.reason)
  return caller.user
}

export function statusOf(thrown: unknown): Status {
  if (thrown instanceof ApiFailure) return thrown.status
  return failure(500, 'InternalError', `Internal error occurred: ${String(thrown)}`)
}

async function send(
  request: ServedRequest,
  reply: Reply,
  common: Headers,
  answer: Answer,
  trail: AuditTrail,
): Promise<void> {
  if (answer.kind === 'stream') {
    sendStream(reply, common, answer, trail)
    return
  }
  const { code, contentType, bytes } = payload(answer)
  const zipped = bytes.length >= gzipThresholdBytes && /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''))
  const body = zipped ? await zip(bytes, { level: 1 }) : bytes
  reply.begin(code, {
    ...common,
    'content-type': contentType,
    'content-length': body.length,
    ...(zipped ? { 'content-encoding': 'gzip', vary: 'Accept-Encoding' } : {}),
  })
  reply.end(body)
  if (answer.kind === 'json') trail.responded(answer.body)
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
      return { code, contentType, bytes: encodeBody(body) }
    }
  }
}

function sendStream(
  reply: Reply,
  common: Headers,
  { contentType, start }: Answer & { kind: 'stream' },
  trail: AuditTrail,
): void {
  reply.begin(200, { ...common, 'content-type': contentType })
  trail.started(200)
  const stop = start(
    (text) => {
      reply.write(text)
      if (reply.unread > unreadLimitBytes) reply.breakOff()
    },
    () => reply.end(),
  )
  reply.onOver(() => {
    stop()
    trail.complete(200)
  })
}
