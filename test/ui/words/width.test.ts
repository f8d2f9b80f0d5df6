import fc from 'fast-check'
import { expect, test } from 'vitest'
import { plain } from '../../../ui/words/plain.ts'
import { dropLast, pad, truncate, truncateStart, width, wrap } from '../../../ui/words/width.ts'

const words = fc
  .array(fc.oneof(fc.string({ unit: 'grapheme', maxLength: 12 }), fc.constantFrom(' ', '日本', 'e\u0301', 'shop')))
  .map((parts) => plain(parts.join('')))
// One character with all its marks takes at most five cells, and no screen of ours has fewer for text.
const cells = fc.integer({ min: 6, max: 40 })

test('wide letters count two cells and combining marks none', () => {
  expect([width('日本'), width('e\u0301'), width('shop')]).toEqual([4, 1, 4])
})

test('a wide letter is never cut in half', () => {
  expect(truncate('日本語です', 6)).toBe('日本…')
  expect(truncateStart('日本語です', 6)).toBe('…です')
  expect(pad('日本語です', 6)).toBe('日本… ')
})

test('cut and filled text fits', () => {
  fc.assert(
    fc.property(words, cells, (text, room) => {
      expect(width(truncate(text, room))).toBeLessThanOrEqual(room)
      expect(width(truncateStart(text, room))).toBeLessThanOrEqual(room)
      expect(width(pad(text, room))).toBe(room)
    }),
  )
})

test('wrapped lines fit and lose nothing but spaces', () => {
  fc.assert(
    fc.property(words, cells, (text, room) => {
      const lines = wrap(text, room)
      for (const line of lines) expect(width(line)).toBeLessThanOrEqual(room)
      expect(lines.join('').replaceAll(' ', '')).toBe(text.replaceAll(' ', ''))
    }),
  )
})

test('breaks at spaces, and inside a word only where it must', () => {
  expect(wrap('a namespace goes', 11)).toEqual(['a namespace', 'goes'])
  expect(wrap('  "key": "abcdefghijkl"', 10)).toEqual(['  "key": "', 'abcdefghij', 'kl"'])
  expect(wrap('', 10)).toEqual([''])
})

test('erasing takes what a person sees as one character', () => {
  expect(dropLast('cafe\u0301')).toBe('caf')
  expect(dropLast('')).toBe('')
})
