import { once } from 'node:events'
import type { Writable } from 'node:stream'
import type { UpstreamAnswer } from '../kube/port.ts'
import type { Masker, MaskedAnswer } from '../mask/port.ts'
import type { Status } from '../model/status.ts'
import type { ClientReply } from './client.ts'
import { clientHeaders } from './headers.ts'

export interface Delivery {
  readonly auditID: string
  /** HEAD: the headers alone. */
  readonly headOnly: boolean
  /** Undefined = pass the answer on as it is. */
  readonly masker: Masker | undefined
  /** Send the headers before the first byte of the body is there. */
  readonly streaming: boolean
  readonly warnings: boolean
  /** client-go repeats any request by itself when it is told when. */
  readonly retryAfter: boolean
}

/** A Status of Chaperone's own. The connection ends when the request's body was not read to its end. */
export function sendStatus(reply: ClientReply, status: Status, auditID: string, headOnly: boolean): void {
  const body = Buffer.from(`${JSON.stringify(status)}\n`)
  reply.begin(status.code, {
    'content-type': 'application/json',
    'content-length': body.length,
    'audit-id': auditID,
    'cache-control': 'no-cache, private',
  })
  reply.out.end(headOnly ? undefined : body)
}

/**
 * Streams an upstream answer to the client at the client's pace. `noteMasked` learns of the mask's count at once.
 * Rejects when upstream or mask fail (headers may not be out yet: see `reply.begun`); resolves when the client
 * has everything or has gone.
 */
export async function deliver(
  reply: ClientReply,
  answer: UpstreamAnswer,
  delivery: Delivery,
  noteMasked: (masked: MaskedAnswer) => void,
): Promise<void> {
  const { masker } = delivery
  const bodiless = delivery.headOnly || answer.statusCode === 204 || answer.statusCode === 304
  const headers = clientHeaders(answer, {
    auditID: delivery.auditID,
    warnings: delivery.warnings,
    retryAfter: delivery.retryAfter,
    length: masker === undefined && !bodiless,
  })
  if (bodiless) {
    answer.body.destroy()
    reply.begin(answer.statusCode, headers)
    reply.out.end()
    return
  }
  let chunks: AsyncIterator<Uint8Array> | undefined
  try {
    const masked = masker?.answer({
      statusCode: answer.statusCode,
      contentType: [answer.headers['content-type']].flat()[0] ?? '',
      body: answer.body,
    })
    if (masked !== undefined) noteMasked(masked)
    chunks = (masked?.body ?? answer.body)[Symbol.asyncIterator]()
    const first = delivery.streaming ? undefined : await chunks.next()
    reply.begin(answer.statusCode, headers)
    if (delivery.streaming) reply.flush()
    await pump(reply.out, chunks, first)
  } finally {
    answer.body.destroy()
    await chunks?.return?.()
  }
}

async function pump(
  out: Writable,
  chunks: AsyncIterator<Uint8Array>,
  first: IteratorResult<Uint8Array> | undefined,
): Promise<void> {
  let next = first ?? (await chunks.next())
  while (next.done !== true && !out.destroyed) {
    if (!out.write(next.value)) await drained(out)
    next = out.destroyed ? next : await chunks.next()
  }
  if (!out.destroyed) await new Promise<void>((resolve) => void out.once('close', resolve).end(resolve))
}

/** Until the client has taken what was written, or is gone. */
async function drained(out: Writable): Promise<void> {
  if (out.destroyed || !out.writableNeedDrain) return
  const stop = new AbortController()
  const { signal } = stop
  const either = Promise.race([once(out, 'drain', { signal }), once(out, 'close', { signal })])
  try {
    await either
  } finally {
    stop.abort()
  }
}
