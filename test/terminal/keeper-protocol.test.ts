import fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodeFrame, frameKinds, FrameReader, type FrameKind } from '../../src/terminal/keeper-protocol.ts'

const frames = fc.array(fc.tuple(fc.constantFrom(...frameKinds), fc.uint8Array({ maxLength: 300 })), { maxLength: 12 })

/** Output is a stream: where one frame of it ends and the next one begins says nothing. */
function asStream(some: readonly [FrameKind, readonly number[]][]): [FrameKind, number[]][] {
  const joined: [FrameKind, number[]][] = []
  for (const [kind, payload] of some) {
    const last = joined.at(-1)
    if (kind === 'output' && last?.[0] === 'output') last[1].push(...payload)
    else if (kind !== 'output' || payload.length > 0) joined.push([kind, [...payload]])
  }
  return joined
}

test('frames come through as they were, however they are cut', () => {
  fc.assert(
    fc.property(frames, fc.integer({ min: 1, max: 64 }), (sent, size) => {
      const bytes = Buffer.concat(sent.map(([kind, payload]) => encodeFrame(kind, payload)))
      const reader = new FrameReader()
      const got: [FrameKind, number[]][] = []
      for (let at = 0; at < bytes.length; at += size) {
        for (const { kind, payload } of reader.push(bytes.subarray(at, at + size))) got.push([kind, [...payload]])
      }
      expect(asStream(got)).toEqual(asStream(sent.map(([kind, payload]) => [kind, [...payload]])))
    }),
  )
})

test.each([
  ['an unknown kind', Buffer.from([99, 0, 0, 0, 1, 0])],
  ['a length that nobody sends', Buffer.from([1, 0xff, 0xff, 0xff, 0xff])],
])('%s is refused', (_what, bytes) => {
  expect(() => new FrameReader().push(bytes)).toThrow('no keeper of a shell')
})

test('no bytes make the reader throw anything but its own error', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        new FrameReader().push(bytes)
      } catch (thrown) {
        expect(thrown).toMatchObject({ code: 'ERR_TERMINAL' })
      }
    }),
  )
})
