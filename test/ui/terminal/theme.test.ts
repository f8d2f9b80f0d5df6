import { describe, expect, test } from 'vitest'
import { createTheme, type Tone } from '../../../ui/terminal/theme.ts'
import { confirmable, note } from './house.ts'
import { face, textOf, typed } from './shell-face.ts'

const tones: readonly Tone[] = [
  'plain',
  'quiet',
  'strong',
  'mark',
  'waiting',
  'good',
  'bad',
  'alarm',
  'claim',
  'recording',
  'selected',
  'code',
]
const parametersOf = (text: string) => Array.from(text.matchAll(/\u001b\[(\d+)m/g), ([, number]) => Number(number))

describe.each(['light', 'dark', 'unknown'] as const)('on a %s background', (background) => {
  const theme = createTheme({ color: true, background })

  test('only the 16 colours and attributes are used, and all is switched off again', () => {
    for (const tone of tones) {
      const painted = theme.paint(tone, 'x')
      const used = parametersOf(painted)
      const on = used.slice(0, used.length / 2)
      expect(on.filter((one) => one > 9 && (one < 30 || one > 37))).toEqual([])
      expect(used.slice(used.length / 2)).toEqual(
        on.toReversed().map((one) => (one >= 30 ? 39 : one <= 2 ? 22 : one + 20)),
      )
    }
  })

  test('good and bad are not told apart by red and green', () => {
    expect(parametersOf(theme.paint('good', 'x'))).not.toContain(32)
    expect(theme.paint('bad', 'x')).not.toBe(theme.paint('good', 'x'))
  })
})

test('on white nothing is yellow or faint', () => {
  const theme = createTheme({ color: true, background: 'light' })
  for (const tone of tones) {
    expect(parametersOf(theme.paint(tone, 'x'))).not.toContain(33)
    expect(parametersOf(theme.paint(tone, 'x'))).not.toContain(2)
  }
})

test('without colour there are attributes only', () => {
  const theme = createTheme({ color: false, background: 'light' })
  for (const tone of tones) expect(parametersOf(theme.paint(tone, 'x')).filter((one) => one >= 30)).toEqual([])
})

test('what the terminal tells of its background changes colours and no word', async () => {
  const { client, chrome, says } = await face({ cols: 120, rows: 40 })
  client.hello(confirmable())
  client.say({ type: 'request', note: note(1, { decision: 'deny' }) })
  await says('1 held')
  chrome.leader()
  chrome.input(typed('2'), 1000)
  await says('✗ get pods')
  const before = textOf(chrome)
  const row = chrome.frame.statusRow
  chrome.background?.('light')
  expect(chrome.frame.statusRow).not.toBe(row)
  expect(textOf(chrome).trimEnd()).toBe(before.trimEnd())
})
