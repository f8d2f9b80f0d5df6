import { Fault } from '../model/fault.ts'
import { splitLines } from '../stream/lines.ts'
import type { Holding } from './budget.ts'

/** Bytes of one answer that are held to be masked; a list of 15,000 pods is about this long. */
const MAX_HELD_BYTES = 64 * 1024 * 1024

/** Bytes of one watch event that are held: etcd keeps no object above 1.5 MiB, which JSON makes a few times longer. */
const MAX_EVENT_BYTES = 8 * 1024 * 1024

/** The whole body, for answers that are one JSON value. Throws ERR_MASK above the bound. */
export async function readWhole(body: AsyncIterable<Uint8Array>, holding: Holding): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of body) {
    bytes += chunk.length
    if (bytes > MAX_HELD_BYTES) throw tooLarge(MAX_HELD_BYTES)
    const copy = Uint8Array.from(chunk)
    await holding.grow(bytes)
    chunks.push(copy)
  }
  return Buffer.concat(chunks)
}

/** The lines of a watch, without their ends; empty ones are left out. Throws ERR_MASK when a line is above the bound. */
export async function* readFrames(body: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  try {
    for await (const line of splitLines(body, MAX_EVENT_BYTES)) {
      if (line.length > 0) yield line
    }
  } catch (thrown) {
    throw thrown instanceof Fault && thrown.code === 'ERR_BODY' ? tooLarge(MAX_EVENT_BYTES, thrown) : thrown
  }
}

function tooLarge(bound: number, cause?: unknown): Fault {
  return new Fault('ERR_MASK', `The answer is larger than ${bound} bytes, more than can be masked at once.`, {
    advice: 'Ask for less: a namespace, a selector, or kubectl get --chunk-size.',
    cause,
  })
}
