import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Bench, cols } from './screen-bench.ts'

function numbered(from: number, to: number): string {
  return Array.from({ length: to - from }, (_, index) => `line ${from + index}\r\n`).join('')
}

/** The numbers of the lines in the scrollback and on the screen, from the oldest. */
function numbers(bench: Bench): number[] {
  return bench.lines().flatMap((line) => /^line (\d+)$/.exec(line)?.slice(1).map(Number) ?? [])
}

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index)

describe('a terminal whose size changes', () => {
  test.each([
    ['lower', cols, 4],
    ['much lower', cols, 2],
    ['narrower', 12, 6],
    ['wider', 60, 6],
    ['wider and lower', 60, 3],
  ])('%s: each line stands once in the scrollback or on the screen', async (_, width, height) => {
    const bench = new Bench()
    await bench.show(Buffer.from(numbered(0, 20)))
    expect(numbers(bench)).toEqual(upTo(20))
    await bench.resize(width, height)
    expect(numbers(bench)).toEqual(upTo(20))
    await bench.show(Buffer.from(numbered(20, 30)))
    expect(numbers(bench)).toEqual(upTo(30))
    expect(bench.row(height - 1)).toBe('status')
  })

  test('while a program has the alternate screen: what was before it stands there once', async () => {
    const bench = new Bench()
    await bench.show(Buffer.from(numbered(0, 20)))
    await bench.show(Buffer.from('\x1b[?1049hprogram'))
    await bench.resize(cols, 4)
    for (let piece = 0; piece < 5; piece += 1) await bench.show(Buffer.from(`\x1b[Hpiece ${piece}`))
    await bench.show(Buffer.from('\x1b[?1049l'))
    await bench.show(Buffer.from(numbered(20, 25)))
    expect(numbers(bench)).toEqual(upTo(25))
  })

  test('a hundred sizes from one cell to a wide screen: the status row stays where it belongs, and the shell goes on', async () => {
    const size = fc.tuple(fc.integer({ min: 1, max: 400 }), fc.integer({ min: 1, max: 60 }))
    await fc.assert(
      fc.asyncProperty(fc.array(size, { minLength: 100, maxLength: 100 }), async (sizes) => {
        const bench = new Bench()
        await bench.show(Buffer.from('before\r\n'))
        for (const [index, [width, height]] of sizes.entries()) {
          bench.output(Buffer.from(numbered(index, index + 1)))
          await bench.resize(width, height)
          if (height > 1 && width > 'status'.length) expect(bench.row(height - 1)).toBe('status')
        }
        await bench.resize(80, 40)
        await bench.show(Buffer.from('after'))
        expect(bench.lines()).toContain('after')
      }),
      { numRuns: 3, endOnFailure: true },
    )
  })
})
