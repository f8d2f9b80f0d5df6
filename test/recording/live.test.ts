import { appendFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { openLive } from '../../src/recording/live.ts'
import { temporaryFolder } from '../support/tmp.ts'

const v3 = '{"version":3,"term":{"cols":80,"rows":24}}\n'

async function reading(content: string | Uint8Array) {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'some.cast')
  await writeFile(path, content)
  const { cast, isEnded } = await openLive(path)
  return { ...cast, isEnded, said: cast.events.map(({ seconds, data }) => `${seconds} ${data}`) }
}

test('damaged lines are left out and named; the rest is there', async () => {
  const { said, notice } = await reading(`${v3}[1,"o","a"]\n[1,"o","torn\n[1,"o","b"]\n`)
  expect(said).toEqual(['1 a', '2 b'])
  expect(notice).toMatch(/^Line 3 of the recording is damaged/)
  const worse = await reading(`${v3}garbage\n[1,"o","a"]\n\0\0\0\n[1,"o","b"]\n[1,"o","c`)
  expect(worse.said).toEqual(['1 a', '2 b'])
  expect(worse.notice).toMatch(/^3 lines .* the first is line 2;/)
})

test('a recording that breaks off plays up to there and says so; one without a last newline is whole', async () => {
  const cut = await reading(`${v3}[1,"o","a"]\n[1,"o","b`)
  expect(cut.said).toEqual(['1 a'])
  expect(cut.notice).toBe('The recording was cut short inside line 3, which is left out.')
  const whole = await reading(`${v3}[1,"o","a"]\n[1,"o","b"]`)
  expect(whole.said).toEqual(['1 a', '2 b'])
  expect(whole.notice).toBeUndefined()
})

test('compressed recordings are unpacked, also cut ones', async () => {
  const lines = Array.from({ length: 5000 }, (_, n) => `[1,"o","line ${n * 7919}"]\n`).join('')
  const packed = gzipSync(v3 + lines)
  const whole = await reading(packed)
  expect(whole.said).toHaveLength(5000)
  expect(whole.isEnded).toBe(true)
  const cut = await reading(packed.subarray(0, packed.length / 2))
  expect(cut.said.length).toBeGreaterThan(100)
  expect(cut.said.length).toBeLessThan(5000)
  await expect(reading(Buffer.from([0x1f, 0x8b, 9, 9, 9]))).rejects.toMatchObject({ code: 'ERR_RECORDING' })
})

test('version 1 is read, on one line or many', async () => {
  const recording = {
    version: 1,
    width: 70,
    height: 20,
    duration: 3,
    env: { A: 1, TERM: 'xterm' },
    stdout: [] as unknown[],
  }
  recording.stdout = [
    [1, 'a'],
    [2, 'b'],
  ]
  for (const text of [JSON.stringify(recording), JSON.stringify(recording, null, 2)]) {
    const { header, said, isEnded } = await reading(text)
    expect(header).toMatchObject({ cols: 70, rows: 20, env: { TERM: 'xterm' } })
    expect(said).toEqual(['1 a', '3 b'])
    expect(isEnded).toBe(true)
  }
})

test.each(['', 'hello\n', '{"version":1}', '{"version":4,"term":{"cols":1,"rows":1}}\n', '\x7fELF\0\0'])(
  'what is no recording is refused by its first line: %j',
  async (text) => {
    await expect(reading(text)).rejects.toMatchObject({ code: 'ERR_RECORDING' })
  },
)

test('a last line that was whole but for its newline comes once when the recording goes on', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'some.cast')
  await writeFile(path, `${v3}[1,"o","a"]`)
  const { cast, more } = await openLive(path)
  await appendFile(path, '\n[1,"o","b"]\n[1,"x","0"]\n')
  const later: string[] = []
  for await (const events of more(new AbortController().signal)) later.push(...events.map(({ data }) => data))
  expect([cast.events.map(({ data }) => data), later]).toEqual([['a'], ['b', '0']])
})
