import { Fault } from '../model/fault.ts'
import type { Session } from '../model/session.ts'

/**
 * What a keeper and a face say to each other over a Unix socket: frames of one byte for the kind, four for the length
 * (big-endian), and that many bytes.
 */
export type FrameKind =
  | 'hello'
  | 'output'
  | 'exit'
  | 'taken'
  | 'input'
  | 'resize'
  | 'pause'
  | 'resume'
  | 'hangup'
  /** The first frame of a face; who connects and does not say it only asked whether somebody is there. */
  | 'attach'

export interface Frame {
  readonly kind: FrameKind
  readonly payload: Buffer
}

/** The first frame of a keeper: what runs, and the file in which its output so far is recorded. */
export interface Hello {
  readonly session: Session
  readonly recording: string
  /** So far (bytes) the recording holds what was put out before this face came; what follows is sent to it. */
  readonly recordedBytes: number
  /** False for the first face, which misses nothing. */
  readonly hasHistory: boolean
  readonly pid: number
}

/** The last frame of a keeper. */
export interface Exit {
  readonly exitStatus: number
  readonly counts: Session['counts']
  /** Why the session was ended, when it was not the program's own doing. */
  readonly fault?: { readonly code: string; readonly message: string; readonly advice: string }
}

/** By their numbers on the wire. */
export const frameKinds: readonly FrameKind[] = [
  'hello',
  'output',
  'exit',
  'taken',
  'input',
  'resize',
  'pause',
  'resume',
  'hangup',
  'attach',
]
const HEADER_BYTES = 5
/** Far above what a pty or a terminal hands over at once. */
const MAX_PAYLOAD_BYTES = 64 * 1024 * 1024

export function encodeFrame(kind: FrameKind, payload: Uint8Array | string = ''): Buffer {
  const body = typeof payload === 'string' ? Buffer.from(payload) : payload
  return Buffer.concat([frameHeader(kind, body.length), body])
}

/** What goes before a payload of so many bytes. */
export function frameHeader(kind: FrameKind, bytes: number): Buffer {
  const header = Buffer.allocUnsafe(HEADER_BYTES)
  header[0] = frameKinds.indexOf(kind)
  header.writeUInt32BE(bytes, 1)
  return header
}

/**
 * Puts frames together from chunks that are cut anywhere; output comes in pieces as it arrives, and is not copied. Throws
 * ERR_TERMINAL for what is no frame.
 */
export class FrameReader {
  /** The beginning of a frame. */
  #begun: Buffer = Buffer.alloc(0)
  /** Bytes of output that belong to the last frame and are still to come. */
  #outputLeft = 0

  push(chunk: Uint8Array): Frame[] {
    const frames: Frame[] = []
    let rest = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length)
    while (rest.length > 0) {
      if (this.#outputLeft > 0) {
        const payload = rest.subarray(0, this.#outputLeft)
        this.#outputLeft -= payload.length
        frames.push({ kind: 'output', payload })
        rest = rest.subarray(payload.length)
        continue
      }
      const found = this.#next(rest)
      if (found === undefined) break
      if (found.frame !== undefined) frames.push(found.frame)
      rest = found.rest
    }
    return frames
  }

  /** The frame that `more` ends, if it is one of output only its header, and what follows. */
  #next(more: Buffer): { readonly frame?: Frame; readonly rest: Buffer } | undefined {
    const whole = this.#begun.length === 0 ? more : Buffer.concat([this.#begun, more])
    this.#begun = whole
    if (whole.length < HEADER_BYTES) return undefined
    const kind = frameKinds[whole[0] ?? frameKinds.length]
    const length = whole.readUInt32BE(1)
    if (kind === undefined || length > MAX_PAYLOAD_BYTES) throw noFrame()
    const end = HEADER_BYTES + length
    if (kind !== 'output' && whole.length < end) return undefined
    this.#begun = Buffer.alloc(0)
    if (kind !== 'output')
      return { frame: { kind, payload: whole.subarray(HEADER_BYTES, end) }, rest: whole.subarray(end) }
    this.#outputLeft = length
    return { rest: whole.subarray(HEADER_BYTES) }
  }
}

function noFrame(): Fault {
  return new Fault('ERR_TERMINAL', 'What answers there is no keeper of a shell of this version.', {
    advice: 'Leave that shell and open a new one.',
  })
}
