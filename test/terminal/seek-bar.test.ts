import fc from 'fast-check'
import stringWidth from 'string-width'
import { stripVTControlCharacters } from 'node:util'
import { expect, test } from 'vitest'
import { clock, fit, parseClock, seekBar, type BarState } from '../../src/terminal/seek-bar.ts'

const bar: BarState = {
  state: 'playing',
  position: 30,
  duration: 120,
  speed: 1,
  markers: [60, 119],
  note: 'denied: kubectl delete ns data',
  title: 'ana on staging',
}

test('the bar shows where it is, where the markers are, and how to get help', () => {
  expect(stripVTControlCharacters(seekBar(bar, 110))).toBe(
    ' ▶ 00:30 ━━━━━━━━━█────────◆─────────────────◆ 02:00  1×  ◆ denied: kubectl delete ns data  …  ? help  q quit ',
  )
})

test('the help makes room for a note that would be cut', () => {
  const narrow = { ...bar, note: 'found “secret”  1 of 3' }
  expect(stripVTControlCharacters(seekBar(narrow, 80))).toMatch(/◆ found “secret” {2}1 of 3 .*…$/)
  expect(stripVTControlCharacters(seekBar({ ...narrow, note: '' }, 80))).toMatch(/\? help {2}q quit $/)
})

test('it is as wide as the terminal, whatever it has to say', () => {
  const state = fc.constantFrom('playing', 'paused', 'live')
  const seconds = fc.double({ min: 0, max: 1e6, noNaN: true })
  const states = fc.record({
    state,
    position: seconds,
    duration: seconds,
    speed: fc.constantFrom(0.25, 1, 16),
    markers: fc.array(seconds, { maxLength: 20 }),
    note: fc.string({ unit: 'grapheme', maxLength: 200 }),
    title: fc.string({ unit: 'binary', maxLength: 50 }),
  })
  fc.assert(
    fc.property(states, fc.integer({ min: 1, max: 400 }), (one, cols) => {
      const text = seekBar({ ...one, position: Math.min(one.position, one.duration) }, cols)
      const inner = text.slice('\x1b[7m'.length, -'\x1b[0m'.length)
      expect(inner).not.toMatch(/\p{Cc}/u)
      expect(stringWidth(inner)).toBe(cols)
    }),
  )
})

test.each([
  ['90', 90],
  ['1:30', 90],
  ['1:02:03', 3723],
  [' 0 ', 0],
  ['1:99', undefined],
  ['-1', undefined],
  ['', undefined],
  ['soon', undefined],
])('the time %j', (text, expected) => {
  expect(parseClock(text)).toBe(expected)
})

test('times read as clocks do, and come back', () => {
  expect([0, 59.9, 60, 3723].map(clock)).toEqual(['00:00', '00:59', '01:00', '1:02:03'])
  fc.assert(fc.property(fc.nat({ max: 200_000 }), (seconds) => parseClock(clock(seconds)) === seconds))
})

test('text is cut between characters, never inside', () => {
  expect(fit('日本語', 5)).toBe('日本…')
  expect(fit('日本語', 4)).toBe('日… ')
  expect(fit('👩‍👩‍👧x', 2)).toBe('… ')
  expect(fit('ab', 4)).toBe('ab  ')
})
