import { SpdyError } from './failure.ts'
import { HeaderReader, HeaderWriter, uint32, type SpdyHeaders } from './headers.ts'

/** A frame of SPDY/3.1 (draft-mbelshe-httpbis-spdy-00), those that remote commands and port-forwards use. */
export type SpdyFrame =
  | { readonly type: 'syn-stream'; readonly stream: number; readonly fin: boolean; readonly headers: SpdyHeaders }
  | { readonly type: 'syn-reply'; readonly stream: number; readonly fin: boolean; readonly headers: SpdyHeaders }
  | { readonly type: 'data'; readonly stream: number; readonly fin: boolean; readonly data: Buffer }
  | { readonly type: 'rst-stream'; readonly stream: number; readonly status: number }
  | { readonly type: 'ping'; readonly id: number }
  | { readonly type: 'goaway'; readonly lastStream: number; readonly status: number }

/** Status of RST_STREAM (section 2.6.3). */
export const rstStatus = { protocolError: 1, invalidStream: 2, refusedStream: 3, cancel: 5 } as const

const control = {
  synStream: 1,
  synReply: 2,
  rstStream: 3,
  settings: 4,
  ping: 6,
  goaway: 7,
  headers: 8,
  window: 9,
} as const

const version = 3
const headBytes = 8
const finFlag = 0x01
const streamMask = 0x7f_ff_ff_ff

/** Bytes of one control frame; a peer that announces more is not one of ours. */
const maxControlBytes = 64 * 1024

/** Bytes of one data frame that is sent. The peers of Kubernetes have no flow control, so frames are kept small. */
const maxDataBytes = 32 * 1024

/** Turns bytes into frames, however they are cut. Frames of no meaning here (SETTINGS, WINDOW_UPDATE) are left out. */
export class SpdyDecoder {
  readonly #headers = new HeaderReader()
  #rest: Buffer = Buffer.alloc(0)

  /** @throws SpdyError */
  push(bytes: Uint8Array): SpdyFrame[] {
    this.#rest = this.#rest.length === 0 ? Buffer.from(bytes) : Buffer.concat([this.#rest, bytes])
    const frames: SpdyFrame[] = []
    let at = 0
    while (this.#rest.length - at >= headBytes) {
      const length = this.#rest.readUIntBE(at + 5, 3)
      const isControl = ((this.#rest[at] ?? 0) & 0x80) !== 0
      if (isControl && length > maxControlBytes) throw new SpdyError('a control frame is too long')
      const end = at + headBytes + length
      if (this.#rest.length < end) {
        if (!isControl) at = this.#partOfData(at, frames)
        break
      }
      const payload = this.#rest.subarray(at + headBytes, end)
      const frame = isControl ? this.#control(at, payload) : this.#data(at, payload)
      if (frame !== undefined) frames.push(frame)
      at = end
    }
    this.#rest = Buffer.from(this.#rest.subarray(at))
    return frames
  }

  /** A data frame may be 16 MiB long: what has come of it is handed on, and its head is rewritten to the rest. */
  #partOfData(at: number, frames: SpdyFrame[]): number {
    const here = this.#rest.length - at - headBytes
    if (here === 0) return at
    const stream = this.#rest.readUInt32BE(at)
    const length = this.#rest.readUIntBE(at + 5, 3)
    frames.push({ type: 'data', stream, fin: false, data: Buffer.from(this.#rest.subarray(at + headBytes)) })
    const head = Buffer.from(this.#rest.subarray(at, at + headBytes))
    head.writeUIntBE(length - here, 5, 3)
    this.#rest = head
    return 0
  }

  #data(at: number, payload: Buffer): SpdyFrame {
    const fin = ((this.#rest[at + 4] ?? 0) & finFlag) !== 0
    return { type: 'data', stream: this.#rest.readUInt32BE(at), fin, data: Buffer.from(payload) }
  }

  #control(at: number, payload: Buffer): SpdyFrame | undefined {
    if ((this.#rest.readUInt16BE(at) & 0x7fff) !== version) throw new SpdyError('a frame is of another version')
    const fin = ((this.#rest[at + 4] ?? 0) & finFlag) !== 0
    const stream = () => uint31(payload, 0)
    switch (this.#rest.readUInt16BE(at + 2)) {
      case control.synStream: {
        const headers = this.#headers.read(payload.subarray(needed(payload, 10)))
        return { type: 'syn-stream', stream: stream(), fin, headers }
      }
      case control.synReply: {
        const headers = this.#headers.read(payload.subarray(needed(payload, 4)))
        return { type: 'syn-reply', stream: stream(), fin, headers }
      }
      case control.headers:
        // Read, because the compression of later blocks builds on it.
        this.#headers.read(payload.subarray(needed(payload, 4)))
        return undefined
      case control.rstStream:
        return { type: 'rst-stream', stream: stream(), status: uint31(payload, 4) }
      case control.ping:
        needed(payload, 4)
        return { type: 'ping', id: payload.readUInt32BE(0) }
      case control.goaway:
        return { type: 'goaway', lastStream: stream(), status: uint31(payload, 4) }
      case control.settings:
      case control.window:
        return undefined
      default:
        throw new SpdyError('a control frame is of an unknown type')
    }
  }
}

function needed(payload: Buffer, bytes: number): number {
  if (payload.length < bytes) throw new SpdyError('a control frame is too short')
  return bytes
}

function uint31(payload: Buffer, at: number): number {
  needed(payload, at + 4)
  return payload.readUInt32BE(at) & streamMask
}

/** Turns frames into bytes, in the order in which they are sent. */
export class SpdyEncoder {
  readonly #headers = new HeaderWriter()

  encode(frame: SpdyFrame): Buffer {
    switch (frame.type) {
      case 'syn-stream': {
        const place = Buffer.concat([uint32(frame.stream), Buffer.alloc(6)])
        return controlFrame(control.synStream, frame.fin, Buffer.concat([place, this.#headers.write(frame.headers)]))
      }
      case 'syn-reply': {
        const payload = Buffer.concat([uint32(frame.stream), this.#headers.write(frame.headers)])
        return controlFrame(control.synReply, frame.fin, payload)
      }
      case 'data':
        return dataFrames(frame.stream, frame.fin, frame.data)
      case 'rst-stream':
        return controlFrame(control.rstStream, false, Buffer.concat([uint32(frame.stream), uint32(frame.status)]))
      case 'ping':
        return controlFrame(control.ping, false, uint32(frame.id))
      case 'goaway':
        return controlFrame(control.goaway, false, Buffer.concat([uint32(frame.lastStream), uint32(frame.status)]))
    }
  }
}

function controlFrame(type: number, fin: boolean, payload: Buffer): Buffer {
  const head = Buffer.alloc(headBytes)
  head.writeUInt16BE(0x8000 | version, 0)
  head.writeUInt16BE(type, 2)
  head.writeUInt8(fin ? finFlag : 0, 4)
  head.writeUIntBE(payload.length, 5, 3)
  return Buffer.concat([head, payload])
}

function dataFrames(stream: number, fin: boolean, data: Buffer): Buffer {
  const parts: Buffer[] = []
  for (let at = 0; at === 0 || at < data.length; at += maxDataBytes) {
    const piece = data.subarray(at, at + maxDataBytes)
    const head = Buffer.alloc(headBytes)
    head.writeUInt32BE(stream, 0)
    head.writeUInt8(fin && at + maxDataBytes >= data.length ? finFlag : 0, 4)
    head.writeUIntBE(piece.length, 5, 3)
    parts.push(head, piece)
  }
  return Buffer.concat(parts)
}
