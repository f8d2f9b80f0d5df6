import { Fault } from '../../model/fault.ts'
import type { JsonObject } from '../../model/request.ts'
import { isKnownKind, isPlaceOf, messageName } from './kinds.ts'
import { decodeMessage } from './message.ts'
import { bytesOf, readText } from './scalars.ts'
import { protobufFault, readFields } from './wire.ts'

/** "k8s" and a zero byte, before the runtime.Unknown (k8s.io/apimachinery pkg/runtime/serializer/protobuf). */
const PREFIX = [0x6b, 0x38, 0x73, 0x00] as const
const CONTENT_TYPE = 'application/vnd.kubernetes.protobuf'

/** Where the request goes, as its path says. */
export interface ProtobufPlace {
  /** As apiVersion has it: `v1`, `apps/v1`. */
  readonly groupVersion: string
  /** `pods` or `pods/eviction`. */
  readonly resource: string
  /** DELETE takes DeleteOptions of any version, nothing else. */
  readonly deletes: boolean
}

/**
 * The object of a Kubernetes protobuf body, as the JSON body that says the same.
 *
 * @throws Fault ERR_BODY when it cannot be read exactly, ERR_MEDIA_TYPE when there is no table for its kind.
 */
export function parseProtobuf(bytes: Uint8Array, place: ProtobufPlace): JsonObject {
  if (!PREFIX.every((byte, index) => bytes[index] === byte)) {
    throw unreadable('A body that does not begin with "k8s" and a zero byte is no Kubernetes protobuf.')
  }
  const unknown = readOnce(bytes.subarray(PREFIX.length), 4)
  const type = readOnce(unknown.get(1) ?? new Uint8Array(), 2)
  const [apiVersion, kind] = [readText(type.get(1) ?? new Uint8Array()), readText(type.get(2) ?? new Uint8Array())]
  const raw = unknown.get(2)
  if (raw === undefined) throw protobufFault('it holds no object')
  const contentType = readText(unknown.get(4) ?? new Uint8Array())
  if ((unknown.get(3)?.length ?? 0) > 0) throw protobufFault('its object is encoded once more')
  if (contentType !== '' && contentType !== CONTENT_TYPE) throw protobufFault('its object is not protobuf')
  assertPlace(apiVersion, kind, place)
  const object: JsonObject = Object.assign(Object.create(null), { kind, apiVersion })
  return Object.assign(object, decodeMessage(messageName(apiVersion, kind), raw))
}

function assertPlace(apiVersion: string, kind: string, place: ProtobufPlace): void {
  const deleteOptions = kind === 'DeleteOptions'
  if (!deleteOptions && !isKnownKind(apiVersion, kind)) {
    throw unreadable(`An object of ${JSON.stringify(`${apiVersion} ${kind}`)} cannot be judged in protobuf.`)
  }
  const fits = place.deletes ? deleteOptions : isPlaceOf(apiVersion, kind, place.groupVersion, place.resource)
  if (!fits) throw protobufFault(`a ${apiVersion} ${kind} does not belong to ${place.groupVersion} ${place.resource}`)
}

/** Fields of bytes by number, each once, none above `last`. */
function readOnce(message: Uint8Array, last: number): Map<number, Uint8Array> {
  const fields = new Map<number, Uint8Array>()
  for (const field of readFields(message)) {
    if (field.number > last) throw protobufFault(`field ${field.number} of the envelope is not known`)
    if (fields.has(field.number)) throw protobufFault(`field ${field.number} of the envelope appears twice`)
    fields.set(field.number, bytesOf(field))
  }
  return fields
}

function unreadable(message: string): Fault {
  return new Fault('ERR_MEDIA_TYPE', message, { advice: 'Send it as JSON: kubectl apply -f or create -f.' })
}
