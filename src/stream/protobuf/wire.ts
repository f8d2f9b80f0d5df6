import { Fault } from '../../model/fault.ts'

export const VARINT = 0
export const BYTES = 2

/** Bytes of the longest varint: 64 bits in groups of seven. */
const MAX_VARINT_BYTES = 10

export interface WireField {
  readonly number: number
  readonly type: typeof VARINT | typeof BYTES
  /** Unsigned, 64 bits; 0 for BYTES. */
  readonly varint: bigint
  /** A view on the message; empty for VARINT. */
  readonly bytes: Uint8Array
}

/**
 * The fields of one protobuf message in wire order (protobuf.dev/programming-guides/encoding). Only varints and
 * length-delimited fields: Kubernetes' own objects that are read here hold no other.
 *
 * @throws Fault ERR_BODY when the message ends inside a field, or a field is of another wire type.
 */
export function* readFields(message: Uint8Array): Generator<WireField> {
  const cursor = new VarintCursor(message)
  while (!cursor.atEnd) {
    const tag = cursor.next()
    const type = Number(tag & 7n)
    const number = tag >> 3n
    if (number === 0n || number > 0x1fff_ffffn) throw protobufFault('a field number is out of range')
    if (type === VARINT) {
      yield { number: Number(number), type, varint: cursor.next(), bytes: message.subarray(0, 0) }
    } else if (type === BYTES) {
      yield { number: Number(number), type, varint: 0n, bytes: cursor.take(cursor.next()) }
    } else {
      throw protobufFault(`field ${number} has wire type ${type}, which no known field has`)
    }
  }
}

/** The varints of a packed repeated field. */
export function readPacked(bytes: Uint8Array): bigint[] {
  const cursor = new VarintCursor(bytes)
  const values: bigint[] = []
  while (!cursor.atEnd) values.push(cursor.next())
  return values
}

export function protobufFault(problem: string): Fault {
  return new Fault('ERR_BODY', `The protobuf body cannot be judged: ${problem}.`, {
    advice: 'Send the object as JSON: kubectl apply -f or create -f.',
  })
}

class VarintCursor {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get atEnd(): boolean {
    return this.#at >= this.#bytes.length
  }

  next(): bigint {
    let value = 0n
    for (let index = 0; index < MAX_VARINT_BYTES; index++) {
      const byte = this.#bytes[this.#at++]
      if (byte === undefined) throw protobufFault('it ends inside a number')
      value |= BigInt(byte & 0x7f) << BigInt(7 * index)
      if (byte < 0x80) {
        if (value > 0xffff_ffff_ffff_ffffn) break
        return value
      }
    }
    throw protobufFault('a number has more than 64 bits')
  }

  take(length: bigint): Uint8Array {
    const left = this.#bytes.length - this.#at
    if (length > BigInt(left)) throw protobufFault('it ends inside a field')
    const from = this.#at
    this.#at += Number(length)
    return this.#bytes.subarray(from, this.#at)
  }
}
