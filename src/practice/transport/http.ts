import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { gzipSync } from 'node:zlib'
import { failure } from '../../model/status.ts'
import type { Answer, Call } from '../answer/answer.ts'
import { readBody } from '../answer/body.ts'
import { handle } from '../answer/handle.ts'
import { ApiFailure } from '../failure.ts'
import type { Store } from '../state/store.ts'
import { parseTarget } from './target.ts'
import { identify } from './users.ts'

/** Answers of this size are compressed when the caller asks (k8s.io/apiserver defaultGzipThresholdBytes). */
const gzipThresholdBytes = 128 * 1024

/** Unread events kept for one watcher; one that falls further behind is disconnected, as upstream. Bounds memory. */
const unreadLimitBytes = 8 * 1024 * 1024

export interface Served {
  readonly store: Store
  readonly adminToken: string
  readonly now: () => Date
}

/** Serves one request, whatever happens: every failure becomes a metav1.Status. */
export async function serve(request: IncomingMessage, response: ServerResponse, served: Served): Promise<void> {
  const audit = request.headers['audit-id']
  response.setHeader('Audit-Id', typeof audit === 'string' && audit !== '' ? audit : randomUUID())
  response.setHeader('Cache-Control', 'no-cache, private')
  send(request, response, await answerTo(request, served))
}

async function answerTo(request: IncomingMessage, served: Served): Promise<Answer> {
  try {
    return handle(await callOf(request, served))
  } catch (thrown) {
    const status =
      thrown instanceof ApiFailure
        ? thrown.status
        : failure(500, 'InternalError', `Internal error occurred: ${String(thrown)}`)
    return { kind: 'json', code: status.code, body: { ...status } }
  }
}

async function callOf(request: IncomingMessage, { store, adminToken, now }: Served): Promise<Call> {
  const user = identify(request, adminToken)
  return {
    method: request.method ?? '',
    target: parseTarget(request.url ?? '/'),
    accept: request.headers.accept ?? '',
    contentType: request.headers['content-type'] ?? '',
    userAgent: request.headers['user-agent'] ?? '',
    body: await readBody(request),
    user,
    store,
    now,
  }
}

function send(request: IncomingMessage, response: ServerResponse, answer: Answer): void {
  if (answer.kind === 'stream') {
    sendStream(response, answer)
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

function sendStream(response: ServerResponse, { contentType, start }: Answer & { kind: 'stream' }): void {
  response.writeHead(200, { 'Content-Type': contentType })
  response.flushHeaders()
  const stop = start(
    (text) => {
      response.write(text)
      if (response.writableLength > unreadLimitBytes) response.destroy()
    },
    () => response.end(),
  )
  if (response.closed) stop()
  else response.once('close', stop)
}
