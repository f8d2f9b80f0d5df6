import fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodeFrame, frameKinds, FrameReader, type FrameKind } from '../../src/terminal/keeper-protocol.ts'

const frames = fc.array(fc.tuple(fc.constantFrom(...frameKinds), fc.uint8Array({ maxLength: 300 })), { maxLength: 12 })

test('frames come through as they were, however they are cut', () => {
  fc.assert(
    fc.property(frames, fc.integer({ min: 1, max: 64 }), (sent, size) => {
      const bytes = Buffer.concat(sent.map(([kind, payload]) => encodeFrame(kind, payload)))
      const reader = new FrameReader()
      const got: [FrameKind, number[]][] = []
      for (let at = 0; at < bytes.length; at += size) {
        for (const { kind, payload } of reader.push(bytes.subarray(at, at + size))) got.push([kind, [...payload]])
      }
      expect(got).toEqual(sent.map(([kind, payload]) => [kind, [...payload]]))
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
