import fc from 'fast-check'
import { expect, test } from 'vitest'
import { plain, plainLines } from '../../../ui/words/plain.ts'

test.each([
  ['a name', 'shop-staging', 'shop-staging'],
  ['other scripts', 'Käse 日本語 Ελλάδα', 'Käse 日本語 Ελλάδα'],
  ['an escape sequence', '\u001b[31mred', '\\x1b[31mred'],
  ['a C1 control sequence', '\u009b2J', '\\u009b2J'],
  ['a bidi override', 'shop\u202egnigats', 'shop\\u202egnigats'],
  ['bidi isolates', '\u2066a\u2069', '\\u2066a\\u2069'],
  ['a zero-width space', 'kube\u200bsystem', 'kube\\u200bsystem'],
  ['a Hangul filler that looks like a space', 'a\u3164b', 'a\\u3164b'],
  ['a line separator', 'a\u2028b', 'a\\u2028b'],
  ['line ends and tabs', 'a\r\n\tb', 'a\\r\\n\\tb'],
  ['a tag character', '\u{e0041}', '\\u{e0041}'],
  ['a lone surrogate', 'a\ud800', 'a\ufffd'],
  ['a mark with nothing to stand on', '\u0301a', '\\u0301a'],
  ['marks piled up to hide other rows', 'a\u0301\u0301\u0301\u0301', 'a\u0301\u0301\u0301\\u0301'],
])('%s', (_name, given, shown) => {
  expect(plain(given)).toBe(shown)
})

test('nothing that acts on a terminal or hides is left, whatever comes', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
      const shown = plain(text)
      expect(shown).not.toMatch(/[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u)
      expect(plain(shown)).toBe(shown)
    }),
  )
})

test('a body keeps its lines and nothing else', () => {
  expect(plainLines('{\n\t"a": "\u001b]52;c;eA==\u0007"\r\n}')).toEqual(['{', '  "a": "\\x1b]52;c;eA==\\x07"', '}'])
})
