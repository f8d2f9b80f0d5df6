import { expect, test } from 'vitest'
import { humanDuration } from '../../src/practice/resources/columns.ts'

const units = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

test.each([
  [0, '0s'],
  [119 * units.s, '119s'],
  [120 * units.s, '2m'],
  [3 * units.m + 11 * units.s, '3m11s'],
  [10 * units.m + 59 * units.s, '10m'],
  [179 * units.m, '179m'],
  [3 * units.h, '3h'],
  [7 * units.h + 5 * units.m, '7h5m'],
  [8 * units.h + 59 * units.m, '8h'],
  [47 * units.h, '47h'],
  [48 * units.h, '2d'],
  [7 * units.d + 23 * units.h, '7d23h'],
  [8 * units.d + 5 * units.h, '8d'],
  [729 * units.d, '729d'],
  [730 * units.d, '2y'],
  [800 * units.d, '2y70d'],
  [9 * 365 * units.d, '9y'],
  [-500, '0s'],
  [-5000, '<invalid>'],
])('%d ms is %s', (milliseconds, text) => {
  expect(humanDuration(milliseconds)).toBe(text)
})
