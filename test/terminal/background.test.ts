import { expect, test } from 'vitest'
import { backgroundOf } from '../../src/terminal/background.ts'

test.each([
  ['\u001b]11;rgb:0000/0000/0000\u001b\\', 'dark'],
  ['\u001b]11;rgb:1e1e/1e1e/2e2e\u0007', 'dark'],
  ['\u001b]11;rgb:0000/0000/ffff\u0007', 'dark'],
  ['\u001b]11;rgb:fdfd/f6f6/e3e3\u0007', 'light'],
  ['\u001b]11;rgb:ff/ff/ff\u0007', 'light'],
  ['\u001b]11;rgba:ffff/ffff/ffff/8080\u0007', 'light'],
  ['\u001b]10;rgb:ffff/ffff/ffff\u0007', undefined],
  ['\u001b[?62;c', undefined],
])('%j says that it is %s', (reply, background) => {
  expect(backgroundOf(reply)).toBe(background)
})
