import type { JsonValue } from '../../model/request.ts'
import { messages } from './messages.ts'
import { bytesOf, packable, readText, scalars, zeros } from './scalars.ts'
import type { Field, Message } from './table.ts'
import { wellKnown } from './well-known.ts'
import { BYTES, protobufFault, readFields, readPacked, type WireField } from './wire.ts'

type Mutable = Record<string, JsonValue>

/**
 * One message as the JSON that Go writes for it, `omitempty` and null included. Nesting is bounded by the tables, none
 * of which contains itself.
 *
 * @throws Fault ERR_BODY on a field that is not known, a second occurrence of a field that is no list, and bad values.
 */
export function decodeMessage(name: string, bytes: Uint8Array): Mutable {
  const message = messages.get(name)
  if (message === undefined) throw new Error(`There is no table for the message ${name}.`)
  const occurrences = collect(name, message, bytes)
  const object: Mutable = Object.create(null)
  for (const field of message.values()) write(object, field, occurrences.get(field.number) ?? [])
  return object
}

function collect(name: string, message: Message, bytes: Uint8Array): Map<number, WireField[]> {
  const occurrences = new Map<number, WireField[]>()
  for (const wire of readFields(bytes)) {
    const field = message.get(wire.number)
    if (field === undefined) throw protobufFault(`field ${wire.number} of ${name} is not known`)
    const earlier = occurrences.get(wire.number)
    if (earlier === undefined) occurrences.set(wire.number, [wire])
    else if (field.shape === 'list' || field.shape === 'map') earlier.push(wire)
    else throw protobufFault(`the field ${field.name} of ${name} appears twice`)
  }
  return occurrences
}

function write(object: Mutable, field: Field, wires: readonly WireField[]): void {
  const [first] = wires
  if (field.shape === 'inline') {
    if (first !== undefined) Object.assign(object, decodeMessage(field.type, bytesOf(first)))
  } else if (first === undefined) {
    if (field.always) object[field.name] = absent(field)
  } else if (field.shape === 'list') {
    object[field.name] = wires.flatMap((wire) => listItems(field.type, wire))
  } else if (field.shape === 'map') {
    object[field.name] = readMap(field.type, wires)
  } else {
    const value = readValue(field.type, first)
    const written = field.always || field.pointer || value !== zeros.get(field.type)
    if (written) object[field.name] = value
  }
}

function absent(field: Field): JsonValue {
  if (field.shape !== 'one' || field.pointer || field.type === 'bytes') return null
  return zeros.get(field.type) ?? null
}

function readValue(type: string, wire: WireField): JsonValue {
  const scalar = scalars.get(type)
  if (scalar !== undefined) return scalar(wire)
  const special = wellKnown.get(type)
  return special === undefined ? decodeMessage(type, bytesOf(wire)) : special(bytesOf(wire))
}

function listItems(type: string, wire: WireField): JsonValue[] {
  const packed = packable.get(type)
  if (packed !== undefined && wire.type === BYTES) return readPacked(wire.bytes).map(packed)
  return [readValue(type, wire)]
}

function readMap(type: string, wires: readonly WireField[]): JsonValue {
  const object: Mutable = Object.create(null)
  for (const wire of wires) {
    const entry: { key?: string; value?: JsonValue } = {}
    for (const part of readFields(bytesOf(wire))) {
      if (part.number === 1 && entry.key === undefined) entry.key = readText(bytesOf(part))
      else if (part.number === 2 && entry.value === undefined) entry.value = readValue(type, part)
      else throw protobufFault(`field ${part.number} of a map entry is not known or appears twice`)
    }
    const { key = '', value = zeros.get(type) } = entry
    if (key in object) throw protobufFault(`the key ${JSON.stringify(key)} appears twice`)
    if (value === undefined) throw protobufFault(`the key ${JSON.stringify(key)} has no value`)
    object[key] = value
  }
  return object
}
