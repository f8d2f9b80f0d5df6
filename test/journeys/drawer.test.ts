import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { builtMain, pinnedNode } from '../support/cli.ts'
import { kubectlPath } from '../support/kubectl.ts'
import { openPty, type Pty } from '../support/pty.ts'
import { temporaryFolder } from '../support/tmp.ts'

let parts: AsyncDisposableStack
let home: string
let kubectlFolder: string

beforeEach(async () => {
  parts = new AsyncDisposableStack()
  home = parts.use(await temporaryFolder()).path
  parts.defer(() => endBroker(join(home, 'state', 'chaperone', 'run', 'broker.json')))
  kubectlFolder = join(await kubectlPath(), '..')
})
afterEach(() => parts.disposeAsync())

async function endBroker(readyFile: string): Promise<void> {
  if (!existsSync(readyFile)) return
  const { pid } = JSON.parse(await readFile(readyFile, 'utf8')) as { pid: number }
  process.kill(pid)
  while (existsSync(`/proc/${pid}`)) await new Promise((resolve) => setTimeout(resolve, 20))
}

const env = () => ({
  HOME: home,
  XDG_STATE_HOME: join(home, 'state'),
  PATH: `${kubectlFolder}:${process.env['PATH'] ?? ''}`,
  PS1: 'ready> ',
  // Attaching takes a while on a busy machine.
  CHAPERONE_KEEP: '1m',
})
const terminal = (args: readonly string[]): Pty =>
  parts.use(openPty(pinnedNode, [builtMain, ...args], { cols: 100, rows: 30, env: env() }))
const leader = '\u001d'
const escape = '\u001b'

it('the drawer tells each command, why it went as it did, and still does to the next face of the shell', async () => {
  const shell = terminal(['shell', '--practice', '--', 'bash', '--norc', '--noprofile'])
  await shell.waitForScreen((screen) => screen.includes('ready>') && screen.includes('LOCAL practice'), 30_000)
  shell.type(
    'clear; kubectl get namespaces -o name; kubectl get secret -n shop-production; echo of $CHAPERONE_SESSION.\r',
  )
  const [, sessionID = ''] = /of (s-\w+)\./.exec(await shell.waitForScreen(/of s-\w+\./)) ?? []

  shell.type(leader)
  await shell.waitForScreen(/▸ \d\d:\d\d:\d\d ✓ get secrets -n shop-production +allowed/)
  expect(shell.text()).toMatch(/ \d\d:\d\d:\d\d ✓ get namespaces +allowed · 3 requests/)
  shell.type('\r')
  const story = (await shell.waitForScreen('The API server answered 200')).replaceAll(/\s+/g, ' ')
  expect(story).toContain('asked for `kubectl get secrets -n shop-production` at')
  expect(story).toContain('decided It was allowed by the rule builtin/read:')
  shell.type(escape)
  await shell.waitForScreen('Enter details')
  shell.type('3')
  await shell.waitForScreen('[Session]')
  expect(shell.text()).toContain(`shell session ${sessionID}`)
  shell.type('?')
  await shell.waitForScreen('[Help]')
  shell.type(leader)
  await shell.waitForScreen((screen) => !screen.includes('[Help]'))

  shell.type(leader)
  await shell.waitForScreen('[Activity]')
  shell.type('d')
  expect((await shell.exit).code).toBe(0)
  const next = terminal(['attach', sessionID])
  await next.waitForScreen('LOCAL practice')
  next.type(leader)
  await next.waitForScreen(/✓ get namespaces +allowed · 3 requests/)
  next.type(escape)
  await next.waitForScreen((screen) => !screen.includes('[Activity]'))
  next.type('exit\r')
  await next.exit
}, 90_000)
