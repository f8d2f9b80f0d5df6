// oxlint-disable-next-line import/default -- a CommonJS package: what it exports is the default
import xterm from '@xterm/headless'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { recallKeyframe, takeKeyframe } from '../../src/terminal/keyframe.ts'
import { Keyframes } from '../../src/terminal/keyframes.ts'

type Step = string | { readonly cols: number; readonly rows: number }

const sequences = [
  ...['a', 'long words that wrap at the edge ', '世界', 'e\u0301', '👩‍👩‍👧', '\r\n', '\n\n\n', '\t', '\b', '\r'],
  ...['\x1b[31;1;4:3m', '\x1b[48;2;1;2;3;7m', '\x1b[m', '\x1b[2;5r', '\x1b[r', '\x1b[?6h', '\x1b[?6l', '\x1b[?7l'],
  ...['\x1b[?7h', '\x1b[4h', '\x1b[4l', '\x1b[20h', '\x1b[20l', '\x1b[?1049h', '\x1b[?1049l', '\x1b[?47h', '\x1b[?47l'],
  ...['\x1b7', '\x1b8', '\x1b[s', '\x1b[u', '\x1b(0', '\x1b(B', '\x1b)0', '\x0e', '\x0f', '\x1bH', '\x1b[3g', '\x1b[g'],
  ...[
    '\x1b[3;4H',
    '\x1b[999;999H',
    '\x1b[2J',
    '\x1b[K',
    '\x1b[3L',
    '\x1b[2M',
    '\x1b[3@',
    '\x1b[2P',
    '\x1b[5b',
    '\x1bM',
  ],
  ...['\x1b]8;;https://a.example\x07', '\x1b]8;;\x07', '\x1bc', '\x1b[!p', '\x1b[3J', '\x1b[1"q', '\x1b[?45h'],
]
const step = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom<Step>(...sequences) },
  { weight: 1, arbitrary: fc.record({ cols: fc.integer({ min: 2, max: 20 }), rows: fc.integer({ min: 1, max: 9 }) }) },
)
const steps = fc.array(step, { maxLength: 40 })

function open(): xterm.Terminal {
  return new xterm.Terminal({ allowProposedApi: true, logLevel: 'off', cols: 12, rows: 6, scrollback: 8 })
}

async function play(terminal: xterm.Terminal, all: readonly Step[]): Promise<void> {
  for (const one of all) {
    if (typeof one === 'string') await new Promise<void>((done) => terminal.write(one, done))
    else terminal.resize(one.cols, one.rows)
  }
}

function picture(terminal: xterm.Terminal): unknown {
  return [terminal.buffer.normal, terminal.buffer.alternate].map((buffer) => ({
    places: [buffer.cursorX, buffer.cursorY, buffer.baseY, buffer.viewportY, buffer.length],
    lines: Array.from({ length: buffer.length }, (_, y) => {
      const line = buffer.getLine(y)
      const cells = Array.from({ length: terminal.cols }, (__, x) => {
        const cell = line?.getCell(x)
        const looks = [cell?.getFgColor(), cell?.getBgColor(), cell?.isBold(), cell?.isUnderline(), cell?.isInverse()]
        return [cell?.getChars(), cell?.getWidth(), ...looks].join()
      })
      return { isWrapped: line?.isWrapped, cells }
    }),
  }))
}

test('whatever came before and comes after: a recalled screen is the screen played straight through', async () => {
  await fc.assert(
    fc.asyncProperty(steps, steps, steps, async (before, away, after) => {
      const [straight, sought] = [open(), open()]
      await play(sought, before)
      const keyframe = takeKeyframe(sought)
      if (keyframe === undefined) throw new Error('no step ends inside a sequence')
      await play(straight, before)
      for (const detour of [away, after]) {
        await play(sought, detour)
        recallKeyframe(sought, keyframe)
        expect(picture(sought)).toEqual(picture(straight))
      }
      await play(sought, after)
      await play(straight, after)
      expect(picture(sought)).toEqual(picture(straight))
    }),
    { numRuns: 100, examples: [[[{ cols: 2, rows: 1 }], [], ['\x1b[?47h', '\n\n\n']]] },
  )
})

test('inside a sequence nothing is kept', async () => {
  const terminal = open()
  await play(terminal, ['\x1b[3'])
  expect(takeKeyframe(terminal)).toBeUndefined()
  await play(terminal, ['1m'])
  expect(takeKeyframe(terminal)).toBeDefined()
})

test('a long recording keeps no more than its share, and its beginning always', () => {
  const place = (end: number) => ({ end, cols: 80, rows: 24 })
  const keyframes = new Keyframes(place(0), 10, 4)
  const events = Array.from({ length: 1000 }, (_, seconds) => ({ seconds, code: 'o', data: '12345' }))
  const ends = new Set([0])
  for (let at = 0; at < events.length;) {
    const due = keyframes.due(events, at, events.length)
    if (due === undefined) break
    ends.add(due)
    for (const end of keyframes.kept(place(due))) ends.delete(end)
    at = due
  }
  expect(ends.size).toBeLessThanOrEqual(4)
  expect(ends.size).toBeGreaterThanOrEqual(2)
  expect(keyframes.before(1).end).toBe(0)
  for (const end of ends) expect(keyframes.before(end).end).toBe(end)
})
