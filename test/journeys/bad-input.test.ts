import { cp, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { builtMain, pinnedNode, runCli, startCli, type CliResult } from '../support/cli.ts'
import { openPty } from '../support/pty.ts'
import { temporaryFolder } from '../support/tmp.ts'

let parts: AsyncDisposableStack
let folder: string
let kubeconfig: string
beforeAll(async () => {
  parts = new AsyncDisposableStack()
  folder = parts.use(await temporaryFolder()).path
  kubeconfig = join(folder, 'kubeconfig')
  const practice = ['practice', '--kubeconfig-out', kubeconfig]
  parts.use(await startCli(practice, join(folder, 'ready.json'), { env: { HOME: folder } }))
})
afterAll(() => parts.disposeAsync())

const chaperone = (args: readonly string[], env: Record<string, string> = {}) =>
  runCli(args, { env: { HOME: folder, XDG_STATE_HOME: join(folder, 'xdg'), ...env } })

/** One sentence on stderr that starts as ours, nothing on stdout, no stack, an exit code that says no. */
function expectOneSentence(result: CliResult, words: RegExp): void {
  expect(result.stderr).toMatch(words)
  expect(result.stderr).not.toMatch(/^\s+at /m)
  expect(
    result.stderr
      .trim()
      .split('\n')
      .filter((line) => !line.startsWith('chaperone: ')),
  ).toEqual([])
  expect([result.stdout, result.code === 0]).toEqual(['', false])
}

const serve = (...flags: string[]) => ['serve', '--yes', '--state', join(folder, 'state'), ...flags]

describe('a broker that cannot start says why, and what to do', () => {
  it('unknown context: names those that there are', async () => {
    const result = await chaperone(serve('--kubeconfig', kubeconfig, '--context', 'nope'))
    expectOneSentence(result, /nope.*practice/s)
  })

  it('a kubeconfig that is not there, is no YAML, or holds nothing', async () => {
    expectOneSentence(await chaperone(serve('--kubeconfig', join(folder, 'none'))), /none/)
    const garbage = join(folder, 'garbage')
    await writeFile(garbage, '{{{ not yaml')
    expectOneSentence(await chaperone(serve('--kubeconfig', garbage)), /garbage/)
    await writeFile(garbage, '')
    expectOneSentence(await chaperone(serve('--kubeconfig', garbage)), /garbage/)
  })

  it('no kubeconfig at all: offers the practice cluster', async () => {
    expectOneSentence(await chaperone(serve(), { HOME: join(folder, 'nobody') }), /--practice/)
  })

  it('a busy port', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const { port } = server.address() as { port: number }
    const result = await chaperone(serve('--kubeconfig', kubeconfig, '--listen', `127.0.0.1:${port}`))
    expectOneSentence(result, /already in use.*--listen/s)
    server.close()
  })

  it('an address beyond this machine', async () => {
    expectOneSentence(await chaperone(serve('--practice', '--listen', '0.0.0.0:8443')), /loopback/)
  })

  it('an API server that is down, and one whose certificate is another’s', async () => {
    const text = await readFile(kubeconfig, 'utf8')
    const changed = join(folder, 'changed')
    await writeFile(changed, text.replace(/https:\/\/127\.0\.0\.1:\d+/g, 'https://127.0.0.1:1'))
    expectOneSentence(await chaperone(serve('--kubeconfig', changed)), /127\.0\.0\.1:1/)
    const state = join(folder, 'other-ca')
    const other = await startCli<{ caFile: string }>(['serve', '--practice', '--state', state], join(folder, 'o.json'))
    const ca = (await readFile(other.ready.caFile)).toString('base64')
    await other.stop()
    await writeFile(changed, text.replace(/certificate-authority-data: .*/g, `certificate-authority-data: ${ca}`))
    expectOneSentence(await chaperone(serve('--kubeconfig', changed)), /certificate/)
  })

  it('a state folder that is a file, that others may enter, or whose parts are broken', async () => {
    const file = join(folder, 'file')
    await writeFile(file, '')
    expectOneSentence(await chaperone(['serve', '--practice', '--state', file]), /state folder.*--state/s)
    const shared = join(folder, 'shared')
    await mkdir(shared, { mode: 0o755 })
    expectOneSentence(await chaperone(['serve', '--practice', '--state', shared]), /chmod 700/)
    const broken = join(folder, 'broken')
    await mkdir(join(broken, 'store'), { recursive: true, mode: 0o700 })
    await writeFile(join(broken, 'store', 'held-requests.json'), '{"not": "what we wrote', { mode: 0o600 })
    expectOneSentence(await chaperone(['serve', '--practice', '--state', broken]), /held-requests\.json/)
    expect(await readFile(join(broken, 'store', 'held-requests.json'), 'utf8')).toBe('{"not": "what we wrote')
  })

  it('a configuration or a policy with a typo: file, line and suggestion', async () => {
    const config = join(folder, 'chaperone.yaml')
    await writeFile(config, 'apiVersion: chaperone/v1\nkind: Config\nlisten: 8443\n')
    const withConfig = await chaperone(serve('--practice', '--config', config))
    expect([withConfig.code, withConfig.stderr]).toEqual([1, expect.stringMatching(/chaperone\.yaml:3: listen/)])
    const policy = join(folder, 'policy.yaml')
    const rule = '- name: a\n  subjects: [{group: "*"}]\n  match: {verb: [get], resources: [pods]}\n  effect: allow\n'
    await writeFile(policy, `apiVersion: chaperone/v1\nkind: AccessPolicy\nmetadata: {name: p}\nrules:\n${rule}`)
    const withPolicy = await chaperone(serve('--practice', '--policy', policy))
    expect([withPolicy.code, withPolicy.stderr]).toEqual([1, expect.stringMatching(/policy\.yaml:7.*verbs/s)])
  })

  it('a second broker in the same state folder', async () => {
    const state = join(folder, 'taken')
    await using _first = await startCli(['serve', '--practice', '--state', state], join(folder, 'first.json'))
    expectOneSentence(await chaperone(['serve', '--practice', '--state', state]), /already runs/)
  })
})

describe('what a broker says that `run` starts', () => {
  it('reaches the one who ran it whole: every line of a policy error', async () => {
    const policy = join(folder, 'typo.yaml')
    await writeFile(policy, 'ruls: []\n')
    const state = join(folder, 'typo-state')
    const result = await chaperone(['run', '--practice', '--policy', policy, '--state', state, '--', 'true'])
    expect([result.code, result.stderr]).toEqual([125, expect.stringMatching(/typo\.yaml:1: .*has no kind/s)])
    const doctor = await chaperone(['doctor', '--practice', '--policy', policy, '--state', state])
    expect([doctor.code, doctor.stdout]).toEqual([1, expect.stringMatching(/PROBLEM policy .*has no kind/s)])
  })

  it('a program that is there but cannot be run is 126', async () => {
    const result = await chaperone(['run', '--practice', '--state', join(folder, 'x'), '--', '/etc/passwd'])
    expect([result.code, result.stderr]).toEqual([126, expect.stringContaining('/etc/passwd: it cannot be run')])
  })

  it('a state folder in a place that takes no folders', async () => {
    expectOneSentence(await chaperone(['serve', '--practice', '--state', '/proc/chaperone']), /state folder.*--state/s)
  })
})

describe('a command line that makes no sense', () => {
  it.each([
    [['shel'], 2, /Did you mean "shell"/],
    [['help', 'exit-code'], 2, /Did you mean "exit-codes"/],
    [['serve', 'staging'], 2, /`chaperone serve` does not take "staging"/],
    [['why', 'last', 'x'], 2, /does not take "x"/],
    [['why', 'last', '--state'], 2, /--state needs a value/],
    [['why', '--state', '--json'], 2, /--state=VALUE/],
    [['why', 'last', '--json=1'], 2, /--json takes no value/],
    [['serve', '--contxt', 'x'], 2, /has no option --contxt\. Did you mean "--context"/],
    [['shell', '--practice'], 1, /chaperone run -- CMD/],
    [['shell', '--ui=loud'], 1, /terminal/],
    [['replay'], 1, /recording/],
    [['replay', 'latest'], 1, /recording/],
    [['why', 'no-such-id'], 1, /no-such-id/],
    [['held', 'approve', 'h-abcdef'], 2, /--token-file/],
    [['held', 'list'], 1, /No broker runs/],
    [['journal'], 2, /search/],
    [['journal', 'search', '--decision=foo'], 2, /allow, hold or deny/],
    [['kubectl', 'get', 'pods'], 2, /`chaperone run -- kubectl …`/],
    [['practice'], 2, /--kubeconfig-out/],
    [
      ['serve', '--practice', '--policy', '/no/such/policy'],
      1,
      /Cannot read the policy \/no\/such\/policy: it is not there/,
    ],
    [['serve', '--practice', '--config', '/etc'], 1, /Cannot read the configuration \/etc: it is a folder/],
    [['run', '--practice', '--ui=loud', '--', 'true'], 125, /--ui must be full, line or none, not "loud"/],
    [['run', 'kubectl', 'get', 'pods'], 125, /two dashes/],
    [['serve', '--practice', '--context', 'x'], 2, /leave out/],
  ] as const)('%j', async (args, code, words) => {
    const result = await chaperone(args)
    expectOneSentence(result, words)
    expect(result.code).toBe(code)
  })

  it('garbage is no recording', async () => {
    const file = join(folder, 'garbage.cast')
    await writeFile(file, 'hello\n')
    expectOneSentence(await chaperone(['replay', file, '--print']), /line 1|not.*recording/i)
  })
})

describe('a machine that lacks something', () => {
  it('an old Node is told so before anything else', async () => {
    const old =
      'data:text/javascript,Object.defineProperty(process,"versions",{value:{...process.versions,node:"20.1.0"}})'
    const pty = openPty(pinnedNode, ['--import', old, builtMain, 'doctor'])
    expect((await pty.exit).code).toBe(1)
    expect(pty.text()).toMatch(/This is Node 20\.1\.0, and Chaperone needs 24/)
  })

  it('no kubectl anywhere', async () => {
    const root = fileURLToPath(new URL('../..', import.meta.url))
    const copy = join(folder, 'copy')
    await mkdir(join(copy, 'node_modules'), { recursive: true })
    await cp(join(root, 'dist'), join(copy, 'dist'), { recursive: true })
    await cp(join(root, 'package.json'), join(copy, 'package.json'))
    for (const name of await readdir(join(root, 'node_modules'))) {
      if (!name.startsWith('.')) await symlink(join(root, 'node_modules', name), join(copy, 'node_modules', name))
    }
    const pty = openPty(
      pinnedNode,
      [join(copy, 'dist/src/main.js'), 'run', '--practice', '--state', join(folder, 's'), '--', 'true'],
      {
        env: { PATH: join(folder, 'empty'), HOME: folder },
        cols: 200,
      },
    )
    expect((await pty.exit).code).toBe(125)
    expect(pty.text()).toMatch(/kubectl is not on the PATH.*scripts\/start/)
  })

  it('a terminal too small for a shell and a status line', async () => {
    const pty = openPty(pinnedNode, [builtMain, 'shell', '--practice'], { cols: 15, rows: 4, env: { HOME: folder } })
    expect((await pty.exit).code).toBe(1)
    expect(pty.output().replaceAll(/\s+/g, ' ')).toContain('15×4; a shell needs 20×5')
  })
})
