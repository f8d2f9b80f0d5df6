import fc from 'fast-check'
import { expect, test } from 'vitest'
import { CastEncoder } from '../../src/recording/encode.ts'
import { parseCast } from '../../src/recording/read.ts'
import { optionsFor } from './support.ts'

const page = 4096
const unit = fc.constantFrom('a', '\\', '"', '\n', '\u001b', '\u0085', 'é', '€', '😀', '\\u0041')
const output = fc.oneof(
  fc.array(unit, { maxLength: 40 }).map((units) => units.join('')),
  fc
    .tuple(fc.array(unit, { minLength: 1, maxLength: 12 }), fc.nat({ max: 1500 }))
    .map(([units, n]) => units.join('').repeat(n)),
)

test.each([2, 3] as const)(
  'no line of version %d crosses a page, and nothing of the output is changed',
  async (version) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(output, { maxLength: 12 }),
        fc.string({ maxLength: 3000 }),
        async (outputs, command) => {
          const encoder = new CastEncoder(version)
          const header = encoder.header(optionsFor('', { version, command }), new Date(0))
          const text = header + outputs.map((data, ms) => encoder.event(ms, 'o', data)).join('')
          let at = Buffer.byteLength(header)
          for (const line of text.slice(header.length).split(/(?<=\n)/)) {
            const end = at + Buffer.byteLength(line)
            expect(Math.floor(at / page)).toBe(Math.floor((end - 1) / page))
            at = end
          }
          const { events } = await parseCast(text)
          expect(events.map((event) => event.data).join('')).toBe(outputs.join(''))
        },
      ),
      { numRuns: 200 },
    )
  },
)

test('a marker longer than a page stays one event', async () => {
  const encoder = new CastEncoder(3)
  const label = 'denied: '.repeat(2000)
  const text =
    encoder.header(optionsFor(''), new Date(0)) + encoder.event(1, 'm', label) + encoder.event(2, 'o', 'after')
  const { events } = await parseCast(text)
  expect(events).toMatchObject([
    { code: 'm', data: label },
    { code: 'o', data: 'after' },
  ])
})

test('the room left by padding is little: a flood costs a few bytes in a hundred', () => {
  const encoder = new CastEncoder(3)
  const line = 'shop-frontend-5f7c9  1/1  Running  0  3d\r\n'.repeat(90)
  let bytes = 0
  for (let n = 0; n < 500; n++) bytes += Buffer.byteLength(encoder.event(n, 'o', line))
  expect(bytes).toBeLessThan(Buffer.byteLength(JSON.stringify(line)) * 500 * 1.05)
})
