import { execFile } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import { runCli, startCli } from '../support/cli.ts'
import { kubectlPath } from '../support/kubectl.ts'
import { temporaryFolder } from '../support/tmp.ts'

const run = promisify(execFile)
const broker = 'system:serviceaccount:default:broker'
const config = {
  apiVersion: 'chaperone/v1',
  kind: 'Config',
  upstream: { impersonate: true },
  identity: {
    jwt: [
      {
        issuer: { url: 'https://ci.example.com', audiences: ['chaperone'] },
        claimMappings: {
          username: { claim: 'sub', prefix: 'ci:' },
          extra: [{ key: 'chaperone/run', valueExpression: 'claims.run' }],
        },
      },
    ],
  },
}

const parts = new AsyncDisposableStack()
let folder: string
let admin: (...args: string[]) => Promise<string>
beforeAll(async () => {
  folder = parts.use(await temporaryFolder()).path
  const kubeconfig = join(folder, 'admin')
  const ready = join(folder, 'ready')
  parts.use(await startCli(['practice', '--kubeconfig-out', kubeconfig], ready, { env: { HOME: folder } }))
  const kubectl = await kubectlPath()
  admin = async (...args) => (await run(kubectl, ['--kubeconfig', kubeconfig, ...args])).stdout
  await mkdir(join(folder, 'state'), { mode: 0o700 })
  await writeFile(join(folder, 'chaperone.yaml'), stringify(config))
  // The broker's own account, which has no rights yet.
  await admin('create', 'serviceaccount', 'broker', '--namespace', 'default')
  const token = (await admin('create', 'token', 'broker', '--namespace', 'default')).trim()
  const file = parse(await readFile(kubeconfig, 'utf8')) as { users: { user: object }[] }
  file.users = file.users.map((user) => ({ ...user, user: { token } }))
  await writeFile(join(folder, 'broker'), stringify(file), { mode: 0o600 })
}, 60_000)
afterAll(() => parts.disposeAsync())

async function upstream(order: string, flags: readonly string[] = [], credential = 'broker') {
  const given = ['--config', join(folder, 'chaperone.yaml'), '--kubeconfig', join(folder, credential)]
  return runCli(['upstream', order, ...given, '--state', join(folder, 'state'), ...flags], { env: { HOME: folder } })
}

it('a credential that has nothing is told what it lacks, and exactly that is enough', async () => {
  const before = await upstream('check', ['--group', 'ci:shop'])
  expect(before.code).toBe(1)
  expect(before.stdout).toContain(`credential  ${broker}\n`)
  expect(before.stdout).toContain('lacks       impersonate users\n')
  expect(before.stdout).toContain('lacks       impersonate groups ci:shop\n')
  expect(before.stdout).toContain('lacks       impersonate userextras/chaperone/run of authentication.k8s.io\n')
  expect(before.stdout).not.toContain('too much')

  const { stdout: roles } = await upstream('rbac', ['--group', 'ci:shop'])
  await writeFile(join(folder, 'rbac.yaml'), roles)
  await admin('apply', '--filename', join(folder, 'rbac.yaml'))
  const after = await upstream('check', ['--group', 'ci:shop'])
  expect(after).toMatchObject({ code: 0, stdout: expect.stringContaining('nothing more was found') as string })
  expect(await admin('auth', 'can-i', 'impersonate', 'groups/system:masters', '--as', broker).catch(String)).toMatch(
    /no/,
  )
  expect((await upstream('check', ['--group', 'others'])).stdout).toContain('lacks       impersonate groups others\n')
})

it('a credential that may do more is told what', async () => {
  await admin('create', 'clusterrolebinding', 'more', '--clusterrole', 'edit', '--serviceaccount', 'default:broker')
  const { code, stdout } = await upstream('check', ['--group', 'ci:shop', '--json'])
  expect(code).toBe(1)
  const { excess } = JSON.parse(stdout) as { excess: { verb: string; resource: string }[] }
  expect(excess.map(({ verb, resource }) => `${verb} ${resource}`)).toEqual(
    expect.arrayContaining(['get secrets', 'create pods']),
  )
  await admin('delete', 'clusterrolebinding', 'more')
  const everything = await upstream('check', [], 'admin')
  expect(everything).toMatchObject({ code: 1, stdout: expect.stringContaining('too much    everything\n') as string })
})

it('one that may act for any group may act for system:masters, and the roles say so', async () => {
  const { stdout: roles } = await upstream('rbac', ['--subject', broker])
  expect(roles).toMatch(/^# Whoever holds this credential .*system:masters/)
  await writeFile(join(folder, 'rbac.yaml'), roles)
  await admin('apply', '--filename', join(folder, 'rbac.yaml'))
  const { code, stdout } = await upstream('check')
  expect(code).toBe(1)
  expect(stdout).toContain('too much    impersonate groups system:masters\n')
})
