import type { JsonValue } from '../../model/request.ts'
import { jsonNumber } from '../json.ts'
import { BYTES, protobufFault, VARINT, type WireField } from './wire.ts'

export type ScalarReader = (field: WireField) => JsonValue

/** Readers of the scalar types by name; each gives the value as its JSON encoding has it. */
export const scalars: ReadonlyMap<string, ScalarReader> = new Map<string, ScalarReader>([
  ['string', (field) => readText(bytesOf(field))],
  ['bytes', (field) => Buffer.from(bytesOf(field)).toString('base64')],
  ['bool', (field) => readBool(varintOf(field))],
  ['int32', (field) => readInt32(varintOf(field))],
  ['int64', (field) => readInt64(varintOf(field))],
])

/** Readers of the packed form, which only numbers and truth values have. */
export const packable: ReadonlyMap<string, (varint: bigint) => JsonValue> = new Map([
  ['bool', readBool as (varint: bigint) => JsonValue],
  ['int32', readInt32],
  ['int64', readInt64],
])

export const zeros: ReadonlyMap<string, JsonValue> = new Map<string, JsonValue>([
  ['string', ''],
  ['bytes', ''],
  ['bool', false],
  ['int32', 0],
  ['int64', 0],
])

export function bytesOf(field: WireField): Uint8Array {
  if (field.type !== BYTES) throw protobufFault(`field ${field.number} is a number where bytes are expected`)
  return field.bytes
}

export function varintOf(field: WireField): bigint {
  if (field.type !== VARINT) throw protobufFault(`field ${field.number} is bytes where a number is expected`)
  return field.varint
}

/** Strict UTF-8; Go would keep the bytes, and JSON cannot. */
export function readText(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw protobufFault('a text is not valid UTF-8')
  }
}

export function readInt32(varint: bigint): number {
  const value = BigInt.asIntN(64, varint)
  if (value !== BigInt.asIntN(32, value)) throw protobufFault('a number has more than 32 bits')
  return Number(value)
}

function readInt64(varint: bigint): JsonValue {
  return jsonNumber(String(BigInt.asIntN(64, varint)))
}

function readBool(varint: bigint): boolean {
  if (varint > 1n) throw protobufFault('a truth value is neither 0 nor 1')
  return varint === 1n
}
