/** The beginning of a UTF-8 character (RFC 3629) at the end of `bytes`, whose rest is still to come; empty when there is none. */
export function unfinishedCharacter(bytes: Buffer): Buffer {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] ?? 0
    if ((byte & 0xc0) === 0x80) continue
    return lengthOf(byte) > back ? Buffer.from(bytes.subarray(-back)) : none
  }
  return none
}

const none = Buffer.alloc(0)

function lengthOf(lead: number): number {
  if (lead < 0xc2 || lead > 0xf4) return 1
  if (lead < 0xe0) return 2
  return lead < 0xf0 ? 3 : 4
}
