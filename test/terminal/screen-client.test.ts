import { expect, onTestFinished, test } from 'vitest'
import { ScreenClient } from '../../src/terminal/screen-client.ts'

const size = { cols: 40, rows: 6, modelCols: 40, modelRows: 5 }

/** A screen whose terminal takes everything at once, and what was written to it. */
function screen() {
  const written: string[] = []
  const stdout = {
    getColorDepth: () => 24,
    write: (text: string, taken: () => void) => {
      written.push(text)
      taken()
    },
  }
  const client = new ScreenClient({ ...size, purpose: 'shell' }, stdout as unknown as NodeJS.WriteStream, (failure) => {
    throw failure
  })
  onTestFinished(() => client[Symbol.asyncDispose]())
  client.chrome({ statusRow: 'status', drawerRows: [], focused: false, bells: 0 })
  client.enter()
  return { client, written }
}

const turn = () => new Promise((resolve) => setImmediate(resolve))
const lines = (count: number) => Buffer.from('some line of output\r\n'.repeat(count))

test('the echo of a key is painted at once, however much was put out before', async () => {
  const { client, written } = screen()
  await new Promise<void>((resolve) => (client.onFrame = () => resolve()))
  const parsed = new Promise<void>((resolve) => (client.onParsed = () => resolve()))
  client.output(lines(11_500), false)
  await parsed
  await turn()
  written.length = 0
  client.output(Buffer.from('#'), true)
  expect(written.join('')).toContain('#')
})

test('of much output only so much is taken in one turn, and what must come after it waits', async () => {
  const { client, written } = screen()
  let parsed = 0
  client.onParsed = () => (parsed += 1)
  for (let chunk = 0; chunk < 40; chunk += 1) client.output(lines(3_200), false)
  client.output(Buffer.from('the end'), false)
  const left = client.leave()
  await turn()
  expect(parsed).toBeLessThan(3)
  const last = await left
  expect([...written, last].join('')).toContain('the end')
  expect(parsed).toBeGreaterThan(15)
})

test('output that is costly to show holds neither keys nor frames: a turn takes no more than a little of it', async () => {
  const { client, written } = screen()
  let parsed = 0
  client.onParsed = () => (parsed += 1)
  // Each of these 160,000 resets takes as long as a page of text.
  client.output(Buffer.from('\x1bc'.repeat(160_000)), false)
  client.output(Buffer.from('the end'), false)
  for (let turns = 0; turns < 4; turns += 1) await turn()
  client.chrome({ statusRow: 'key heard', drawerRows: [], focused: true, bells: 0 })
  await new Promise<void>((resolve) => (client.onFrame = () => written.join('').includes('key heard') && resolve()))
  expect(parsed).toBe(0)
})
