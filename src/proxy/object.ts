import type { UpstreamAnswer } from '../kube/port.ts'
import { Fault } from '../model/fault.ts'
import { RawNumber, type JsonObject, type JsonValue } from '../model/request.ts'
import { parseJson } from '../stream/json.ts'

/** Bytes of an object that the broker itself reads: etcd keeps none above 1.5 MiB, which JSON makes a few times longer. */
const MAX_OBJECT_BYTES = 8 * 1024 * 1024

/** The one object that the API server answered with. Throws ERR_MASK when it is none, or too large. */
export async function readObject(answer: UpstreamAnswer): Promise<JsonObject> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of answer.body) {
    bytes += chunk.length
    if (bytes > MAX_OBJECT_BYTES) throw new Fault('ERR_MASK', 'The object is too large to be read by Chaperone.')
    chunks.push(Uint8Array.from(chunk))
  }
  const value = parsed(Buffer.concat(chunks))
  if (isObject(value)) return value
  throw new Fault('ERR_MASK', 'The API server answered with something that is no object.')
}

function parsed(bytes: Uint8Array): JsonValue {
  try {
    return parseJson(bytes)
  } catch (cause) {
    throw new Fault('ERR_MASK', 'The API server answered with something that is not JSON.', { cause })
  }
}

export function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof RawNumber)
}
