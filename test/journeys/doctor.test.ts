import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { builtMain, pinnedNode, runCli, startCli } from '../support/cli.ts'
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

async function doctor(name: string, env: Record<string, string>, flags: readonly string[] = []) {
  const home = join(folder, name)
  await mkdir(home, { recursive: true })
  const { stdout, stderr, code } = await runCli(['doctor', ...flags], { env: { HOME: home, SHELL: '/bin/sh', ...env } })
  expect(stderr).toBe('')
  return {
    code,
    stdout,
    line: (check: string) => stdout.split('\n').find((one) => one.slice(8).startsWith(`${check} `)) ?? '',
  }
}

it('a machine that has all: says so, and which cluster a shell would use', async () => {
  const { code, stdout, line } = await doctor('well', { KUBECONFIG: kubeconfig })
  expect(code).toBe(0)
  expect(line('context')).toMatch(
    /^ok .*practice \(of \d contexts?\), user \S+, by token; its first use will be asked for$/,
  )
  expect(line('cluster')).toMatch(/^ok .*practice answers at https:/)
  expect(line('reviewers')).toMatch(/^note .*`chaperone reviewer add NAME`/)
  expect(stdout.trimEnd().split('\n').at(-1)).toBe('Everything that a session needs is here.')
})

it.each([
  ['no kubeconfig', {}, 'context', /There is no kubeconfig .*chaperone --practice/],
  ['a shell that is not there', { SHELL: '/bin/no-such-shell' }, 'shell', /Set SHELL, or name a shell/],
  ['no kubectl', { PATH: '/nowhere' }, 'kubectl', /ok .*which came along|PROBLEM .*Install kubectl/],
] as const)('%s', async (_what, env, check, words) => {
  expect((await doctor('lacks', env)).line(check)).toMatch(words)
})

it('variables that are set and empty count as not set, and a relative one is not taken apart', async () => {
  const empty = { KUBECONFIG: '', CHAPERONE_STATE: '', SHELL: '', XDG_STATE_HOME: '', XDG_CONFIG_HOME: 'relative' }
  const { line } = await doctor('empty', empty)
  expect(line('state')).toContain(join(folder, 'empty', '.local/state/chaperone'))
  expect(line('config')).toContain(join(folder, 'empty', '.config/chaperone/chaperone.yaml'))
  expect(line('shell')).toMatch(/^ok +shell +\//)
  expect(line('context')).toContain(join(folder, 'empty', '.kube/config'))
  const env = { HOME: 'relative', CHAPERONE_STATE: 'state' }
  const { stdout } = await runCli(['status'], { env, cwd: folder })
  expect(stdout).toContain(`state      ${join(folder, 'state')}\n`)
})

it('a configuration that cannot be read stops it there', async () => {
  const config = join(folder, 'chaperone.yaml')
  await writeFile(config, 'apiVersion: chaperone/v1\nkind: Config\nlisten: 8443\n')
  const { code, stdout } = await doctor('typo', {}, ['--config', config])
  expect([code, stdout]).toEqual([
    1,
    expect.stringMatching(/^PROBLEM config .*chaperone\.yaml:3: listen: .*\n\n1 problem:/),
  ])
})

it('a kubeconfig file that is named and missing, and a cluster that is down', async () => {
  const missing = join(folder, 'not-there')
  const down = join(folder, 'down')
  await writeFile(
    down,
    (await readFile(kubeconfig, 'utf8')).replace(/https:\/\/127\.0\.0\.1:\d+/g, 'https://127.0.0.1:1'),
  )
  const { code, line } = await doctor('falls', { KUBECONFIG: `${missing}:${down}` })
  expect(code).toBe(1)
  expect(line('context')).toMatch(new RegExp(`^note .*not there: ${missing}$`))
  expect(line('cluster')).toMatch(/^PROBLEM .*127\.0\.0\.1:1/)
})

it('as JSON it says the same; on a terminal it fits the width and leaves no progress behind', async () => {
  const { stdout } = await doctor('json', {}, ['--practice', '--json'])
  const findings = JSON.parse(stdout) as { check: string; ok: boolean; level: string; says: string }[]
  expect(findings.find(({ check }) => check === 'policy')).toEqual({
    check: 'policy',
    ok: true,
    level: 'ok',
    says: 'the built-in policy',
  })
  await using pty = openPty(pinnedNode, [builtMain, 'doctor'], { cols: 80, rows: 40, env: { HOME: folder } })
  expect((await pty.exit).code).toBe(1)
  expect(pty.text()).toMatch(/^ok +terminal +xterm-256color, 80×40$/m)
  expect(pty.text()).toMatch(/^PROBLEM context +There is no kubeconfig .*\n {19}\S/m)
  expect(pty.text()).not.toContain('checking')
})
