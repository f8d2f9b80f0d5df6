import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { stringify } from 'yaml'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { searchJournal } from '../../src/journal/reader.ts'
import type { Session } from '../../src/model/session.ts'
import { runCli, startCli } from '../support/cli.ts'
import { kubectlPath } from '../support/kubectl.ts'
import { temporaryFolder } from '../support/tmp.ts'

const policy = `apiVersion: chaperone/v1
kind: AccessPolicy
metadata: {name: team}
rules:
- name: read
  subjects: [{group: developers}, {group: leads}]
  match: {verbs: [get, list, watch], apiGroups: ["*"], resources: ["*"]}
  effect: allow
- name: discovery
  subjects: [{group: "*"}]
  match: {verbs: [get], nonResourceURLs: ["*"]}
  effect: allow
- name: deletes-need-a-lead
  subjects: [{group: developers}, {group: leads}]
  match: {verbs: [delete], apiGroups: ["*"], resources: ["*"]}
  effect: hold
  approval: {reviewers: [{group: leads}], count: 1, expiresAfter: 15m}
`

let parts: AsyncDisposableStack
let folder: string
let list: string
let config: string
beforeEach(async () => {
  parts = new AsyncDisposableStack()
  folder = parts.use(await temporaryFolder()).path
  list = join(folder, 'subjects.yaml')
  config = join(folder, 'chaperone.yaml')
  const rules = join(folder, 'policy.yaml')
  await writeFile(rules, policy)
  const identity = { subjects: 'subjects.yaml' }
  await writeFile(config, stringify({ apiVersion: 'chaperone/v1', kind: 'Config', identity, policies: [rules] }))
})
afterEach(() => parts.disposeAsync())

/** A person with a home of their own, at the broker of `folder`. */
async function person(name: string) {
  const home = join(folder, name)
  await mkdir(home)
  const env = { HOME: home }
  const more = ['--config', config]
  const key = join(home, 'chaperone.key')
  const signIn = ['--sign-in', join(home, 'sign-in')]
  return {
    name,
    home,
    env,
    key,
    chaperone: (...args: string[]) => runCli([...args, ...more], { env }),
    asMe: (...args: string[]) => runCli([...args, ...more, ...signIn], { env }),
    login: (...args: string[]) => runCli(['login', '--name', name, '--key', key, ...args, ...more, ...signIn], { env }),
  }
}

type Somebody = Awaited<ReturnType<typeof person>>

async function listed({ chaperone, name, key }: Somebody, group: string): Promise<void> {
  const made = await runCli(['subject', 'key', key], {})
  expect([made.code, made.stdout]).toEqual([0, expect.stringMatching(/^MCowBQYDK2VwAyEA.{44}\n$/)])
  expect((await stat(key)).mode & 0o777).toBe(0o600)
  const added = await chaperone('subject', 'add', name, '--group', group, '--public-key', made.stdout.trim())
  expect([added.code, added.stderr]).toEqual([0, expect.stringContaining(`${name} is in`)])
}

describe('a team without a provider', () => {
  it('signs in with keys, works with plain kubectl, reviews, and follows the file while it runs', async () => {
    const [ana, rob] = [await person('ana'), await person('rob')]
    await listed(ana, 'developers')
    await listed(rob, 'leads')
    const state = join(folder, 'state')
    const at = ['--state', state]
    const serve = await startCli(['serve', '--practice', '--config', config, ...at], join(folder, 'ready'), {})
    parts.use(serve)

    expect((await ana.asMe('whoami')).stderr).toContain('Nobody is signed in. Run `chaperone login --name NAME')
    expect((await ana.login(...at)).stderr).toContain('signed in as ana (developers).')
    expect(JSON.parse((await ana.asMe('whoami', '--json')).stdout)).toMatchObject({ name: 'ana', issuer: list })
    const asRob = await runCli(['login', '--name', 'rob', '--key', ana.key, '--config', config, ...at], ana)
    expect([asRob.code, asRob.stderr]).toEqual([1, expect.stringContaining('lists nobody with this name and key')])

    const kubeconfig = join(ana.home, 'kubeconfig')
    const written = await ana.asMe('kubeconfig', '--login', '--output', kubeconfig, ...at)
    expect(written.stderr).toContain('wrote')
    expect(await readFile(kubeconfig, 'utf8')).not.toContain('PRIVATE KEY')
    const kubectl = await kubectlPath()
    const env = { ...process.env, ...ana.env }
    const run = (...args: string[]) => promisify(execFile)(kubectl, ['--kubeconfig', kubeconfig, ...args], { env })
    const [pod = ''] = (await run('get', 'pods', '-n', 'shop-production', '-o', 'name')).stdout.split('\n')
    const remove = ['delete', '-n', 'shop-production', '--wait=false', pod]
    await expect(run(...remove)).rejects.toMatchObject({ stderr: expect.stringContaining('held') as string })
    const held = async () =>
      JSON.parse((await ana.asMe('held', 'list', '--json', ...at)).stdout) as readonly { id: string }[]
    const [{ id } = { id: '' }] = await held()
    expect((await ana.asMe('held', 'approve', id, ...at)).stderr).toContain('your own request')
    expect((await rob.login(...at)).code).toBe(0)
    const approved = await rob.asMe('held', 'approve', id, ...at)
    expect([approved.code, approved.stdout]).toEqual([0, expect.stringMatching(/approve +rob/)])
    expect((await run(...remove)).stdout).toContain('deleted')

    const watch = spawn(kubectl, ['--kubeconfig', kubeconfig, 'get', 'pods', '-n', 'shop-production', '-w'], { env })
    parts.defer(() => void watch.kill())
    await once(watch.stdout, 'data')
    const ended = once(watch, 'exit')
    const before = await readFile(list, 'utf8')
    await writeFile(list, before.replace('developers', 'interns'), { mode: 0o600 })
    const interned = expect.stringContaining('No rule of the policy allows ana') as string
    await vi.waitFor(() => expect(run('get', 'pods')).rejects.toMatchObject({ stderr: interned }), { timeout: 20_000 })
    await writeFile(list, before)
    await vi.waitFor(() => run('get', 'pods', '-n', 'shop-production'), { timeout: 20_000 })

    expect((await ana.chaperone('subject', 'remove', 'ana')).stderr).toContain('ana is no longer in')
    const sessions = async () =>
      JSON.parse((await runCli(['sessions', 'list', '--json', ...at], {})).stdout) as Session[]
    await vi.waitFor(async () => expect(await sessions()).toEqual([]), { timeout: 20_000 })
    await expect(run('get', 'pods')).rejects.toMatchObject({
      stderr: expect.stringContaining('lists nobody') as string,
    })
    await ended

    const lines: string[] = []
    const users = new Set<string>()
    for await (const event of searchJournal(join(state, 'journal'), {})) {
      if (event.requestURI === '/chaperone/subjects') lines.push(event.verb)
      users.add(event.user.username)
    }
    expect(lines).toEqual(['create', 'update', 'update', 'update'])
    expect(users).toContain('ana')
  })

  it('is told what is wrong, and nothing is lost by a wrong word', async () => {
    const ana = await person('ana')
    await listed(ana, 'developers')
    const said = async (...args: string[]) => {
      const { code, stderr } = await ana.chaperone(...args)
      return `${code} ${stderr}`
    }
    const before = await readFile(list, 'utf8')
    expect(await said('subject', 'add', 'ana', '--key', join(ana.home, 'new.key'))).toContain('is in')
    await expect(stat(join(ana.home, 'new.key'))).rejects.toMatchObject({ code: 'ENOENT' })
    expect(await said('subject', 'add', 'system:admin', '--key', join(ana.home, 'new.key'))).toContain(
      'must begin with',
    )
    expect(await said('subject', 'rekey', 'eve', '--key', join(ana.home, 'new.key'))).toContain('There is no eve')
    expect(await said('subject', 'add', 'bob')).toContain('Give --public-key KEY, or --key FILE')
    expect(await said('subject', 'key', ana.key)).toContain('there is a file already')
    expect(await readFile(list, 'utf8')).toBe(before)
    expect((await ana.login('--lifetime', '48h')).stderr).toContain('--lifetime takes at most 24h')
    const shown = await ana.chaperone('subject', 'list')
    expect(shown.stdout).toBe('ana\tdevelopers\n')
    expect(await said('subject', 'rekey', 'ana', '--key', join(ana.home, 'new.key'))).toContain('another key')
    expect((await ana.login()).stderr).toContain('lists nobody')
    const machines = ['ci-1', 'ci-2', 'ci-3']
    await Promise.all(machines.map((name) => said('subject', 'add', name, '--key', join(ana.home, `${name}.key`))))
    const { stdout } = await ana.chaperone('subject', 'list')
    for (const name of machines) expect(stdout).toContain(`${name}\t`)
    await writeFile(list, before, { mode: 0o600 })
    expect((await ana.login()).code).toBe(0)
    await rm(ana.key)
    const out = await ana.asMe('logout')
    expect([out.code, out.stderr]).toEqual([1, expect.stringMatching(/ends within the hour, not at once.*signed out/s)])
    await writeFile(list, before.replace('groups', 'grops'))
    expect(await said('serve', '--practice', '--state', join(folder, 's'))).toMatch(
      /subjects\.yaml:\d+: .*Did you mean/,
    )
  })
})
