import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { InputToken } from '../../src/model/chrome.ts'
import { InputTokenizer } from '../../src/terminal/input.ts'

function tokens(input: string | Uint8Array, size = Infinity): InputToken[] {
  const bytes = Buffer.from(input as string)
  const tokenizer = new InputTokenizer()
  const found: InputToken[] = []
  for (let at = 0; at < bytes.length; at += size) found.push(...tokenizer.push(bytes.subarray(at, at + size)))
  return [...found, ...tokenizer.flush()]
}

function words(input: string, size?: number): string[] {
  return tokens(input, size).map((token) => {
    if (token.kind === 'text' || token.kind === 'paste') return `${token.kind}:${token.text}`
    if (token.kind !== 'key') return token.kind
    return [token.ctrl && 'ctrl', token.alt && 'alt', token.shift && 'shift', token.name].filter(Boolean).join('-')
  })
}

const cases: readonly (readonly [string, readonly string[]])[] = [
  ['\x1d', ['ctrl-]']],
  ['\r\t\x7f\x03\x00', ['enter', 'tab', 'backspace', 'ctrl-c', 'ctrl-space']],
  ['\x1b[A\x1bOB\x1b[1;5C\x1b[1;2D', ['up', 'down', 'ctrl-right', 'shift-left']],
  ['\x1bOP\x1b[15~\x1b[24;3~\x1b[Z', ['f1', 'f5', 'alt-f12', 'shift-tab']],
  ['\x1b[3~\x1b[5~\x1b[H\x1bOF', ['delete', 'pageup', 'home', 'end']],
  ['\x1bx\x1b\r\x1bä', ['alt-x', 'alt-enter', 'alt-ä']],
  ['\x1b\x1b[A', ['escape', 'up']],
  ['\x1b[<0;10;20M\x1b[M !!\x1b[32;3;4M', ['mouse', 'mouse', 'mouse']],
  ['\x1b[I\x1b[O', ['focus', 'focus']],
  ['\x1b[24;80R\x1b[?62;1c\x1b[?2026;2$y\x1b]11;rgb:0/0/0\x07\x1bP1$r0m\x1b\\', Array(5).fill('reply')],
  ['\x1b[200~a\x1d\x1b[A\r\x1b[201~', ['paste:a\x1d\x1b[A\r']],
  ['\x1b', ['escape']],
  ['\x1b]', ['alt-]']],
  ['\x1b[99;99z', ['unknown']],
]

describe('the tokenizer', () => {
  for (const [input, expected] of cases) {
    test(`${JSON.stringify(input)} whole and byte by byte`, () => {
      expect(words(input)).toEqual(expected)
      expect(words(input, 1)).toEqual(expected)
    })
  }

  test('text keeps its characters together across chunks', () => {
    expect(words('grüße 語😀', 1).join('').replaceAll('text:', '')).toBe('grüße 語😀')
  })

  test('loses and adds no byte, whatever comes and however it is split', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        '\x1b',
        '\x1b[',
        '\x1b[200~',
        '\x1b[201~',
        '\x1b]',
        '\x1b\\',
        '\x07',
        '\x1bO',
        '\x1d',
        'ä',
        'a',
        '[M',
      ),
      fc.string({ maxLength: 6, unit: 'binary' }),
    )
    fc.assert(
      fc.property(fc.array(piece), fc.integer({ min: 1, max: 9 }), fc.boolean(), (pieces, size, invalid) => {
        const input = Buffer.concat([Buffer.from(pieces.join('')), Buffer.from(invalid ? [0xff, 0xc3] : [])])
        const closed = Buffer.concat([input, Buffer.from('\x1b[201~')])
        expect(Buffer.concat(tokens(closed, size).map(({ bytes }) => bytes))).toEqual(closed)
      }),
    )
  })

  test('a paste is one token whatever its size, and nothing in it is a key', () => {
    const text = 'x\x1d\r'.repeat(100_000)
    expect(words(`\x1b[200~${text}\x1b[201~\x1d`, 4096)).toEqual([`paste:${text}`, 'ctrl-]'])
  })
})
