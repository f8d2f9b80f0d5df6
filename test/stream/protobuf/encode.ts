/** What a protobuf encoder writes, by number: the other side of the decoder, for tests. */
export type Part = Uint8Array

function varint(value: bigint): Part {
  const bytes: number[] = []
  let rest = BigInt.asUintN(64, value)
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80)
    rest >>= 7n
  }
  return Uint8Array.of(...bytes, Number(rest))
}

export const concat = (...parts: readonly Part[]): Part => Uint8Array.from(Buffer.concat(parts))
export const utf8 = (text: string): Part => new TextEncoder().encode(text)
export const number = (field: number, value: bigint): Part => concat(varint(BigInt(field << 3)), varint(value))
export const bytes = (field: number, content: Part): Part =>
  concat(varint(BigInt((field << 3) | 2)), varint(BigInt(content.length)), content)
export const text = (field: number, content: string): Part => bytes(field, utf8(content))

/** An object as Kubernetes clients send it. */
export function envelope(apiVersion: string, kind: string, raw: Part, ...more: readonly Part[]): Part {
  const type = concat(text(1, apiVersion), text(2, kind))
  return concat(utf8('k8s\0'), bytes(1, type), bytes(2, raw), ...more)
}
