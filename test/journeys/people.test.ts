import { execFile } from 'node:child_process'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { UnsecuredJWT } from 'jose'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { peopleProvider, type PeopleProvider } from '../identity/people-provider.ts'
import { searchJournal } from '../../src/journal/reader.ts'
import type { Session } from '../../src/model/session.ts'
import { startCli } from '../support/cli.ts'
import { kubectlPath } from '../support/kubectl.ts'
import { temporaryFolder } from '../support/tmp.ts'
import { deskOf, type Desk } from './people.ts'

let parts: AsyncDisposableStack
let idp: PeopleProvider
let folder: string
let ana: Desk
beforeEach(async () => {
  parts = new AsyncDisposableStack()
  idp = parts.use(await peopleProvider())
  folder = parts.use(await temporaryFolder()).path
  ana = await deskOf(folder, idp, 'ana')
})
afterEach(() => parts.disposeAsync())

const who = (desk: Desk) => desk.chaperone(['whoami', '--json', '--config', desk.config])

describe('signing in', () => {
  it('opens the browser, says who it is, and signing out is the end of it', async () => {
    expect((await who(ana)).stderr).toContain('Nobody is signed in. Run `chaperone login`.')
    const login = await ana.chaperone(['login', '--config', ana.config])
    expect(login.stderr).toContain('signed in as ana (developers).')
    expect(login.code).toBe(0)
    expect(JSON.parse((await who(ana)).stdout)).toMatchObject({ name: 'ana', groups: ['developers'], issuer: idp.url })
    const state = join(ana.home, '.local/state/chaperone')
    expect(await readdir(state)).toContain('sign-in')
    const secret = (await readFile(join(state, 'sign-in'), 'utf8')).split('"refreshToken":"')[1]?.split('"')[0] ?? ''
    expect(secret).toMatch(/^[\w-]{20,}$/)
    expect(login.stdout + login.stderr).not.toMatch(new RegExp(`${secret}|eyJ`))
    expect((await ana.chaperone(['logout', '--config', ana.config])).stderr).toContain('signed out.')
    expect(idp.asked).toContain('POST /token/revocation')
    expect((await who(ana)).code).toBe(1)
    expect(await readdir(state)).not.toContain('sign-in')
  })

  it('four processes that find the token stale refresh it once between them', async () => {
    await ana.chaperone(['login', '--config', ana.config])
    const path = join(ana.home, '.local/state/chaperone/sign-in')
    const [id = '', json = ''] = (await readFile(path, 'utf8')).split('\n')
    const old = new UnsecuredJWT({ sub: 'ana', iat: 1_700_000_000, exp: 1_700_000_600 }).encode()
    await writeFile(path, `${id}\n${JSON.stringify({ ...(JSON.parse(json) as object), idToken: old })}\n`)
    const all = await Promise.all([1, 2, 3, 4].map(() => who(ana)))
    expect(all.map(({ stderr, code }) => [stderr, code])).toEqual(Array(4).fill(['', 0]))
    expect(idp.asked.filter((line) => line === 'POST /token')).toHaveLength(2)
  })
})

describe('working behind a broker', () => {
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
  let state: string
  let kubectl: string
  beforeEach(async () => {
    const file = join(folder, 'policy.yaml')
    await writeFile(file, policy)
    ana = await deskOf(folder, idp, 'ana', { policies: [file] })
    state = join(ana.home, '.local/state/chaperone')
    kubectl = await kubectlPath()
    const serve = ['serve', '--practice', '--config', ana.config]
    parts.use(await startCli(serve, join(folder, 'ready'), { env: ana.env }))
  })

  it('plain kubectl is whoever signed in, a second person approves what is held, and signing out is the end', async () => {
    await ana.chaperone(['login', '--config', ana.config])
    const kubeconfig = join(ana.home, 'kubeconfig')
    const written = await ana.chaperone(['kubeconfig', '--login', '--config', ana.config, '--output', kubeconfig])
    expect(written.stderr).toContain('wrote')
    expect(await readFile(kubeconfig, 'utf8')).not.toMatch(/eyJ|refreshToken/)
    const run = (...args: string[]) =>
      promisify(execFile)(kubectl, ['--kubeconfig', kubeconfig, ...args], { env: { ...process.env, ...ana.env } })
    const remove = ['delete', 'pod', '-n', 'shop-production', '--wait=false']
    const [pod = ''] = (await run('get', 'pods', '-n', 'shop-production', '-o', 'name')).stdout.split('\n')
    remove.push(pod.replace('pod/', ''))
    await expect(run(...remove)).rejects.toMatchObject({ stderr: expect.stringContaining('held') as string })
    const [{ id = '' } = {}] = JSON.parse((await ana.chaperone(['held', 'list', '--json'])).stdout) as { id?: string }[]

    const own = await ana.chaperone(['held', 'approve', id, '--config', ana.config])
    expect(own.stderr).toContain('your own request')
    const rob = await deskOf(folder, idp, 'rob')
    const asRob = ['--state', state, '--config', rob.config, '--sign-in', join(rob.home, 'sign-in')]
    const early = await rob.chaperone(['held', 'approve', id, ...asRob])
    expect(early.stderr).toContain('Nobody is signed in. Run `chaperone login`.')
    expect((await rob.chaperone(['login', ...asRob])).stderr).toContain('signed in as rob (leads).')
    const approved = await rob.chaperone(['held', 'approve', id, ...asRob])
    expect([approved.code, approved.stdout]).toEqual([0, expect.stringMatching(/approve +rob/)])
    expect((await run(...remove)).stdout).toContain('deleted')

    const active = async () => JSON.parse((await ana.chaperone(['sessions', 'list', '--json'])).stdout) as Session[]
    expect(await active()).toHaveLength(1)
    await ana.chaperone(['logout', '--config', ana.config])
    expect(await active()).toEqual([])
    await expect(run('get', 'pods')).rejects.toMatchObject({
      stderr: expect.stringContaining('Nobody is signed in') as string,
    })
    const events = []
    for await (const event of searchJournal(join(state, 'journal'), {})) events.push(event)
    const reviewed = events.find(({ verb, stage }) => verb === 'review' && stage === 'ResponseComplete')
    expect(reviewed?.user).toMatchObject({ username: 'ana' })
    expect(events.findLast(({ verb }) => verb === 'review')?.user).toMatchObject({ username: 'rob', groups: ['leads'] })
    expect(JSON.stringify(events)).not.toMatch(/eyJ/)
  })

  it('a command runs as whoever signed in, and not at all when nobody is', async () => {
    const run = ['run', '--practice', '--config', ana.config, '--', kubectl, 'get', 'namespaces']
    const early = await ana.chaperone(run)
    expect([early.code, early.stderr]).toEqual([
      125,
      expect.stringMatching(/Nobody is signed in\. Run `chaperone login`/),
    ])
    await ana.chaperone(['login', '--config', ana.config])
    const { stdout } = await ana.chaperone(run)
    expect(stdout).toContain('shop-production')
    const sessions = JSON.parse((await ana.chaperone(['sessions', 'list', '--all', '--json'])).stdout) as Session[]
    expect(sessions.map(({ subject, expiresAt }) => [subject.name, subject.authenticatedBy, typeof expiresAt])).toEqual(
      [['ana', 'jwt', 'string']],
    )
    const local = await ana.chaperone(['run', '--practice', '--', kubectl, 'get', 'namespaces'])
    expect([local.code, local.stderr]).toEqual([
      125,
      expect.stringMatching(/for people who have signed in.*chaperone login/s),
    ])
  })
})

it('without a provider in the configuration, whoever uses the system is who they are', async () => {
  const { stdout } = await ana.chaperone(['whoami'])
  expect(stdout).toMatch(/^by      the system: nobody signs in here$/m)
  const { stderr, code } = await ana.chaperone(['login'])
  expect([code, stderr]).toEqual([1, expect.stringMatching(/does not say how people sign in/)])
})
