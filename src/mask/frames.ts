import { Fault } from '../model/fault.ts'
import { splitLines } from '../stream/lines.ts'

/** Bytes of one watch event that are held: etcd keeps no object above 1.5 MiB, which JSON makes a few times longer. */
const MAX_EVENT_BYTES = 8 * 1024 * 1024

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
