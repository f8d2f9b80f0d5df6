import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Fault } from '../../src/model/fault.ts'
import { CastEncoder, type EventCode } from '../../src/recording/encode.ts'
import { parseCast } from '../../src/recording/read.ts'
import { optionsFor } from './support.ts'

const v3 = '{"version":3,"term":{"cols":80,"rows":24}}\n'
const v2 = '{"version":2,"width":80,"height":24}\n'

describe('reading', () => {
  test('adds up the intervals of version 3', async () => {
    const { events } = await parseCast(`${v3}[0.5,"o","a"]\n[1,"m",""]\n[0.25,"x","0"]\n`)
    expect(events).toEqual([
      { seconds: 0.5, code: 'o', data: 'a' },
      { seconds: 1.5, code: 'm', data: '' },
      { seconds: 1.75, code: 'x', data: '0' },
    ])
  })

  test('takes the times of version 2 as they are, and never goes back', async () => {
    const { events } = await parseCast(`${v2}[0.5,"o","a"]\n[2,"o","b"]\n[1.9,"o","c"]\n`)
    expect(events.map((event) => event.seconds)).toEqual([0.5, 2, 2])
  })

  test.each([
    ['comments in version 3', `${v3}# a comment\n[0,"o","a"]\n`],
    ['blank lines', `${v2}\n[0,"o","a"]\n  \n`],
    ['lines that end in CR LF', `${v2.trim()}\r\n[0,"o","a"]\r\n`],
    ['a last line without its newline', `${v3}[0,"o","a"]`],
    ['fields that nobody knows', `{"version":3,"term":{"cols":1,"rows":1,"new":1},"tags":["x"]}\n[0,"o","a"]\n`],
    ['null where nothing is known', `{"version":2,"width":1,"height":1,"title":null,"env":{"A":null}}\n[0,"o","a"]\n`],
  ])('takes %s', async (_, text) => {
    const cast = await parseCast(text)
    expect(cast.events).toEqual([{ seconds: 0, code: 'o', data: 'a' }])
    expect(cast.notice).toBeUndefined()
  })

  test('passes codes on that it does not know', async () => {
    expect((await parseCast(`${v3}[0,"z","?"]\n`)).events[0]?.code).toBe('z')
  })

  test('leaves out a last line that was cut, and says so', async () => {
    const cast = await parseCast(`${v3}[0,"o","a"]\n[1,"o","hal`)
    expect(cast.events).toHaveLength(1)
    expect(cast.notice).toBe('The recording was cut short inside line 3, which is left out.')
  })

  test.each([
    ['nothing', '', 'empty'],
    ['version 1', '{"version":1,"width":80,"height":24,"stdout":[]}\n', 'Line 1'],
    ['no header', '[0,"o","a"]\n', 'Line 1'],
    ['a cut header', '{"version":3,"te', 'Line 1'],
    ['no size', '{"version":3,"term":{"cols":80}}\n', 'Line 1'],
    ['a time before the start', `${v3}[-1,"o","a"]\n`, 'Line 2'],
    ['a time that is text', `${v3}["1","o","a"]\n`, 'Line 2'],
    ['data that is no text', `${v3}\n[1,"o",7]\n`, 'Line 3'],
    ['four parts', `${v3}[1,"o","a",1]\n`, 'Line 2'],
    ['a line cut in the middle', `${v3}[1,"o","a\n[1,"o","b"]\n`, 'Line 2'],
    ['a comment in version 2', `${v2}# no\n`, 'Line 2'],
  ])('refuses %s and names the line', async (_, text, where) => {
    await expect(parseCast(text)).rejects.toMatchObject({
      code: 'ERR_RECORDING',
      message: expect.stringContaining(where) as string,
    })
  })

  test('gives the same, however the bytes are chunked', async () => {
    const bytes = Buffer.from(`${v3}# é\n[0.1,"o","h€llo 😀"]\n\n[2,"x","1"]\n`)
    const whole = await parseCast(chunked(bytes, bytes.length))
    for (const size of [1, 2, 3, 7]) expect(await parseCast(chunked(bytes, size))).toEqual(whole)
  })

  test('throws nothing but ERR_RECORDING, whatever it is given', async () => {
    const line = fc.oneof(
      fc.json(),
      fc.string({ unit: 'binary' }),
      fc.constantFrom(v3, v2, '[1,"o","a"]', '#', '[1e999,"o",""]'),
    )
    const text = fc.tuple(fc.constantFrom(v3, v2, ''), fc.array(line)).map(([head, lines]) => head + lines.join('\n'))
    const input = fc.oneof(
      text.map((one) => Buffer.from(one)),
      fc.uint8Array({ maxLength: 200 }),
    )
    await fc.assert(
      fc.asyncProperty(input, async (bytes) => {
        try {
          await parseCast(chunked(bytes, 16))
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(Fault)
          expect((thrown as Fault).code).toBe('ERR_RECORDING')
        }
      }),
      { numRuns: 500 },
    )
  })

  test('gives back what was written, in both versions', async () => {
    const event = fc.record({
      waitMs: fc.nat({ max: 100_000 }),
      code: fc.constantFrom<EventCode>('o', 'm'),
      data: fc.string({ unit: 'grapheme' }),
    })
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom<2 | 3>(2, 3),
        fc.string(),
        fc.array(event),
        async (version, command, written) => {
          const encoder = new CastEncoder(version)
          const header = encoder.header(optionsFor('', { version, command }), new Date(0))
          let ms = 0
          const lines = written.map(({ waitMs, code, data }) => encoder.event((ms += waitMs), code, data))
          const cast = await parseCast(header + lines.join(''))
          expect(cast.header).toMatchObject({
            version,
            cols: 80,
            rows: 24,
            command,
            timestamp: 0,
            termType: 'xterm-256color',
          })
          expect(cast.events.map(({ code, data }) => ({ code, data }))).toEqual(
            written.map(({ code, data }) => ({ code, data })),
          )
          expect(cast.events.at(-1)?.seconds ?? 0).toBeCloseTo(ms / 1000, 6)
        },
      ),
      { numRuns: 300 },
    )
  })
})

async function* chunked(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}
