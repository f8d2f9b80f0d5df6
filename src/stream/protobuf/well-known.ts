import { RawNumber, type JsonValue } from '../../model/request.ts'
import { parseJson } from '../json.ts'
import { bytesOf, readInt32, readText, varintOf } from './scalars.ts'
import { protobufFault, readFields, type WireField } from './wire.ts'

/** 0001-01-01T00:00:00Z, Go's zero time, in seconds; JSON has null for it. */
const ZERO_TIME = -62135596800n
/** 9999-12-31T23:59:59Z; RFC 3339 has four digits of a year. */
const LAST_TIME = 253402300799n

/** Messages whose JSON is not an object of their fields (k8s.io/apimachinery, their MarshalJSON methods). */
export const wellKnown: ReadonlyMap<string, (message: Uint8Array) => JsonValue> = new Map([
  ['Time', (message: Uint8Array) => readTime(message, false)],
  ['MicroTime', (message: Uint8Array) => readTime(message, true)],
  ['Quantity', readQuantity],
  ['IntOrString', readIntOrString],
  ['RawExtension', readRaw],
  ['FieldsV1', readRaw],
  ['ExtraValue', readTexts],
])

/** Each field once, none but those of `last` and below. */
function fieldsOnce(message: Uint8Array, last: number): Map<number, WireField> {
  const fields = new Map<number, WireField>()
  for (const field of readFields(message)) {
    if (field.number > last) throw protobufFault(`field ${field.number} is not known`)
    if (fields.has(field.number)) throw protobufFault(`field ${field.number} appears twice`)
    fields.set(field.number, field)
  }
  return fields
}

function readTime(message: Uint8Array, micro: boolean): JsonValue {
  const fields = fieldsOnce(message, 2)
  const [first, second] = [fields.get(1), fields.get(2)]
  if (first === undefined && second === undefined) return null
  const seconds = first === undefined ? 0n : BigInt.asIntN(64, varintOf(first))
  const nanos = second === undefined ? 0 : readInt32(varintOf(second))
  if (seconds < ZERO_TIME || seconds > LAST_TIME || nanos < 0 || nanos > 999_999_999 || (nanos !== 0 && !micro)) {
    throw protobufFault('a time is out of range')
  }
  if (seconds === ZERO_TIME && nanos === 0) return null
  const text = new Date(Number(seconds) * 1000).toISOString().slice(0, 19)
  if (!micro) return `${text}Z`
  return `${text}.${String(Math.floor(nanos / 1000)).padStart(6, '0')}Z`
}

function readQuantity(message: Uint8Array): JsonValue {
  const text = fieldsOnce(message, 1).get(1)
  return text === undefined ? '0' : readText(bytesOf(text))
}

function readIntOrString(message: Uint8Array): JsonValue {
  const fields = fieldsOnce(message, 3)
  const [kind, number, text] = [fields.get(1), fields.get(2), fields.get(3)]
  const numberValue = number === undefined ? 0 : readInt32(varintOf(number))
  const textValue = text === undefined ? '' : readText(bytesOf(text))
  const type = kind === undefined ? 0n : varintOf(kind)
  if (type === 0n) return numberValue
  if (type === 1n) return textValue
  throw protobufFault('a value is neither a number nor a text')
}

function readRaw(message: Uint8Array): JsonValue {
  const raw = fieldsOnce(message, 1).get(1)
  if (raw === undefined || bytesOf(raw).length === 0) return null
  const value = parseJson(bytesOf(raw))
  if (typeof value === 'object' && !Array.isArray(value) && !(value instanceof RawNumber)) return value
  throw protobufFault('an embedded object is not an object')
}

function readTexts(message: Uint8Array): JsonValue {
  const texts: string[] = []
  for (const field of readFields(message)) {
    if (field.number !== 1) throw protobufFault(`field ${field.number} is not known`)
    texts.push(readText(bytesOf(field)))
  }
  return texts
}
