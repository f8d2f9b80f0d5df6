import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { HeldRequest } from '../../src/model/held.ts'
import { temporaryFolder } from '../support/tmp.ts'
import { practiceBroker, type PracticeBroker } from './broker.ts'

const policy = `apiVersion: chaperone/v1
kind: AccessPolicy
metadata: {name: tea}
rules:
- name: look
  subjects: [{group: "*"}]
  match: {verbs: [get, list, watch], apiGroups: ["*"], resources: ["*"], namespaces: [shop-staging]}
  effect: allow
  message: Everyone may look at staging.
- name: paths
  subjects: [{group: "*"}]
  match: {verbs: ["*"], nonResourceURLs: ["*"]}
  effect: allow
- name: second-person
  subjects: [{group: "*"}]
  match: {verbs: [delete], apiGroups: [""], resources: [pods, configmaps]}
  effect: hold
  approval: {reviewers: [{group: "chaperone:reviewers"}], count: 1, expiresAfter: 15m}
  message: Deleting needs a second person.
- name: never
  subjects: [{group: "*"}]
  match: {verbs: [create], apiGroups: [""], resources: [pods]}
  effect: deny
  message: Pods come from deployments.
`

let parts: AsyncDisposableStack
let file: string
let broker: PracticeBroker
beforeAll(async () => {
  parts = new AsyncDisposableStack()
  file = join(parts.use(await temporaryFolder()).path, 'tea.yaml')
  await writeFile(file, policy)
  broker = parts.use(await practiceBroker(['--policy', file]))
})
afterAll(() => parts.disposeAsync())

/** The three sentences, a line each. */
async function why(id: string): Promise<readonly string[]> {
  const { stdout, stderr } = await broker.chaperone(['why', id])
  expect(stderr).toBe('')
  return stdout.trimEnd().split('\n')
}

const removal = ['delete', '--raw', '/api/v1/namespaces/shop-staging/configmaps/no-such']
const ruleAt = (rule: string) => `tea/${rule} (${file}:${policy.split('\n').indexOf(`- name: ${rule}`) + 1})`

it('an allow: the rule, and what the cluster answered', async () => {
  await broker.kubectlRun(['get', 'configmaps', '-n', 'shop-staging'])
  expect(await why('last')).toEqual([
    expect.stringMatching(
      /^\S+ asked for `kubectl get configmaps.*` at 2\d{3}-\d\d-\d\d \d\d:\d\d:\d\d UTC in session s-/,
    ),
    `It was allowed by the rule ${ruleAt('look')}: Everyone may look at staging.`,
    'The API server answered 200.',
  ])
})

it('a deny names itself in its message; by a rule, and because there is none', async () => {
  const denied = await broker.kubectlRun(['create', '--raw', '/api/v1/namespaces/shop-staging/pods', '-f', '/dev/null'])
  expect(denied.stderr).toMatch(/chaperone why [0-9a-f-]{36}/)
  const { stderr } = await broker.kubectlRun(['get', 'pods', '-n', 'shop-production'])
  const id = /chaperone why ([0-9a-f-]{36})/.exec(stderr)?.[1] ?? ''
  expect((await why(id)).slice(1)).toEqual([
    `It was denied because no rule of ${file} allows it.`,
    'To let it pass, add a rule that allows it to the policy.',
  ])
  expect(await why('latest')).toEqual(await why(id))
  const manifest = join(file, '..', 'pod.json')
  await writeFile(manifest, JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x' } }))
  const url = '/api/v1/namespaces/shop-staging/pods'
  await broker.kubectlRun(['create', '--raw', url, '-f', manifest])
  expect((await why('last')).slice(1)).toEqual([
    `It was denied by the rule ${ruleAt('never')}: Pods come from deployments.`,
    'To let it pass, this rule has to change, or the request.',
  ])
})

it('a hold: while it waits, when it was given up, when it was approved, and when it has run', async () => {
  const running = broker.kubectlRun(removal, ['--wait=20s'])
  const held = await pending()
  const decision = `It was held by the rule ${ruleAt('second-person')}: Deleting needs a second person.`
  for (const id of [held.id, held.auditID, 'last']) {
    expect((await why(id)).slice(1)).toEqual([
      decision,
      expect.stringMatching(
        /^It waits as h-\w{6} until \d\d:\d\d; to let it pass, it needs a review by group chaperone:reviewers/,
      ),
    ])
  }
  await broker.chaperone(['held', 'deny', held.id, '--practice', '--comment', 'not today'])
  expect((await running).code).toBe(121)
  expect((await why(held.id)).slice(1)).toEqual([
    decision,
    expect.stringMatching(/rita@practice denied it: not today\. To let it pass, talk to the reviewer/),
  ])

  expect((await broker.kubectlRun(removal, ['--wait=0'])).code).toBe(120)
  const second = await pending()
  expect((await why(second.id))[2]).toMatch(/^It is held as h-\w{6} until .*and run the same command again\.$/)
  await broker.chaperone(['held', 'approve', second.id, '--practice'])
  expect((await why(second.id))[2]).toBe(`${second.id} is approved by now; to let it pass, run the same command again.`)
  await broker.kubectlRun(removal)
  expect((await why(second.id))[2]).toBe(
    'rita@practice approved it, and the API server answered 404, which is the word of the cluster and not of Chaperone.',
  )
}, 90_000)

it('after the broker has ended and the policy file is another, it says the same', async () => {
  const before = await why('last')
  await broker.process.stop()
  await writeFile(file, '')
  expect(await why('last')).toEqual(before)
})

/** The request that waits, once it is there. */
async function pending(): Promise<HeldRequest> {
  for (;;) {
    const list = JSON.parse((await broker.chaperone(['held', 'list', '--json'])).stdout) as HeldRequest[]
    if (list[0] !== undefined) return list[0]
  }
}
