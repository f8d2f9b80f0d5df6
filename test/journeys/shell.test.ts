import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { builtMain, pinnedNode, runCli } from '../support/cli.ts'
import { kubectlPath } from '../support/kubectl.ts'
import { openPty, type Pty } from '../support/pty.ts'
import { openTmux } from '../support/tmux.ts'
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

/** A broker that a shell started lives on for a few seconds; the next story waits until it is gone. */
async function endBroker(readyFile: string): Promise<void> {
  if (!existsSync(readyFile)) return
  const { pid } = JSON.parse(await readFile(readyFile, 'utf8')) as { pid: number }
  process.kill(pid)
  while (existsSync(`/proc/${pid}`)) await new Promise((resolve) => setTimeout(resolve, 20))
}

/** A person's variables: their home, a prompt to wait for, and the pinned kubectl first on the PATH. */
const env = () => ({
  HOME: home,
  XDG_STATE_HOME: join(home, 'state'),
  PATH: `${kubectlFolder}:${process.env['PATH'] ?? ''}`,
  PS1: 'ready> ',
})
const shellArgs = ['shell', '--practice', '--', 'bash', '--norc', '--noprofile']
const terminal = (args: readonly string[]): Pty =>
  parts.use(openPty(pinnedNode, [builtMain, ...args], { cols: 110, rows: 32, env: env() }))
const chaperone = (...args: string[]) => runCli(args, { env: env() })

/** The two characters that the reviewer's screen asks for. */
const codeOn = (screen: string) => /Type\s+(\S\S)\s+to/.exec(screen)?.[1] ?? ''

/** A verdict counts only half a second after the last repaint, and only key by key: this is how fast a person is. */
const aGlance = () => new Promise((resolve) => setTimeout(resolve, 800))

async function approve(reviewer: Pty): Promise<void> {
  await aGlance()
  reviewer.type('a')
  const code = codeOn(await reviewer.waitForScreen(/Type\s+\S\S\s+to approve/))
  await aGlance()
  for (const key of code) {
    reviewer.type(key)
    await aGlance()
  }
}

describe('the story of the README', () => {
  it('a held request waits for the second person, a secret stays hidden, and all of it can be replayed', async () => {
    const shell = terminal(shellArgs)
    await shell.waitForScreen((screen) => screen.includes('ready>') && /LOCAL practice/.test(screen), 30_000)

    shell.type('kubectl get secret newsletter-api -n shop-production -o yaml; echo "left: $?"\r')
    await shell.waitForScreen('left: 0')
    expect(shell.text()).toContain(Buffer.from('chaperone-masked').toString('base64').slice(0, 16))

    shell.type('clear; kubectl delete namespace shop-staging; echo "left: $?"\r')
    await shell.waitForScreen(/1 held .*delete namespace shop-staging/)
    shell.type('\x1d')
    await shell.waitForScreen('sends   DELETE /api/v1/namespaces/shop-staging')
    expect(shell.text()).toContain('needs   a review by group chaperone:reviewers')

    const reviewer = terminal(['review', '--practice'])
    await reviewer.waitForScreen('sends   DELETE /api/v1/namespaces/shop-staging')
    await approve(reviewer)
    await reviewer.waitForScreen(/approved by rita@practice/)
    shell.type('\x1d')
    await shell.waitForScreen('namespace "shop-staging" deleted')
    await shell.waitForScreen('left: 0')
    await aGlance()
    reviewer.type('q')
    expect((await reviewer.exit).code).toBe(0)
    expect(reviewer.onAlternateScreen).toBe(false)

    shell.type('exit 3\r')
    expect((await shell.exit).code).toBe(3)
    expect(shell.text()).toMatch(/chaperone: \d+ requests, 1 held, 2 values masked; chaperone replay latest/)
    expect(shell.onAlternateScreen).toBe(false)
    expect(shell.output()).not.toContain(Buffer.from('hunter2-newsletter').toString('base64'))

    const replayed = await chaperone('replay', 'latest', '--print')
    expect(replayed.stdout).toContain('namespace "shop-staging" deleted')
    const [recording] = JSON.parse((await chaperone('recordings', 'list', '--json')).stdout) as {
      exitStatus: number
      markers: { label: string }[]
    }[]
    expect(recording?.exitStatus).toBe(3)
    const labels = recording?.markers.map(({ label }) => label.replace(/h-\S+?:/, 'ID:'))
    expect(labels).toEqual([
      expect.stringMatching(/^masked 2: /) as string,
      'pending ID: kubectl delete namespace shop-staging',
      'approved ID: kubectl delete namespace shop-staging',
      'completed ID: kubectl delete namespace shop-staging',
    ])
    expect((await chaperone('why', 'last')).stdout).toContain('kubectl')
    expect((await chaperone('journal', 'verify')).code).toBe(0)
  }, 90_000)
})

describe('a program inside the shell', () => {
  it('cannot approve what needs a review, whatever it types into the terminal through tmux', async () => {
    const line = `env "PS1=ready> " ${[pinnedNode, builtMain, ...shellArgs].join(' ')}`
    const tmux = parts.use(await openTmux(line, { cols: 110, rows: 32, env: env() }))
    await tmux.waitFor((screen) => screen.includes('ready>') && /LOCAL practice/.test(screen), 30_000)
    // The program knows the terminal's tmux server and types everything that could look like a verdict.
    const attack = `for key in C-] a y Enter y y C-] y a d Enter C-] C-] a; do tmux -S ${tmux.socket} send-keys -t story "$key"; read -t 0.6 nothing; done`
    const codes = `for a in a b c d e; do tmux -S ${tmux.socket} send-keys -t story -l "y$a$a"; done`
    await tmux.type(
      `(${attack}; ${codes}; echo attack-is-over > ${home}/over) </dev/zero >/dev/null 2>&1 & kubectl delete namespace data; echo "left: $?"`,
    )
    await tmux.sendKeys('Enter')
    await tmux.waitFor(/1 held .*delete namespace data/)
    const isOver = async () => (await chaperone('held', 'list', '--json')).stdout
    const held = async () => JSON.parse(await isOver()) as { state: string; reviews: unknown[] }[]
    await tmux.waitFor((screen) => screen.includes('held'), 10_000)
    while (!existsSync(join(home, 'over'))) await held()
    const states = await held()
    for (const { state, reviews } of states) expect([state, reviews]).toEqual(['pending', []])
    expect((await chaperone('journal', 'search', '--verb=review', '--json')).stdout.trim()).toBe('[]')
    expect((await chaperone('journal', 'search', '--verb=confirm', '--json')).stdout.trim()).toBe('[]')
  }, 90_000)

  it('is told that a review comes from another terminal when it asks for one', async () => {
    const shell = terminal(shellArgs)
    await shell.waitForScreen('ready>', 30_000)
    shell.type(`${pinnedNode} ${builtMain} review --practice; echo "left: $?"\r`)
    await shell.waitForScreen('left: 1')
    expect(shell.text()).toContain('A review comes from another person')
    shell.type('exit\r')
    await shell.exit
  }, 60_000)
})

describe('a shell that ends badly', () => {
  it.each([
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)(
    'gives the terminal back on %s, and its recording says how it ended',
    async (signal, status) => {
      const keep = signal === 'SIGHUP' ? ['--keep=0'] : []
      const [verb, practice, ...rest] = shellArgs
      const args = [verb, practice, ...keep, ...rest]
      const line = `stty -a > ${home}/before; env "PS1=ready> " ${[pinnedNode, builtMain, ...args].join(' ')}; echo "status: $?"; stty -a > ${home}/after; cmp ${home}/before ${home}/after && echo same-terminal`
      const outer = parts.use(openPty('bash', ['--norc', '-c', line], { cols: 100, rows: 30, env: env() }))
      await outer.waitForScreen((screen) => screen.includes('ready>') && /LOCAL practice/.test(screen), 30_000)
      const face = await readFile(`/proc/${outer.pid}/task/${outer.pid}/children`, 'utf8')
      process.kill(Number(face.trim()), signal)
      await outer.waitForScreen('same-terminal', 20_000)
      expect(outer.text()).toContain(`status: ${status}`)
      expect(outer.onAlternateScreen).toBe(false)
      const [recording] = JSON.parse((await chaperone('recordings', 'list', '--json')).stdout) as {
        exitStatus: number
      }[]
      expect(recording?.exitStatus).toBe(status)
    },
    60_000,
  )
})
