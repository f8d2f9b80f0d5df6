import xterm from '@xterm/headless'
import { describe, expect, test } from 'vitest'
import { boundMarks, MarkSweep } from '../../src/terminal/bounds.ts'
import { withTodaysWidths } from '../support/widths.ts'

const mark = '\u0301'

describe('marks on a letter', () => {
  test('are as many as a person could want, and whole characters', () => {
    expect(boundMarks(`e${mark}`)).toBe(`e${mark}`)
    expect(boundMarks(`e${mark.repeat(1_000)}`)).toBe(`e${mark.repeat(63)}`)
    expect(boundMarks(`e${'\u{1e8d0}'.repeat(40)}`)).toBe(`e${'\u{1e8d0}'.repeat(31)}`)
  })

  test('do not fill the memory, on either screen', async () => {
    const terminal = withTodaysWidths(new xterm.Terminal({ cols: 10, rows: 3, allowProposedApi: true }))
    const sweep = new MarkSweep(terminal)
    const write = (text: string) => new Promise<void>((resolve) => terminal.write(text, resolve))
    await write(`a${mark.repeat(9_000)}\x1b[?1049h\x1b[Hb${mark.repeat(9_000)}`)
    const { normal, alternate } = terminal.buffer
    const lengths = () => [normal, alternate].map((buffer) => buffer.getLine(0)?.getCell(0)?.getChars().length)
    expect(lengths()).toEqual([9_001, 9_001])
    sweep.count(8 << 20)
    expect(lengths()).toEqual([64, 64])
  })
})
