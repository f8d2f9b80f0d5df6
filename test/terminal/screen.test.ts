import type xterm from '@xterm/headless'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ChromeFrame } from '../../src/model/chrome.ts'
import { Bench, chrome, rows } from './screen-bench.ts'

const sequence = fc.oneof(
  fc.constantFrom(
    '\r\n',
    '\n',
    '\x1b[2J',
    '\x1b[H',
    '\x1b[K',
    '\x1bc',
    '\x1b[?1049h',
    '\x1b[?1049l',
    '\x1b[L',
    '\x1b[3P',
  ),
  fc.constantFrom('\x1b[1;31m', '\x1b[48;5;200m', '\x1b[38;2;1;2;3m', '\x1b[7m', '\x1b[0m', '\x1b[2;4r', '\x1b[?6h'),
  fc.constantFrom(
    '語',
    '😀',
    'é',
    'e\u0301',
    '日本語日本語日本語日本',
    '\t',
    '\x08',
    'a long line that wraps at the edge',
  ),
  fc.tuple(fc.integer({ min: 1, max: 99 }), fc.integer({ min: 1, max: 99 })).map(([y, x]) => `\x1b[${y};${x}H`),
  fc.string({ maxLength: 12 }),
)

/** The characters of the cells that carry a link. */
function linkedText(terminal: xterm.Terminal): string {
  const { active } = terminal.buffer
  const scratch = active.getNullCell()
  let text = ''
  for (let row = 0; row < terminal.rows; row += 1) {
    for (let col = 0; col < terminal.cols; col += 1) {
      const cell = active.getLine(active.baseY + row)?.getCell(col, scratch) as unknown as
        { readonly bg: number; readonly extended: { readonly urlId: number }; getChars(): string } | undefined
      if (cell !== undefined && (cell.bg & 0x1000_0000) !== 0 && cell.extended.urlId !== 0) text += cell.getChars()
    }
  }
  return text
}

describe('the screen', () => {
  test('shows on the terminal what the program wrote, cell for cell, and the status row below', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(sequence, { maxLength: 12 }), { minLength: 1, maxLength: 6 }),
        async (frames) => {
          const bench = new Bench()
          for (const frame of frames) {
            await bench.show(Buffer.from(frame.join('')))
            expect(bench.shown()).toEqual(bench.expected())
            expect(bench.row(rows - 1)).toBe('status')
          }
        },
      ),
      { numRuns: 150 },
    )
  })

  test('the drawer covers the rows above the status row, and says when it changed', async () => {
    const bench = new Bench()
    await bench.show(Buffer.from('1\r\n2\r\n3\r\n4\r\n5'))
    const open: ChromeFrame = {
      ...chrome,
      drawerRows: ['\x1b[1mone', 'two'],
      focused: true,
      cursor: { row: 1, col: 2 },
    }
    const changes: boolean[] = []
    for (const next of [open, open, { ...open, drawerRows: ['one', 'two'] }, chrome]) {
      await bench.frame(next)
      const frame = bench.sent.findLast((message) => message.type === 'frame')
      changes.push(frame?.drawerChanged ?? false)
      if (next !== open) continue
      expect([3, 4, 5].map((y) => bench.row(y))).toEqual(['one', 'two', 'status'])
      expect([bench.terminal.buffer.active.cursorY, bench.terminal.buffer.active.cursorX]).toEqual([4, 2])
    }
    expect(changes).toEqual([true, false, true, true])
    expect(bench.shown()).toEqual(bench.expected())
  })

  test('an update the program holds back is shown when it ends, and after 150 ms at the latest', async () => {
    const bench = new Bench()
    await bench.show(Buffer.from('before'))
    await bench.show(Buffer.from('\x1b[?2026h\x1b[2J\x1b[Hafter'))
    expect(bench.shown()).toEqual(bench.expected())
  })

  test('links and underlines arrive as they were written, and end where they end', async () => {
    const bench = new Bench()
    const link = '\x1b]8;id=a;https://example.com/a;b\x1b\\a link\x1b]8;;\x1b\\'
    await bench.show(Buffer.from(`${link} b\x1b[4:3;58:2::1:2:3mcurly\x1b[59md\x1b[0me`))
    expect(bench.shown()).toEqual(bench.expected())
    const text = bench.sent.map((message) => (message.type === 'frame' ? message.text : '')).join('')
    expect(text).toContain('\x1b]8;id=chaperone-1;https://example.com/a;b\x1b\\')
    expect(text).toContain('\x1b[0;4m\x1b[4:3;58:2::1:2:3mcurly')
    expect(linkedText(bench.terminal)).toBe('a link')
    expect(linkedText(bench.model)).toBe('a link')
  })

  test('a link without end covers what follows, but neither the status row nor what a later frame draws', async () => {
    const bench = new Bench()
    await bench.show(Buffer.from('\x1b]8;;https://example.com\x07first'))
    await bench.frame({ ...chrome, statusRow: 'another' })
    expect(linkedText(bench.terminal)).toBe('first')
    await bench.show(Buffer.from(`\x1b]8;;https://example.com/${'x'.repeat(5_000)}\x07\r\nlong`))
    expect(linkedText(bench.terminal)).toBe('first')
  })

  test.each([
    [24, '0;1;4;38;2;255;0;0;48;5;196', '4:3;58:2::0:255:0'],
    [8, '0;1;4;38;5;196;48;5;196', '4:3;58:5:46'],
    [4, '0;1;4;91;101', undefined],
  ] as const)('a terminal of %d bits of colour gets the nearest it can show', async (depth, ordinary, underline) => {
    const bench = new Bench({ depth })
    await bench.show(Buffer.from('\x1b[1;4:3;38;2;255;0;0;48;5;196;58:2::0:255:0mloud\x1b[0;31;97mq'))
    const text = bench.sent.map((message) => (message.type === 'frame' ? message.text : '')).join('')
    expect(text).toContain(`\x1b[${ordinary}m${underline === undefined ? '' : `\x1b[${underline}m`}loud`)
    expect(text).toContain('\x1b[0;97mq')
  })

  test('a program rings at most ten times a second', async () => {
    const bench = new Bench()
    await bench.show(Buffer.from('\x07'.repeat(50)))
    const text = bench.sent.map((message) => (message.type === 'frame' ? message.text : '')).join('')
    expect(text.split('\x07').length - 1).toBe(1)
  })
})
