import { Fault } from '../model/fault.ts'
import { splitLines } from '../stream/lines.ts'

/** Bytes of one answer or one watch event that are held to be masked; a list of 15,000 pods is about this long. */
const MAX_HELD_BYTES = 64 * 1024 * 1024

/** The whole body, for answers that are one JSON value. Throws ERR_MASK above the bound. */
export async function readWhole(body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of body) {
    bytes += chunk.length
    if (bytes > MAX_HELD_BYTES) throw tooLarge()
    chunks.push(Uint8Array.from(chunk))
  }
  return Buffer.concat(chunks)
}

/** The lines of a watch, without their ends; empty ones are left out. Throws ERR_MASK when a line is above the bound. */
export async function* readFrames(body: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  try {
    for await (const line of splitLines(body, MAX_HELD_BYTES)) {
      if (line.length > 0) yield line
    }
  } catch (thrown) {
    throw thrown instanceof Fault && thrown.code === 'ERR_BODY' ? tooLarge(thrown) : thrown
  }
}

function tooLarge(cause?: unknown): Fault {
  return new Fault('ERR_MASK', `The answer is larger than ${MAX_HELD_BYTES} bytes, more than can be masked at once.`, {
    advice: 'Ask for less: a namespace, a selector, or kubectl get --chunk-size.',
    cause,
  })
}
