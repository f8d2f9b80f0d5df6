import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Bench, rows } from './screen-bench.ts'

/** All that may ever go to the real terminal: printables, cell addresses, looks, links, our title, modes we know. */
const outward = new RegExp(
  [
    '[^\\x00-\\x1f\\x7f-\\x9f]',
    '[\\n\\r\\x07]',
    '\\x1b\\[\\d+;\\d+H',
    '\\x1b\\[[\\d;:]*m',
    '\\x1b\\[[JK]',
    '\\x1b\\[\\?(?:1|7|9|25|1000|1002|1003|1004|1006|1015|1016|1049|2004|2026)[hl]',
    '\\x1b[=>]',
    '\\x1b\\[\\d q',
    '\\x1b\\[2[23];2t',
    '\\x1b\\]8;(?:;|id=chaperone-\\d+;[^\\x00-\\x1f\\x7f-\\x9f]+)\\x1b\\\\',
    '\\x1b\\]2;chaperone: [^\\x00-\\x1f\\x7f-\\x9f]{0,120}\\x07',
  ].join('|'),
  'gu',
)

function framesOf(bench: Bench): string {
  return bench.sent.map((message) => (message.type === 'frame' || message.type === 'left' ? message.text : '')).join('')
}

function expectOurs(bench: Bench): void {
  expect(framesOf(bench).replace(outward, '')).toBe('')
  expect(bench.row(rows - 1)).toBe('status')
}

const csi = fc
  .tuple(
    fc.constantFrom('', '?', '>', '=', '<', '!'),
    fc.array(fc.oneof(fc.nat(3000), fc.constantFrom('', '4:3', '2147483648')), { maxLength: 6 }),
    fc.constantFrom('', ' ', '$', '"', "'", '*', '#'),
    fc.constantFrom(...'@ABCDEFGHIJKLMPQRSTXZ`abcdefghilmnopqrstuvwxyz{|}~'),
  )
  .map(([prefix, params, intermediate, final]) => `\x1b[${prefix}${params.join(';')}${intermediate}${final}`)
const string = fc
  .tuple(
    fc.constantFrom('\x1b]', '\x1bP', '\x1b_', '\x1b^', '\x1bX', '\x9d', '\x90'),
    fc.constantFrom(
      '',
      '0;',
      '2;',
      '4;1;',
      '8;;',
      '8;id=1;',
      '10;',
      '11;?',
      '52;c;',
      '52;c;?',
      '104',
      '1337;',
      '$q',
      'q#0',
    ),
    fc.string({ unit: 'binary', maxLength: 20 }),
    fc.constantFrom('\x07', '\x1b\\', '\x9c', '', '\x18', '\x1b'),
  )
  .map((parts) => parts.join(''))
const hostile: fc.Arbitrary<Buffer> = fc.oneof(
  csi.map((text) => Buffer.from(text)),
  string.map((text) => Buffer.from(text)),
  string.map((text) => Buffer.from(text, 'latin1')),
  fc
    .tuple(fc.constantFrom('', '#', '(', ')', '%', ' '), fc.constantFrom(...'0123456789ABDEFGHMNOVWXZc=<>|}~'))
    .map((parts) => Buffer.from(`\x1b${parts.join('')}`)),
  fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes)),
  fc.string({ unit: 'grapheme', maxLength: 24 }).map((text) => Buffer.from(text)),
)

describe('a hostile program', () => {
  test('draws no cell of the status row and sends nothing of its own to the terminal', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(hostile, { maxLength: 15 }), { minLength: 1, maxLength: 4 }),
        async (frames) => {
          const bench = new Bench()
          for (const frame of frames) {
            await bench.show(Buffer.concat(frame))
            expectOurs(bench)
            expect(bench.shown()).toEqual(bench.expected())
          }
        },
      ),
      { numRuns: 400 },
    )
  })

  const long = 'x'.repeat(200_000)
  test.each([
    ['an operating system command without end', `\x1b]0;${long}`],
    ['a title of 200 kB', `\x1b]2;${long}\x07`],
    ['a device control string without end', `\x1bPq#0;2;0;0;0${long}`],
    ['an image for kitty without end', `\x1b_Ga=T,f=100;${long}`],
    ['an image for iTerm', `\x1b]1337;File=inline=1:${long}\x07`],
    ['a start of string without end', `\x1bX${long}`],
    ['a privacy message without end', `\x1b^${long}`],
    ['10,000 parameters', `\x1b[${'1;'.repeat(10_000)}m`],
    ['10,000 sub-parameters', `\x1b[4${':3'.repeat(10_000)}m`],
    ['a number without end', `\x1b[${'9'.repeat(100_000)}H`],
    ['a place outside', '\x1b[999;1Hprogram'],
    ['margins over our row', '\x1b[1;999r\x1b[999;1Hprogram\n\n\nprogram'],
    ['margins and origin mode', '\x1b[2;999r\x1b[?6h\x1b[999;1Hprogram\x1b[?69h\x1b[3;5s'],
    ...[...'@ABCDEFGHIJKLMPQRSTXZ`abcdefghijklmnopqrstuvwxyz'].map((final): [string, string] => [
      `CSI ${final} two thousand million times`,
      `x\x1b[2147483647${final}`,
    ]),
    ['a reset in an operating system command', '\x1b]2;a\x1bc'],
    ['a reset on the alternate screen', '\x1b[?1049hprogram\x1bc'],
    ['a reset inside a held update', '\x1b[?2026hprogram\x1bc'],
    ['a soft reset', '\x1b[2;4r\x1b[?25l\x1b[!p'],
    ['a resize', '\x1b[8;3;3t\x1b[?3h\x1b[?40h\x1b[?3h'],
    ['controls of eight bits', '\u009b999;1Hprogram\u009d2;title\u009c\u0090q\u009c\u0084\u008d\u0085'],
    ['bytes that are no UTF-8', Buffer.from('c0aff5fffec328a0a1e228a1f0288cbcedA080'.toLowerCase(), 'hex')],
    ['halves of wide characters', `\u{16fe0}  \u{16fe0}${' '.repeat(15)}\x1b['}\x1b[1;2H\x1b[@\x1b[P`],
    ['zero bytes and deletes', '\0\0\x7f\x7fa\0b\x7f'],
    ['an alignment pattern', '\x1b#8\x1b[999;1H\x1b#3\x1b#6'],
    ['a thousand alternate screens', '\x1b[?1049h\x1b[?47h\x1b[?1047l\x1b[?1049l'.repeat(1_000)],
    ['a status of its own', '\x1b[?25l\x1b]2;\x1b\\\x1b[5mchaperone\x1b[999B\r\n\n\n'],
    ['a clipboard that is asked for', '\x1b]52;c;?\x07\x1b]52;p;?\x1b\\'],
    ['a wide character at the edge', `\x1b[999;20H漢\x1b[999;19H漢\x1b[?7l\x1b[999;20H漢`],
    ['marks without end on one letter', `a${'\u0301'.repeat(100_000)}`],
    ['text that runs from right to left', '\u202eprogram\u202d\u2066program'],
  ])('%s changes nothing of ours', async (_, output) => {
    const bench = new Bench()
    await bench.show(Buffer.from('before\r\n'))
    await bench.show(Buffer.from(output as string))
    expectOurs(bench)
    await bench.show(Buffer.from('\x18\x1b\\\x1bcafter'))
    expect(bench.row(0)).toBe('after')
    expectOurs(bench)
  })

  test('gets no answer that holds bytes of its own choice', async () => {
    const bench = new Bench()
    await bench.show(
      Buffer.from('\x1b]2;rm -rf\x07\x1b[21t\x1b[20t\x1b]0;?\x07\x1b]52;c;?\x07\x1bP+q726d\x1b\\\x1bP$qrm\x1b\\'),
    )
    const replies = bench.sent.map((message) => (message.type === 'reply' ? message.data : '')).join('')
    expect(replies).not.toContain('rm')
  })
})
