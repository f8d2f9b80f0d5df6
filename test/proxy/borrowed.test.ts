import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Agent, request } from 'undici'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startPractice } from '../../src/practice/server.ts'
import { through, type Through } from '../clients/through.ts'
import { kubectlPath } from '../support/kubectl.ts'
import { temporaryFolder } from '../support/tmp.ts'

/** Everything is allowed but to be somebody else, and that only for those who are named. */
const policy = `apiVersion: chaperone/v1
kind: AccessPolicy
metadata: {name: test}
rules:
- name: objects
  subjects: [{group: "*"}]
  match: {verbs: [get, list, watch, create, update, patch], apiGroups: ["*"], resources: ["*"]}
  effect: allow
- name: paths
  subjects: [{group: "*"}]
  match: {verbs: ["*"], nonResourceURLs: ["*"]}
  effect: allow
- name: look
  subjects: [{group: "*"}]
  match: {verbs: [delete], apiGroups: ["*"], resources: ["*"]}
  effect: hold
  approval: {confirm: self}
- name: people
  subjects: [{user: operator}]
  match: {verbs: [impersonate], apiGroups: [""], resources: [users, groups]}
  effect: allow
- name: own-account
  subjects: [{user: operator}]
  match: {verbs: [impersonate], apiGroups: [""], resources: [serviceaccounts], namespaces: [default], names: [robot]}
  effect: allow
- name: shop-accounts
  subjects: [{user: operator}]
  match: {verbs: [impersonate], apiGroups: [""], resources: [serviceaccounts], namespaces: [shop, kube-system]}
  effect: allow
- name: proxy-account
  subjects: [{user: operator}]
  match: {verbs: [impersonate], apiGroups: [""], resources: [serviceaccounts], namespaces: [kube-system], names: [kube-proxy]}
  effect: allow
- name: any-account
  subjects: [{user: operator}]
  match: {verbs: [impersonate], apiGroups: ["*"], resources: [serviceaccounts], namespaces: ["*"]}
  effect: allow
- name: auditors
  subjects: [{user: operator}]
  match: {verbs: [impersonate], apiGroups: [""], resources: [groups], names: ["system:auditors"]}
  effect: allow
- name: tickets
  subjects: [{user: operator}]
  match: {verbs: [impersonate], apiGroups: [authentication.k8s.io], resources: [userextras/ticket]}
  effect: allow
`

const parts = new AsyncDisposableStack()
let broker: Through
let kubectl: (...args: string[]) => Promise<{ code: number; stdout: string; stderr: string }>
let direct: typeof kubectl
beforeAll(async () => {
  const folder = parts.use(await temporaryFolder()).path
  const practice = await startPractice({ host: '127.0.0.1', port: 0 })
  parts.defer(() => practice.close())
  broker = parts.use(await through(practice.kubeconfig, policy, { impersonate: true }))
  const program = await kubectlPath()
  const using = async (name: string, kubeconfig: string) => {
    await writeFile(join(folder, name), kubeconfig, { mode: 0o600 })
    return (...args: string[]) =>
      new Promise<{ code: number; stdout: string; stderr: string }>((done) => {
        const env = { HOME: folder, KUBECONFIG: join(folder, name) }
        execFile(program, args, { env }, (error, stdout, stderr) =>
          done({ code: Number(error?.code ?? 0), stdout, stderr }),
        )
      })
  }
  kubectl = await using('broker', broker.kubeconfig)
  direct = await using('direct', practice.kubeconfig)
  const bound = await direct('create', 'clusterrolebinding', 'bob', '--clusterrole=view', '--user=bob')
  expect(bound.stderr).toBe('')
})
afterAll(() => parts.disposeAsync())

const whoAmI = async (...as: string[]) => {
  const { stdout, stderr } = await kubectl('auth', 'whoami', '-o', 'json', ...as)
  expect(stderr).toBe('')
  return (
    JSON.parse(stdout) as {
      status: { userInfo: { username: string; groups: string[]; extra: Record<string, string[]> } }
    }
  ).status.userInfo
}

describe('Whoever asks to be somebody else (kubectl --as)', () => {
  it('is that somebody to the cluster, by the rights of that somebody, and its audit log knows who asked', async () => {
    expect((await whoAmI()).username).toBe('operator')
    const bob = await whoAmI('--as=bob', '--as-group=shop')
    expect(bob).toMatchObject({ username: 'bob', groups: expect.arrayContaining(['shop']) as string[] })
    expect(bob.extra).toMatchObject({
      'chaperone/asked-by': ['operator'],
      'chaperone/session': [broker.sessionID],
    })
    expect((await kubectl('get', 'pods', '-A')).stderr).toContain('"operator" cannot list resource')
    expect((await kubectl('get', 'pods', '-A', '--as=bob')).code).toBe(0)
    expect((await whoAmI('--as=system:serviceaccount:default:robot')).username).toBe(
      'system:serviceaccount:default:robot',
    )
    for (const account of ['shop:anything', 'kube-system:kube-proxy']) {
      const { username } = await whoAmI(`--as=system:serviceaccount:${account}`)
      expect(username).toBe(`system:serviceaccount:${account}`)
    }
    expect((await whoAmI('--as=bob', '--as-group=system:auditors')).groups).toContain('system:auditors')
  })

  it.each([
    ['a group of the system that no rule names', ['--as=bob', '--as-group=system:masters'], 'groups "system:masters"'],
    ['the same in other letters', ['--as=bob', '--as-group=System:Masters'], 'groups "System:Masters"'],
    ['a user of the system', ['--as=system:admin'], 'users "system:admin"'],
    ['another service account', ['--as=system:serviceaccount:default:other'], 'serviceaccounts "other"'],
    ['one of another namespace', ['--as=system:serviceaccount:kube-system:robot'], 'serviceaccounts "robot"'],
    [
      'one of the cluster itself',
      ['--as=system:serviceaccount:kube-system:job-controller'],
      'serviceaccounts "job-controller"',
    ],
    [
      'one that only a rule for all of them lets',
      ['--as=system:serviceaccount:tools:robot'],
      'serviceaccounts "robot"',
    ],
    ['all accounts', ['--as=bob', '--as-group=system:serviceaccounts'], 'groups "system:serviceaccounts"'],
    ['a uid', ['--as=bob', '--as-uid=7'], 'uids "7"'],
  ])('is refused %s', async (_what, as, named) => {
    const { code, stderr } = await kubectl('get', '--raw', '/api/v1/namespaces/default/pods', ...as)
    expect([code, stderr]).toEqual([1, expect.stringContaining(`does not let operator act as ${named}`)])
  })

  it('may say more of that somebody where the policy lets it', async () => {
    const agent = parts.adopt(new Agent({ connect: { ca: broker.caPem } }), (one) => one.destroy())
    const pods = async (headers: Record<string, string>) => {
      const { statusCode, body } = await request(`${broker.endpoint}/api/v1/namespaces/default/pods`, {
        dispatcher: agent,
        headers: { authorization: `Bearer ${broker.token}`, ...headers },
      })
      return [statusCode, await body.text()]
    }
    const bob = { 'impersonate-user': 'bob' }
    expect((await pods({ ...bob, 'impersonate-extra-ticket': 'INC-7' }))[0]).toBe(200)
    expect(await pods({ ...bob, 'impersonate-extra-scopes': 'all' })).toEqual([
      403,
      expect.stringContaining('userextras'),
    ])
    for (const odd of [
      { impersonate_user: 'bob' },
      { 'impersonate-group': 'shop' },
      { ...bob, 'impersonate-extra-%zz': 'a' },
      { ...bob, 'impersonate-role': 'a' },
    ]) {
      expect((await pods(odd as unknown as Record<string, string>))[0]).toBe(403)
    }
  })

  it('waits for no review: what was looked at would not say for whom', async () => {
    const { stderr } = await kubectl('delete', 'pod', 'x', '-n', 'default', '--as=bob')
    expect(stderr).toContain('cannot be asked for as somebody else')
    expect(await broker.control.listHeld()).toEqual([])
  })
})
