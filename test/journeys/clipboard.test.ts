import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { builtMain, pinnedNode } from '../support/cli.ts'
import { openPty } from '../support/pty.ts'
import { temporaryFolder } from '../support/tmp.ts'
import { brokerOfFile } from './broker.ts'

const broker = brokerOfFile()
const settings = 'apiVersion: chaperone/v1\nkind: Config\n'
const copy = '\\033]52;c;aGVsbG8=\\007'
const ask = '\\033]52;c;?\\007'

it.each([
  ['without a word in the settings', settings, false],
  ['where the settings let them', `${settings}clipboard: write\n`, true],
])('a program writes the clipboard only if it may, and nobody reads it: %s', async (_name, text, may) => {
  await using home = await temporaryFolder()
  const folder = join(home.path, '.config', 'chaperone')
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'chaperone.yaml'), text)
  const program = ['sh', '-c', `printf '${ask}${copy}done'; read line`]
  const args = [builtMain, 'shell', '--practice', '--state', broker.state, '--', ...program]
  await using pty = openPty(pinnedNode, args, { cols: 110, env: { HOME: home.path } })
  await pty.waitForScreen(may ? /done[^]*clipboard set by a program \(5 bytes\)/ : /done[^]*\d requests/)
  expect(pty.output().includes('\x1b]52;c;aGVsbG8=\x07')).toBe(may)
  expect(pty.output()).not.toContain('\x1b]52;c;?')
  pty.type('\r')
  expect((await pty.exit).code).toBe(0)
})
