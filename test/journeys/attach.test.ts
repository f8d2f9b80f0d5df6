import { existsSync } from 'node:fs'
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { builtMain, pinnedNode, runCli } from '../support/cli.ts'
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
  await gone(pid)
}

async function gone(pid: number): Promise<void> {
  while (existsSync(`/proc/${pid}`)) await new Promise((resolve) => setTimeout(resolve, 20))
}

const env = () => ({
  HOME: home,
  XDG_STATE_HOME: join(home, 'state'),
  PATH: `${kubectlFolder}:${process.env['PATH'] ?? ''}`,
  PS1: 'ready> ',
  CHAPERONE_KEEP: '5m',
})
const shellArgs = (...flags: string[]) => ['shell', '--practice', ...flags, '--', 'bash', '--norc', '--noprofile']
const terminal = (args: readonly string[], size = { cols: 100, rows: 30 }): Pty =>
  parts.use(openPty(pinnedNode, [builtMain, ...args], { ...size, env: env() }))
const chaperone = (...args: string[]) => runCli(args, { env: env() })
const isOpen = (screen: string) => screen.includes('ready>') && /LOCAL practice/.test(screen)

/** The program's part of the screen: all but the status line. */
const program = (shell: Pty) => shell.text().split('\n').slice(0, -1).join('\n').trimEnd()

interface Kept {
  readonly pid: number
  readonly sessionID: string
}

/** The keeper of a shell, as the shell itself can tell: its parent. */
async function keeperOf(shell: Pty): Promise<Kept> {
  shell.type('clear; echo "kept by $PPID of $CHAPERONE_SESSION."\r')
  const screen = await shell.waitForScreen(/kept by \d+ of s-\w+\./)
  const [, pid = '', sessionID = ''] = /kept by (\d+) of (s-\w+)\./.exec(screen) ?? []
  return { pid: Number(pid), sessionID }
}

it('a face that is killed leaves its shell running, and the next one shows the same screen', async () => {
  const shell = terminal(shellArgs())
  await shell.waitForScreen(isOpen, 30_000)
  const { sessionID } = await keeperOf(shell)
  shell.type('answer=42; seq 1 100; printf "\\e[31mred \\e[1;4mand more\\e[0m"; echo\r')
  await shell.waitForScreen(/red and more/)
  shell.type('echo half a comma')
  await shell.waitForScreen(/echo half a comma$/m)
  const before = program(shell)
  process.kill(shell.pid, 'SIGKILL')
  await shell.exit

  const again = terminal(['attach'])
  await again.waitForScreen(/echo half a comma$/m)
  expect(program(again)).toBe(before)
  again.type('nd; echo "it is $answer"\r')
  await again.waitForScreen('it is 42')
  again.type('exit 5\r')
  expect((await again.exit).code).toBe(5)
  expect(again.text()).toMatch(/chaperone: no requests|chaperone: \d+ requests/)
  const replayed = await chaperone('replay', sessionID, '--print')
  expect(replayed.stdout).toContain('it is 42')
  const recordings = JSON.parse((await chaperone('recordings', 'list', '--json')).stdout) as { exitStatus: number }[]
  expect(recordings.map(({ exitStatus }) => exitStatus)).toEqual([5])
}, 90_000)

it('a face that fails says so and how to come back, and its shell goes on', async () => {
  const crash = join(home, 'crash.mjs')
  await writeFile(crash, `process.on('SIGUSR2', () => setImmediate(() => { throw new Error('a flaw of ours') }))`)
  const line = `env "PS1=ready> " "NODE_OPTIONS=--import ${crash}" ${[pinnedNode, builtMain, ...shellArgs()].join(' ')}; echo "status: $?"; read line`
  const outer = parts.use(openPty('bash', ['--norc', '-c', line], { cols: 100, rows: 30, env: env() }))
  await outer.waitForScreen(isOpen, 30_000)
  const { sessionID } = await keeperOf(outer)
  outer.type('answer=42\r')
  // What the face had not read yet would be lost with it.
  await outer.waitForScreen(/answer=42\n+ready>/)
  process.kill(Number(await readFile(`/proc/${outer.pid}/task/${outer.pid}/children`, 'utf8')), 'SIGUSR2')
  await outer.waitForScreen('status: 1')
  expect(outer.text().replaceAll(/\s+/g, ' ')).toContain(
    `a flaw of ours. The shell goes on; take it back with \`chaperone attach ${sessionID}\``,
  )
  expect(outer.onAlternateScreen).toBe(false)
  const again = terminal(['attach'])
  await again.waitForScreen(isOpen)
  again.type('echo "it is $answer"; exit\r')
  expect((await again.exit).code).toBe(0)
  expect(again.text()).toContain('it is 42')
}, 60_000)

it('the leader of the settings is the leader of whoever takes the shell back', async () => {
  const folder = join(home, '.config', 'chaperone')
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'chaperone.yaml'), 'apiVersion: chaperone/v1\nkind: Config\nleader: f12\n')
  const shell = terminal(shellArgs())
  await shell.waitForScreen((screen) => isOpen(screen) && screen.includes('F12'), 30_000)
  shell.type('\x1b[24~')
  await shell.waitForScreen('Esc close')
  shell.type('d')
  expect((await shell.exit).code).toBe(0)
  const again = terminal(['attach'])
  await again.waitForScreen((screen) => isOpen(screen) && screen.includes('F12'))
  again.type('exit\r')
  await again.exit
}, 60_000)

it('a program on the alternate screen is shown at once to a terminal of another size', async () => {
  const shell = terminal(shellArgs())
  await shell.waitForScreen(isOpen, 30_000)
  shell.type('seq 1 500 | less\r')
  await shell.waitForScreen(/^28$/m)
  process.kill(shell.pid, 'SIGHUP')
  expect((await shell.exit).code).toBe(129)
  const again = terminal(['attach', 'latest'], { cols: 60, rows: 12 })
  await again.waitForScreen((screen) => screen.startsWith('1\n2\n') && screen.includes('LOCAL practice'))
  expect(again.onAlternateScreen).toBe(true)
  again.type('q')
  await again.waitForScreen(/ready>/)
  expect(again.onAlternateScreen).toBe(false)
  again.type('exit\r')
  expect((await again.exit).code).toBe(0)
}, 90_000)

it('leader d leaves the shell and says how to come back; a second face takes over from the first', async () => {
  const shell = terminal(shellArgs('--leader=ctrl-g'))
  await shell.waitForScreen(isOpen, 30_000)
  expect(shell.text()).toContain('Ctrl-G')
  const { sessionID } = await keeperOf(shell)
  shell.type('\x07')
  await shell.waitForScreen(/\[Activity\]/)
  shell.type('d')
  expect((await shell.exit).code).toBe(0)
  expect(shell.text()).toContain(`chaperone attach ${sessionID}`)

  const sessions = join(home, 'state', 'chaperone', 'run', 'sessions')
  const keeperFile = join(sessions, sessionID, 'keeper.json')
  await mkdir(join(sessions, 's-leftover'))
  await cp(keeperFile, join(sessions, 's-leftover', 'keeper.json'))
  const [written, text] = [`${keeperFile}.written`, await readFile(keeperFile, 'utf8')]
  await cp(keeperFile, written)
  await writeFile(keeperFile, text.slice(0, 20))
  const broken = terminal(['attach'])
  expect((await broken.exit).code).toBe(1)
  expect(broken.text()).toMatch(/passing over a kept shell[^]*No shell is kept here/)
  await cp(written, keeperFile)

  const first = terminal(['attach', sessionID])
  await first.waitForScreen(isOpen)
  const second = terminal(['attach', sessionID])
  await second.waitForScreen(isOpen)
  expect((await first.exit).code).toBe(0)
  expect(first.text()).toContain('another terminal has taken this shell over')
  second.type('echo here $((6*7))\r')
  await second.waitForScreen('here 42')
  second.type('exit\r')
  await second.exit
  const none = await chaperone('attach', sessionID)
  expect(none.code).not.toBe(0)
}, 90_000)

it('a shell without a face is hung up after its time, and its recording says so', async () => {
  const shell = terminal(shellArgs('--keep=1s'))
  await shell.waitForScreen(isOpen, 30_000)
  const { pid } = await keeperOf(shell)
  shell.type('trap "echo told > $HOME/told" HUP; sleep 100\r')
  await shell.waitForScreen(/sleep 100/)
  process.kill(shell.pid, 'SIGKILL')
  await shell.exit
  await gone(pid)
  const recordings = JSON.parse((await chaperone('recordings', 'list', '--json')).stdout) as { exitStatus: number }[]
  expect(recordings.map(({ exitStatus }) => exitStatus)).toEqual([129])
}, 90_000)

it('a keeper that is killed gives the terminal back and says where the recording is', async () => {
  const shell = terminal(shellArgs())
  await shell.waitForScreen(isOpen, 30_000)
  const { pid, sessionID } = await keeperOf(shell)
  shell.type('less /etc/passwd\r')
  await shell.waitForScreen(/root:/)
  const replayed = async () => (await chaperone('replay', sessionID, '--print')).stdout
  while (!(await replayed()).includes('root:'));
  process.kill(pid, 'SIGKILL')
  expect((await shell.exit).code).toBe(1)
  expect(shell.onAlternateScreen).toBe(false)
  expect(shell.text()).toContain(`chaperone replay ${sessionID}`)
  expect(await replayed()).toContain('root:')
}, 90_000)

it('nothing is attached inside a session, and a key that programs need is no leader', async () => {
  const inside = await runCli(['attach'], { env: { ...env(), CHAPERONE_SESSION: 's-1' } })
  expect(inside.stderr).toContain('a shell is not attached inside one')
  const shell = terminal(shellArgs('--leader=ctrl-c'))
  expect((await shell.exit).code).toBe(2)
  expect(shell.text()).toContain('cannot be the leader key')
}, 30_000)

it('a shell that is not kept shows all that its program puts out, and ends with its terminal', async () => {
  const shell = terminal(['shell', '--practice', '--keep=0', '--', 'sh', '-c', 'echo at once; read line'])
  await shell.waitForScreen((screen) => screen.includes('at once') && screen.includes('LOCAL practice'), 30_000)
  process.kill(shell.pid, 'SIGHUP')
  expect((await shell.exit).code).toBe(129)
  const none = terminal(['attach'])
  expect((await none.exit).code).toBe(1)
  expect(none.text()).toContain('No shell is kept here')
}, 60_000)
