import { Fault } from '../model/fault.ts'
import { bodyTooLarge, MAX_BODY_BYTES } from '../request/decode.ts'
import type { ClientRequest } from './client.ts'

/** From the headers to the last byte of a body; a client that trickles must not hold a connection for ever. */
const BODY_DEADLINE_MS = 30_000

/** Read and thrown away beyond the bound, so that a client that is still sending gets to read why it was refused. */
const MAX_DRAINED_BYTES = 16 * 1024 * 1024

/**
 * The whole body, at most MAX_BODY_BYTES.
 *
 * @throws Fault ERR_BODY_TOO_LARGE, and ERR_BODY when it is late or cut short.
 */
export async function readBody(request: ClientRequest): Promise<Uint8Array> {
  const { headers, hasBody, body } = request
  if (!hasBody) return new Uint8Array()
  if (Number(headers['content-length'] ?? 0) > MAX_DRAINED_BYTES) throw bodyTooLarge()
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>()
  let chunks: Buffer[] = []
  let received = 0
  const onData = (chunk: Buffer) => {
    received += chunk.length
    if (received <= MAX_BODY_BYTES) chunks.push(chunk)
    else chunks = []
    if (received > MAX_DRAINED_BYTES) reject(bodyTooLarge())
  }
  const onCut = () => reject(new Fault('ERR_BODY', 'The client went away before its body was complete.'))
  const onEnd = () => {
    if (!request.complete) onCut()
    else if (received > MAX_BODY_BYTES) reject(bodyTooLarge())
    else resolve(Buffer.concat(chunks))
  }
  const deadline = setTimeout(
    () => reject(new Fault('ERR_BODY', `The body did not arrive within ${BODY_DEADLINE_MS / 1000} s.`)),
    BODY_DEADLINE_MS,
  )
  if (body.destroyed) onCut()
  body.on('data', onData).on('end', onEnd).on('error', onCut).on('close', onCut)
  try {
    return await promise
  } finally {
    clearTimeout(deadline)
    body.off('data', onData).off('end', onEnd).off('close', onCut)
  }
}
