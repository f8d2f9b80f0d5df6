import { rstStatus, SpdyDecoder, SpdyEncoder, type SpdyFrame } from '../../stream/spdy/frames.ts'
import type { SpdyHeaders } from '../../stream/spdy/headers.ts'
import { Pipe } from '../containers/pipe.ts'
import type { Bytes } from './bytes.ts'

/** Streams of one connection at once. */
const streamLimit = 1024

/** One stream that the client opened. */
export interface SpdyStream {
  readonly headers: SpdyHeaders
  /** What the client sends on it. */
  readonly input: Pipe
  write(bytes: Buffer): Promise<void>
  /** Nothing more is sent on it. */
  end(): Promise<void>
}

/** The server's end of a SPDY/3.1 connection, as kubelets speak it: no flow control but that of the bytes below. */
export class SpdyConnection {
  readonly #bytes: Bytes
  readonly #decoder = new SpdyDecoder()
  readonly #encoder = new SpdyEncoder()
  readonly #streams = new Map<number, Pipe>()

  constructor(bytes: Bytes, onStream: (stream: SpdyStream) => void) {
    this.#bytes = bytes
    bytes.onBytes(async (piece) => {
      for (const frame of this.#decoder.push(piece)) await this.#take(frame, onStream)
    })
    bytes.onClose(() => {
      for (const input of this.#streams.values()) input.break()
    })
  }

  close(): void {
    this.#bytes.end()
  }

  async #take(frame: SpdyFrame, onStream: (stream: SpdyStream) => void): Promise<void> {
    switch (frame.type) {
      case 'syn-stream':
        await this.#open(frame, onStream)
        return
      case 'data': {
        const input = this.#streams.get(frame.stream)
        await input?.write(frame.data)
        if (frame.fin) input?.end()
        return
      }
      case 'rst-stream':
        this.#streams.get(frame.stream)?.break()
        this.#streams.delete(frame.stream)
        return
      case 'ping':
        await this.#bytes.write(this.#encoder.encode(frame))
        return
      case 'syn-reply':
      case 'goaway':
    }
  }

  async #open(frame: SpdyFrame & { type: 'syn-stream' }, onStream: (stream: SpdyStream) => void): Promise<void> {
    const { stream, headers, fin } = frame
    if (this.#streams.has(stream) || this.#streams.size >= streamLimit) {
      await this.#bytes.write(this.#encoder.encode({ type: 'rst-stream', stream, status: rstStatus.refusedStream }))
      return
    }
    const input = new Pipe()
    if (fin) input.end()
    this.#streams.set(stream, input)
    await this.#bytes.write(this.#encoder.encode({ type: 'syn-reply', stream, fin: false, headers: {} }))
    onStream({
      headers,
      input,
      write: (data) => this.#bytes.write(this.#encoder.encode({ type: 'data', stream, fin: false, data })),
      end: async () => {
        await this.#bytes.write(this.#encoder.encode({ type: 'data', stream, fin: true, data: Buffer.alloc(0) }))
        this.#streams.delete(stream)
      },
    })
  }
}
