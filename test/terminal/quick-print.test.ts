// oxlint-disable-next-line import/default -- a CommonJS package: what it exports is the default
import unicode11 from '@xterm/addon-unicode11'
import xterm from '@xterm/headless'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { printQuickly } from '../../src/terminal/quick-print.ts'

const size = { cols: 20, rows: 4, scrollback: 6 }

function terminal(): xterm.Terminal {
  const made = new xterm.Terminal({ ...size, allowProposedApi: true, logLevel: 'off' })
  made.loadAddon(new unicode11.Unicode11Addon())
  made.unicode.activeVersion = '11'
  return made
}

interface Line {
  readonly isWrapped: boolean
  readonly _data: Uint32Array
  readonly _combined: Record<number, string>
}

/** All that xterm keeps of its screens, and where the next character goes. */
function everything(of: xterm.Terminal): unknown {
  const { normal, alternate } = of.buffer
  return [normal, alternate].map((buffer) => [
    buffer.cursorX,
    buffer.cursorY,
    Array.from({ length: buffer.length }, (_, y) => {
      const line = (buffer.getLine(y) as unknown as { _line: Line } | undefined)?._line
      const chars = Array.from({ length: size.cols }, (__, x) => buffer.getLine(y)?.getCell(x)?.getChars())
      return [line?.isWrapped, [...(line?._data ?? [])], chars]
    }),
  ])
}

const plain = fc.stringMatching(/^[ -~]{0,70}$/)
const pieces = fc.constantFrom(
  ...['日本', 'é', 'e\u0301', '👩‍🚀', '\u0301', '\x7f', '\r\n', '\n', '\t', '\b', '\r', 'abcdefghij日', '\x1b[3b'],
  ...['\x1b[31m', '\x1b[0m', '\x1b[4:3m', '\x1b[48;2;1;2;3m', '\x1b]8;;http://x\x07', '\x1b]8;;\x07'],
  ...['\x1b[4h', '\x1b[4l', '\x1b(0', '\x1b(B', '\x0e', '\x0f', '\x1b[?7l', '\x1b[?7h', '\x1b[?1049h', '\x1b[?1049l'],
  ...['\x1b[2;3r', '\x1b[r', '\x1b[?6h', '\x1b[?6l', '\x1b[H', '\x1b[2;19H', '\x1b[3P', '\x1b[K', '\x1b[2J', '\x1bc'],
)
const output = fc.array(fc.oneof({ weight: 3, arbitrary: plain }, pieces), { maxLength: 40 })

test('what stands on the screen is what xterm alone would have put there, to the last bit', async () => {
  await fc.assert(
    fc.asyncProperty(output, async (written) => {
      const [quick, slow] = [terminal(), terminal()]
      printQuickly(quick)
      for (const text of written) {
        const done = [quick, slow].map((one) => new Promise<void>((resolve) => one.write(text, resolve)))
        await Promise.all(done)
        expect(everything(quick)).toEqual(everything(slow))
      }
    }),
    { numRuns: 150 },
  )
})

test('long lines, and a wide character under each place of a run', async () => {
  const [quick, slow] = [terminal(), terminal()]
  printQuickly(quick)
  const under = Array.from({ length: 12 }, (_, x) => `\x1b[1;1H${'日'.repeat(10)}\x1b[1;${x + 1}Habcdefghi`)
  const text = ['x'.repeat(500), ...under, `${'y'.repeat(19)}日z`, `${'y'.repeat(20)}\u0301z`].join('')
  for (const one of [quick, slow]) await new Promise<void>((resolve) => one.write(text, resolve))
  expect(everything(quick)).toEqual(everything(slow))
})
