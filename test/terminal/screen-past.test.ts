import { expect, test, vi } from 'vitest'
import type { FromScreen } from '../../src/terminal/screen-protocol.ts'
import { Screen } from '../../src/terminal/screen.ts'

test('a past of more than a model takes at once comes whole, and what comes after it comes later', async () => {
  const filling = Buffer.alloc(1 << 20)
  const many = Array.from({ length: 60 }, () => ({ bytes: filling }))
  const sent: FromScreen[] = []
  const size = { cols: 40, rows: 5, modelCols: 40, modelRows: 4 }
  const screen = new Screen({ ...size, purpose: 'player' }, (message) => sent.push(message))
  screen.handle({ type: 'past', past: [...many, { bytes: Buffer.from('first') }, { keep: 7 }] })
  screen.handle({ type: 'output', bytes: Buffer.from(' second') })
  screen.handle({ type: 'rest', echo: false })
  screen.handle({ type: 'recall', kept: 7 })
  screen.handle({ type: 'enter' })
  screen.handle({ type: 'drained' })
  await vi.waitUntil(() => sent.some(({ type }) => type === 'frame'), { timeout: 20_000 })
  screen.handle({ type: 'leave' })
  await vi.waitUntil(() => sent.some(({ type }) => type === 'left'))
  const frames = sent.flatMap((message) => (message.type === 'frame' ? [message.text] : []))
  expect(sent[0]).toEqual({ type: 'kept', kept: 7, isKept: true })
  expect(frames.join('')).toContain('first')
  expect(frames.join('')).not.toContain('second')
})
