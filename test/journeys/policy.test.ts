import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import type { AuditEvent } from '../../src/model/audit.ts'
import { temporaryFolder } from '../support/tmp.ts'
import { practiceBroker, type PracticeBroker } from './broker.ts'

const policy = `apiVersion: chaperone/v1
kind: AccessPolicy
metadata: {name: hasty}
rules:
- name: read
  subjects: [{group: "chaperone:operators"}]
  match: {verbs: ["*"], nonResourceURLs: ["*"]}
  effect: allow
- name: pods
  subjects: [{group: "chaperone:operators"}]
  match: {verbs: [get, list, watch], apiGroups: [""], resources: [pods], namespaces: [shop-production]}
  effect: allow
- name: told-why
  subjects: [{group: "chaperone:operators"}]
  match: {verbs: [get, list], apiGroups: [""], resources: [services], namespaces: [shop-production]}
  effect: allow
  requireReason: true
  message: Services are looked at for a reason.
- name: hasty
  subjects: [{group: "*"}]
  match: {verbs: [delete], apiGroups: [""], resources: [pods]}
  effect: hold
  approval: {reviewers: [{group: "chaperone:reviewers"}], count: 1, expiresAfter: 1s}
`

let parts: AsyncDisposableStack
let broker: PracticeBroker
let file: string
beforeAll(async () => {
  parts = new AsyncDisposableStack()
  const folder = parts.use(await temporaryFolder()).path
  file = join(folder, 'policy.yaml')
  await writeFile(file, policy)
  broker = parts.use(await practiceBroker(['--policy', file]))
})
afterAll(() => parts.disposeAsync())

it('a request that nobody decides in time ends with 122 and says so', async () => {
  const { code, stderr } = await broker.kubectlRun(['delete', '--raw', '/api/v1/namespaces/shop-production/pods/x'])
  expect([code, stderr]).toEqual([122, expect.stringContaining('ApprovalExpired')])
  expect((await broker.chaperone(['why', 'last'])).stdout).toMatch(
    /It was held by the rule hasty\/hasty \(\S+policy\.yaml:19\): .*Nobody decided in time/s,
  )
})

it('explains the last request by the policy that decided it, also after the broker was told another one', async () => {
  await broker.kubectlRun(['get', 'pods', '-n', 'shop-production', '-o', 'name'])
  const now = await broker.chaperone(['policy', 'explain', 'last'])
  expect([now.code, now.stderr, now.stdout]).toEqual([0, '', expect.stringMatching(/^Decision: allow\n  hasty\/pods/)])
  await writeFile(file, policy.replace('name: pods', 'name: pods-of-the-shop'))
  const changed = await broker.chaperone(['policy', 'explain', 'last'])
  await writeFile(file, policy)
  expect(changed.stdout).toContain('hasty/pods-of-the-shop')
  expect(changed.stderr).toMatch(/policy\.yaml changed since that request/)
  const none = await broker.chaperone(['policy', 'explain', 'h-aaaaaa'])
  expect([none.code, none.stderr]).toEqual([1, expect.stringContaining('The journal has no request h-aaaaaa')])
})

it('one’s own policy decides: what no rule allows is refused, also across all namespaces', async () => {
  const pods = await broker.kubectlRun(['get', 'pods', '-n', 'shop-production', '-o', 'name'])
  expect([pods.code, pods.stdout]).toEqual([0, expect.stringContaining('pod/web-')])
  const everywhere = await broker.kubectlRun(['get', 'pods', '-A'])
  expect([everywhere.code, everywhere.stdout]).toEqual([121, ''])
  expect((await broker.kubectlRun(['get', 'secrets', '-n', 'shop-production'])).code).toBe(121)
})

it('a policy file that changes decides from then on, and the journal says so; a broken one changes nothing, and says so too', async () => {
  const lines = async () => (await broker.chaperone(['journal', 'search', '--json'])).stdout
  const changed = async (text: string, marker: string) => {
    await writeFile(file, text)
    await vi.waitFor(async () => expect(await lines()).toContain(marker), { timeout: 20_000, interval: 200 })
  }
  const readPods = () => broker.kubectlRun(['get', 'pods', '-n', 'shop-production', '-o', 'name'])

  await changed(policy.replace('effect: hold', 'effect: hodl'), 'The policy before stays in force')
  expect((await readPods()).code).toBe(0)
  await changed(`# no pods any more\n${policy.replace('shop-production', 'nowhere')}`, 'is in force from now on')
  expect((await readPods()).code).toBe(121)
  await changed(policy.replace('{name: hasty}', '{name: calm}'), 'The policy calm changed')
  await broker.kubectlRun(['delete', '--raw', '/api/v1/namespaces/shop-production/pods/x'])
  expect((await broker.chaperone(['why', 'last'])).stdout).toMatch(
    /held by the rule calm\/hasty \(\S+policy\.yaml:19\)/,
  )
  expect((await broker.chaperone(['journal', 'verify'])).code).toBe(0)

  const events = JSON.parse(await lines()) as AuditEvent[]
  const [begun, ...reloads] = events.filter(({ requestURI }) => requestURI === '/chaperone/policy')
  expect(reloads.map(({ responseStatus }) => responseStatus?.code)).toEqual([422, 200, 200])
  const digests = reloads.map(({ annotations }) => [
    annotations['chaperone/policy-before'],
    annotations['chaperone/policy-digest'],
  ])
  expect(digests).toEqual([
    [digests[0]?.[0], digests[0]?.[0]],
    [digests[0]?.[0], digests[1]?.[1]],
    [digests[1]?.[1], digests[2]?.[1]],
  ])
  expect(new Set(digests.flat()).size).toBe(3)
  expect(begun).toMatchObject({
    verb: 'create',
    annotations: { 'chaperone/policy-digest': digests[0]?.[0], 'chaperone/policy-files': file },
  })
})

it('a rule that wants a reason is satisfied by one, which the journal keeps', async () => {
  const services = ['get', 'services', '-n', 'shop-production', '-o', 'name']
  const silent = await broker.kubectlRun(services)
  expect([silent.code, silent.stderr]).toEqual([121, expect.stringContaining('begin the session with --reason TEXT')])
  const told = await broker.kubectlRun(services, ['--reason', 'INC-7: the shop is slow'])
  expect([told.code, told.stdout]).toEqual([0, expect.stringContaining('service/')])
  expect((await broker.chaperone(['journal', 'search', '--json'])).stdout).toContain(
    '"chaperone/session-reason": "INC-7: the shop is slow"',
  )
  const long = await broker.chaperone(['run', '--practice', '--reason', 'a\nb', '--', 'true'])
  expect([long.code, long.stderr]).toEqual([125, expect.stringContaining('one line')])
})

it('recordings can be asciicast v2, for players that know no other', async () => {
  await broker.chaperone(['run', '--practice', '--recording-format=v2', '--', 'echo', 'for an old player'])
  const list = JSON.parse((await broker.chaperone(['recordings', 'list', '--json'])).stdout) as { version: number }[]
  expect(list[0]).toMatchObject({ version: 2, command: 'echo for an old player', exitStatus: 0 })
  expect((await broker.chaperone(['replay', 'latest', '--print'])).stdout).toBe('for an old player\r\n')
})
