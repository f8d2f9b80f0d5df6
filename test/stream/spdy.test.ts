import { crc32, deflateSync, inflateSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { dictionary } from '../../src/stream/spdy/dictionary.ts'
import { SpdyError } from '../../src/stream/spdy/failure.ts'
import { SpdyDecoder, SpdyEncoder, type SpdyFrame } from '../../src/stream/spdy/frames.ts'

const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/)
const value = fc.stringMatching(/^[ -~]{0,40}$/)
const headers = fc.dictionary(name, fc.array(value, { minLength: 1, maxLength: 3 }), { maxKeys: 6 })
const stream = fc.integer({ min: 1, max: 0x7f_ff_ff_ff })
const uint32 = fc.integer({ min: 0, max: 0xff_ff_ff_ff })
const status = fc.integer({ min: 0, max: 11 })

const frame: fc.Arbitrary<SpdyFrame> = fc.oneof(
  fc.record({ type: fc.constant('syn-stream' as const), stream, fin: fc.boolean(), headers }),
  fc.record({ type: fc.constant('syn-reply' as const), stream, fin: fc.boolean(), headers }),
  fc.record({
    type: fc.constant('data' as const),
    stream,
    fin: fc.boolean(),
    data: fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes)),
  }),
  fc.record({ type: fc.constant('rst-stream' as const), stream, status }),
  fc.record({ type: fc.constant('ping' as const), id: uint32 }),
  fc.record({ type: fc.constant('goaway' as const), lastStream: stream, status }),
)

/** Frames as a reader understands them: data of one stream that comes in a row is one piece, ended by its fin. */
function meaning(frames: readonly SpdyFrame[]): unknown[] {
  const said: unknown[] = []
  let open: { stream: number; data: string; fin: boolean } | undefined
  for (const one of frames) {
    if (one.type !== 'data') {
      open = undefined
      said.push(JSON.parse(JSON.stringify(one)))
      continue
    }
    if (open === undefined || open.stream !== one.stream || open.fin) {
      open = { stream: one.stream, data: '', fin: false }
      said.push(open)
    }
    open.data += one.data.toString('hex')
    open.fin = one.fin
  }
  return said
}

function encoded(frames: readonly SpdyFrame[]): Buffer {
  const encoder = new SpdyEncoder()
  return Buffer.concat(frames.map((one) => encoder.encode(one)))
}

test('the dictionary is the one of SPDY/3.1', () => {
  expect(dictionary.length).toBe(1423)
  expect(crc32(dictionary)).toBe(crc32(Buffer.from(dictionary)))
  // A zlib stream names its dictionary by Adler-32 (RFC 1950 section 2.2).
  expect(deflateSync('x', { dictionary }).readUInt32BE(2)).toBe(0xe3c6a7c2)
})

test('what is written is read again, whole and byte by byte', () => {
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 12 }), (frames) => {
      const bytes = encoded(frames)
      expect(meaning(new SpdyDecoder().push(bytes))).toEqual(meaning(frames))
      const decoder = new SpdyDecoder()
      const pieces = [...bytes].flatMap((byte) => decoder.push(Uint8Array.of(byte)))
      expect(meaning(pieces)).toEqual(meaning(frames))
    }),
    { numRuns: 60 },
  )
})

test('long data is sent in small frames, and only the last one ends the stream', () => {
  const data = Buffer.alloc(100_000, 7)
  const frames = new SpdyDecoder().push(new SpdyEncoder().encode({ type: 'data', stream: 5, fin: true, data }))
  const ends = frames.map((one) => one.type === 'data' && one.fin)
  expect(ends).toEqual([false, false, false, true])
  expect(Buffer.concat(frames.map((one) => (one.type === 'data' ? one.data : Buffer.alloc(0))))).toEqual(data)
})

test('a header block is what other implementations of zlib read', () => {
  const bytes = new SpdyEncoder().encode({
    type: 'syn-reply',
    stream: 1,
    fin: false,
    headers: { streamtype: ['error'] },
  })
  const block = inflateSync(bytes.subarray(12), { dictionary, finishFlush: 2 })
  expect(block.toString('latin1')).toBe('\0\0\0\x01\0\0\0\x0astreamtype\0\0\0\x05error')
})

test('whatever comes, it is frames or a SpdyError', () => {
  fc.assert(
    fc.property(
      fc.array(frame, { maxLength: 4 }),
      fc.nat(),
      fc.uint8Array({ maxLength: 60 }),
      (frames, place, noise) => {
        const bytes = encoded(frames)
        const at = bytes.length === 0 ? 0 : place % bytes.length
        const spoiled = Buffer.concat([bytes.subarray(0, at), noise, bytes.subarray(at)])
        try {
          new SpdyDecoder().push(spoiled)
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(SpdyError)
        }
      },
    ),
  )
})

test('a header block that grows without end is refused', () => {
  const huge = { streamtype: ['x'.repeat(50_000)] }
  const bytes = new SpdyEncoder().encode({ type: 'syn-stream', stream: 1, fin: false, headers: huge })
  expect(() => new SpdyDecoder().push(bytes)).toThrow(SpdyError)
})

test('a control frame that announces more than is taken is refused before it comes', () => {
  expect(() => new SpdyDecoder().push(Buffer.from('80030001' + '00ffffff', 'hex'))).toThrow(/too long/)
})
