import { Fault } from '../model/fault.ts'

const NEWLINE = 0x0a

/**
 * Splits a byte stream at newlines, however it is chunked. Lines come without their newline; a last line without one
 * comes too. Never holds more than `maxBytes` of an unfinished line.
 *
 * @throws Fault ERR_BODY when a line is longer than `maxBytes`.
 */
export async function* splitLines(source: AsyncIterable<Uint8Array>, maxBytes: number): AsyncGenerator<Uint8Array> {
  let pending: Uint8Array[] = []
  let pendingBytes = 0
  for await (const chunk of source) {
    let from = 0
    for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, from)) {
      const line = Buffer.concat([...pending, chunk.subarray(from, at)])
      assertFits(line.length, maxBytes)
      pending = []
      pendingBytes = 0
      from = at + 1
      yield line
    }
    if (from === chunk.length) continue
    pending.push(Uint8Array.from(chunk.subarray(from)))
    pendingBytes += chunk.length - from
    assertFits(pendingBytes, maxBytes)
  }
  if (pendingBytes > 0) yield Buffer.concat(pending)
}

function assertFits(bytes: number, maxBytes: number): void {
  if (bytes > maxBytes) throw new Fault('ERR_BODY', `A line of the stream is longer than ${maxBytes} bytes.`)
}
