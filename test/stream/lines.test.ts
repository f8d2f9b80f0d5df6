import fc from 'fast-check'
import { expect, test } from 'vitest'
import { splitLines } from '../../src/stream/lines.ts'

async function* chunked(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  let at = 0
  for (let turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1
    yield bytes.subarray(at, at + size)
    at += size
  }
}

async function lines(bytes: Uint8Array, sizes: readonly number[], max = 1000): Promise<string[]> {
  const found: string[] = []
  for await (const line of splitLines(chunked(bytes, sizes), max)) found.push(Buffer.from(line).toString())
  return found
}

const encode = (text: string) => new TextEncoder().encode(text)

test('the same lines come out, however the bytes are cut', async () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'é', '\n', '\r', '€'), maxLength: 40 })
  const sizes = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 5 })
  await fc.assert(
    fc.asyncProperty(text, sizes, async (given, cut) => {
      const expected = given.split('\n')
      if (expected.at(-1) === '') expected.pop()
      expect(await lines(encode(given), cut)).toEqual(expected)
      expect(await lines(encode(given), [1])).toEqual(expected)
    }),
  )
})

test('a chunk that its owner reuses does not change what was kept of it', async () => {
  const shared = Buffer.from('ab')
  async function* source() {
    yield shared
    shared.write('XX')
    yield Buffer.from('c\n')
  }
  const found: string[] = []
  for await (const line of splitLines(source(), 10)) found.push(Buffer.from(line).toString())
  expect(found).toEqual(['abc'])
})

test.each([[[1]], [[3]], [[100]]])('a line over the bound is refused at once (chunks of %j)', async (cut) => {
  const tooLong = expect.objectContaining({ code: 'ERR_BODY' })
  await expect(lines(encode('12345\n'), cut, 5)).resolves.toEqual(['12345'])
  await expect(lines(encode('123456\n'), cut, 5)).rejects.toEqual(tooLong)
  await expect(lines(encode('ok\n123456'), cut, 5)).rejects.toEqual(tooLong)
})
