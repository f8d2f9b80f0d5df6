import { expect, test } from 'vitest'
import { startTestCluster, type RawOptions, type TestCluster } from './cluster.ts'

const review = (headers: Record<string, string>): RawOptions => ({
  method: 'POST',
  headers: { 'Content-Type': 'application/json', ...headers },
  body: '{}',
})

async function userInfo(cluster: TestCluster, headers: Record<string, string>): Promise<unknown> {
  const answer = await cluster.raw('/apis/authentication.k8s.io/v1/selfsubjectreviews', review(headers))
  return (answer.json['status'] as { userInfo?: unknown } | undefined)?.userInfo
}

/** Lets a user impersonate what a rule says. */
async function allow(cluster: TestCluster, user: string, rules: object[]): Promise<void> {
  const list = {
    apiVersion: 'v1',
    kind: 'List',
    items: [
      { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name: `role-${user}` }, rules },
      {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'ClusterRoleBinding',
        metadata: { name: `role-${user}` },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: `role-${user}` },
        subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: user }],
      },
    ],
  }
  await cluster.kubectlIn(JSON.stringify(list), ['create', '-f', '-'])
}

test('user, groups, uid and extra are those of the headers', async () => {
  await using cluster = await startTestCluster()
  const headers = {
    'Impersonate-User': 'ann',
    'Impersonate-Group': 'developers',
    'Impersonate-Uid': '17',
    'Impersonate-Extra-Broker%2fSession': 's-1',
  }
  expect(await userInfo(cluster, headers)).toEqual({
    username: 'ann',
    uid: '17',
    groups: ['developers', 'system:authenticated'],
    extra: { 'broker/session': ['s-1'] },
  })
})

test('a service account brings its groups unless others are given', async () => {
  await using cluster = await startTestCluster()
  const account = { 'Impersonate-User': 'system:serviceaccount:data:backup' }
  expect(await userInfo(cluster, account)).toMatchObject({
    groups: ['system:serviceaccounts', 'system:serviceaccounts:data', 'system:authenticated'],
  })
  expect(await userInfo(cluster, { ...account, 'Impersonate-Group': 'x' })).toMatchObject({
    groups: ['x', 'system:authenticated'],
  })
})

test('groups without a user are refused', async () => {
  await using cluster = await startTestCluster()
  const answer = await cluster.raw('/api/v1/pods', { headers: { 'Impersonate-Group': 'x' } })
  expect(answer).toMatchObject({
    code: 400,
    json: { message: expect.stringContaining('without impersonating a user') },
  })
})

test('each value needs its own right, with the words of the API server', async () => {
  await using cluster = await startTestCluster()
  await allow(cluster, 'gate', [
    { apiGroups: [''], resources: ['users'], resourceNames: ['ann'], verbs: ['impersonate'] },
    { apiGroups: [''], resources: ['groups'], resourceNames: ['developers'], verbs: ['impersonate'] },
    { apiGroups: ['authentication.k8s.io'], resources: ['userextras/reason'], verbs: ['impersonate'] },
  ])
  const token = await certifiedToken(cluster)
  const ask = (headers: Record<string, string>) =>
    cluster.raw('/apis/authentication.k8s.io/v1/selfsubjectreviews', { ...review(headers), token })
  const ann = { 'Impersonate-User': 'ann' }
  expect(await ask({ ...ann, 'Impersonate-Group': 'developers', 'Impersonate-Extra-Reason': 'x' })).toMatchObject({
    code: 201,
  })
  const refusals = [
    [{ 'Impersonate-User': 'bo' }, 'users "bo" is forbidden', 'resource "users" in API group "" at the cluster scope'],
    [{ ...ann, 'Impersonate-Group': 'root' }, 'groups "root" is forbidden', 'resource "groups" in API group ""'],
    [{ ...ann, 'Impersonate-Uid': '7' }, 'uids.authentication.k8s.io "7" is forbidden', 'resource "uids"'],
    [{ ...ann, 'Impersonate-Extra-Other': 'x' }, 'userextras.authentication.k8s.io/other "x"', '"userextras/other"'],
    [{ 'Impersonate-User': 'system:serviceaccount:a:b' }, 'serviceaccounts "b"', 'in the namespace "a"'],
  ] as const
  for (const [headers, start, end] of refusals) {
    const answer = await ask(headers)
    expect(answer.code).toBe(403)
    expect(answer.json['message']).toContain(start)
    expect(answer.json['message']).toContain(end)
    expect(answer.json['message']).toContain('cannot impersonate')
  }
})

/** A token of the service account `gate`, which is given the rights of the user `gate`. */
async function certifiedToken(cluster: TestCluster): Promise<string> {
  await cluster.kubectlIn('', ['create', 'serviceaccount', 'gate', '-n', 'data'])
  const subject = '--serviceaccount=data:gate'
  await cluster.kubectlIn('', ['create', 'clusterrolebinding', 'gate-account', '--clusterrole=role-gate', subject])
  return (await cluster.kubectlIn('', ['create', 'token', 'gate', '-n', 'data'])).trim()
}
