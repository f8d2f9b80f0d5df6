import fc from 'fast-check'
import { expect, it } from 'vitest'
import { listed, prose, wrap } from '../../src/commands/wrap.ts'

const words = fc.array(fc.stringMatching(/^[a-zé-ü…]{1,30}$/), { minLength: 1, maxLength: 60 })

it('keeps every word, and is too wide only where one word is', () => {
  fc.assert(
    fc.property(
      words,
      fc.nat({ max: 8 }),
      fc.nat({ max: 8 }),
      fc.integer({ min: 12, max: 90 }),
      (all, first, others, columns) => {
        const lines = wrap(all.join(' '), first, others, columns).split('\n')
        expect(lines.flatMap((line) => line.trim().split(' '))).toEqual(all)
        for (const [index, line] of lines.entries()) {
          const indent = index === 0 ? first : others
          expect(line.slice(0, indent).trim()).toBe('')
          expect(line.length <= columns || !line.trim().includes(' ')).toBe(true)
        }
      },
    ),
  )
})

it('breaks as late as it can', () => {
  expect(wrap('one two three four', 0, 2, 9)).toBe('one two\n  three\n  four')
})

it('leaves a command between backticks whole', () => {
  expect(wrap('run `a b c` now', 0, 0, 8)).toBe('run\n`a b c`\nnow')
})

it('a row of a list goes on below where it began, and is left alone where it fits or nobody reads it', () => {
  const stream = (isTTY: boolean, columns: number) => ({ isTTY, columns }) as NodeJS.WriteStream
  const text = 'h-abc234  ana  delete namespace x'
  expect(listed('held', text, stream(true, 30), 6)).toBe('held  h-abc234 ana delete\n      namespace x')
  expect(listed('held', text, stream(true, 39), 6)).toBe(`held  ${text}`)
  expect(listed('held', text, stream(false, 30), 6)).toBe(`held  ${text}`)
})

it('prose keeps what is indented so', () => {
  const stream = { isTTY: true, columns: 30 } as NodeJS.WriteStream
  expect(prose('Silent:\n  builtin/read: It is about other subjects.', stream, 4)).toBe(
    'Silent:\n  builtin/read: It is about\n      other subjects.',
  )
})
