import { constants, Deflate, Inflate } from 'pako'
import { dictionary } from './dictionary.ts'
import { SpdyError } from './failure.ts'

/** Header names (lower case) with their values; a repeated header has several. */
export type SpdyHeaders = Readonly<Record<string, readonly string[]>>

/** Bytes of one header block once inflated: streams of exec and port-forward name themselves in a few dozen. */
const MAX_BLOCK_BYTES = 16 * 1024

/** Reads header blocks of one direction of a connection; they share one zlib context for its life (section 2.6.10). */
export class HeaderReader {
  // The library hands on full chunks only, and a block ends anywhere; blocks are short, so a byte is a chunk.
  readonly #inflate = new Inflate({ dictionary, chunkSize: 1 })
  #block: Buffer[] = []
  #length = 0

  constructor() {
    this.#inflate.onData = (chunk) => this.#take(Buffer.from(chunk as Uint8Array))
  }

  /** @throws SpdyError when the block is no zlib, too long, or says something else than it holds. */
  read(compressed: Uint8Array): SpdyHeaders {
    this.#block = []
    this.#length = 0
    if (!this.#inflate.push(compressed, constants.Z_SYNC_FLUSH) || this.#inflate.err !== 0) {
      throw new SpdyError('a header block is not compressed as it should be')
    }
    return parseBlock(Buffer.concat(this.#block))
  }

  #take(chunk: Buffer): void {
    this.#length += chunk.length
    if (this.#length > MAX_BLOCK_BYTES) throw new SpdyError('a header block is too long')
    this.#block.push(chunk)
  }
}

/** Writes header blocks of one direction of a connection. */
export class HeaderWriter {
  readonly #deflate = new Deflate({ dictionary })
  #block: Buffer[] = []

  constructor() {
    this.#deflate.onData = (chunk) => void this.#block.push(Buffer.from(chunk as Uint8Array))
  }

  write(headers: SpdyHeaders): Buffer {
    this.#block = []
    this.#deflate.push(formatBlock(headers), constants.Z_SYNC_FLUSH)
    return Buffer.concat(this.#block)
  }
}

function formatBlock(headers: SpdyHeaders): Buffer {
  const pairs = Object.entries(headers)
  const parts = pairs.flatMap(([name, values]) => [counted(name.toLowerCase()), counted(values.join('\0'))])
  return Buffer.concat([uint32(pairs.length), ...parts])
}

function counted(text: string): Buffer {
  const bytes = Buffer.from(text, 'utf8')
  return Buffer.concat([uint32(bytes.length), bytes])
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

function parseBlock(block: Buffer): SpdyHeaders {
  let at = 0
  const number = () => {
    if (at + 4 > block.length) throw new SpdyError('a header block ends too early')
    at += 4
    return block.readUInt32BE(at - 4)
  }
  const text = () => {
    const length = number()
    if (at + length > block.length) throw new SpdyError('a header block ends too early')
    at += length
    return block.toString('utf8', at - length, at)
  }
  const headers: Record<string, readonly string[]> = Object.create(null)
  for (let left = number(); left > 0; left -= 1) {
    const name = text()
    if (name === '' || name !== name.toLowerCase() || name in headers) {
      throw new SpdyError('a header block names a header in upper case, twice or not at all')
    }
    headers[name] = text().split('\0')
  }
  if (at !== block.length) throw new SpdyError('a header block is longer than it says')
  return headers
}
