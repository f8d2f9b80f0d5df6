import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { openTmux } from './tmux.ts'

test('keys go in, the screen comes out, and the server is gone afterwards', async () => {
  const tmux = await openTmux(`PS1='ready> ' sh`, { cols: 50, rows: 10 })
  await tmux.waitFor('ready>')
  await tmux.type('stty size')
  await tmux.sendKeys('Enter')
  await tmux.waitFor(/^10 50$/m)
  await tmux.resize(60, 12)
  await tmux.sendKeys('stty size', 'Enter')
  await tmux.waitFor(/^12 60$/m)
  await expect(tmux.waitFor('wanted', 100)).rejects.toThrow("'wanted' did not appear in time")
  await tmux[Symbol.asyncDispose]()
  expect(existsSync(tmux.socket)).toBe(false)
})

test('the last screen of a command that has ended can still be read', async () => {
  await using tmux = await openTmux('echo done; exit 4')
  await tmux.waitFor('done\n[ended 4]')
})
