import fc from 'fast-check'
import xterm from '@xterm/headless'
import { describe, expect, test } from 'vitest'
import { RowReader } from '../../src/terminal/row-reader.ts'
import { readRows } from '../../src/terminal/rows.ts'
import { withTodaysWidths } from '../support/widths.ts'

const cols = 12
const rows = 5

function model() {
  return withTodaysWidths(new xterm.Terminal({ cols, rows, scrollback: 20, allowProposedApi: true }))
}

function write(terminal: xterm.Terminal, text: string): Promise<void> {
  return new Promise((resolve) => terminal.write(text, resolve))
}

/** What programs write, in small: plain and wide text, colours, links, underlines, moves, scrolling. */
const scrap = fc.oneof(
  fc.string({ maxLength: 8 }),
  fc.constantFrom(
    '漢字',
    'e\u0301',
    '👍🏽',
    '\r\n',
    '\n\n\n',
    '\x1b[H',
    '\x1b[2J',
    '\x1b[K',
    '\x1b[3;1H',
    '\x1b[L',
    '\x1b[M',
  ),
  fc.constantFrom('\x1b[0m', '\x1b[1;31m', '\x1b[38;5;77m', '\x1b[48;2;1;2;3m', '\x1b[4:3m', '\x1b[58;5;3m', '\x1b[7m'),
  fc.constantFrom('\x1b]8;;http://a\x07', '\x1b]8;;\x07', '\x1b[?1049h', '\x1b[?1049l', '\x1bc', '\x1b[2;4r', '\x1b[r'),
)

describe('reading rows with memory', () => {
  test('gives after every change what reading each cell anew gives', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(scrap, { maxLength: 30 }), fc.integer({ min: 5, max: 14 }), async (scraps, width) => {
        const terminal = model()
        const reader = new RowReader(terminal)
        for (const [index, text] of scraps.entries()) {
          if (index === 15) terminal.resize(width, rows)
          await write(terminal, text)
          const { baseY } = terminal.buffer.active
          expect(reader.read(baseY, rows, terminal.cols)).toEqual(readRows(terminal, baseY, rows, terminal.cols))
        }
        terminal.dispose()
      }),
      { numRuns: 150 },
    )
  })

  test('an unchanged line is the same row, also after it has moved up', async () => {
    const terminal = model()
    const reader = new RowReader(terminal)
    await write(terminal, 'one\r\ntwo\r\n\n\nlast')
    const before = reader.read(0, rows, cols)
    await write(terminal, '\r\n')
    const { baseY } = terminal.buffer.active
    expect(baseY).toBe(1)
    expect(reader.read(baseY, rows, cols)[0]).toBe(before[1])
  })
})
