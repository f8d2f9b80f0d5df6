import type { Writable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
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

/** Others get their turn after this long: pieces that are there already come one after the other, without a pause. */
const TURN_MS = 10

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

/** Whether what a client has been sent ends with a whole line. */
export class Tail {
  isLineEnd = true

  note(chunk: Uint8Array): void {
    if (chunk.length > 0) this.isLineEnd = chunk.at(-1) === newline
  }
}

const newline = 0x0a

/** Ends a watch with its last event, type ERROR (k8s.io/apimachinery pkg/watch), so that its client learns why. */
export function endWatch(reply: ClientReply, status: Status): void {
  reply.out.end(`${JSON.stringify({ type: 'ERROR', object: status })}\n`)
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
  tail: Tail,
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
    if (!delivery.streaming) {
      await sendWhole(reply, answer.statusCode, headers, chunks)
      return
    }
    reply.begin(answer.statusCode, headers)
    reply.flush()
    await pump(reply.out, chunks, await chunks.next(), tail)
  } finally {
    answer.body.destroy()
    await chunks?.return?.()
  }
}

/** A body of one chunk leaves together with its headers and its length: one write, one TLS record. */
async function sendWhole(
  reply: ClientReply,
  statusCode: number,
  headers: Record<string, string | string[]>,
  chunks: AsyncIterator<Uint8Array>,
): Promise<void> {
  const first = await chunks.next()
  const second = first.done === true ? first : await chunks.next()
  if (second.done === true) {
    const only = first.done === true ? new Uint8Array() : first.value
    reply.begin(statusCode, { ...headers, 'content-length': String(only.length) })
    await ended(reply.out, only)
    return
  }
  reply.begin(statusCode, headers)
  if (!reply.out.write(first.value)) await drained(reply.out)
  await pump(reply.out, chunks, second)
}

async function pump(
  out: Writable,
  chunks: AsyncIterator<Uint8Array>,
  first: IteratorResult<Uint8Array>,
  tail?: Tail,
): Promise<void> {
  let next = first
  let since = performance.now()
  while (next.done !== true && !out.destroyed) {
    tail?.note(next.value)
    if (!out.write(next.value)) await drained(out)
    if (performance.now() - since > TURN_MS) {
      await setImmediate()
      since = performance.now()
    }
    next = out.destroyed ? next : await chunks.next()
  }
  await ended(out)
}

async function ended(out: Writable, last?: Uint8Array): Promise<void> {
  if (!out.destroyed) await new Promise<void>((resolve) => void out.once('close', resolve).end(last, resolve))
}

/** Until the client has taken what was written, or is gone. */
async function drained(out: Writable): Promise<void> {
  if (out.destroyed || !out.writableNeedDrain) return
  await new Promise<void>((resolve) => {
    const go = () => {
      out.off('drain', go).off('close', go)
      resolve()
    }
    out.on('drain', go).on('close', go)
  })
}
