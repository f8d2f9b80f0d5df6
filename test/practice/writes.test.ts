import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestCluster, type TestCluster } from './cluster.ts'

let cluster: TestCluster

beforeAll(async () => {
  cluster = await startTestCluster()
})

afterAll(() => cluster[Symbol.asyncDispose]())

const manifest = (colour: string) =>
  JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'colours' }, data: { door: colour } })

test('apply creates, sees no change, shows a diff and configures', async () => {
  const apply = (colour: string) => cluster.kubectlIn(manifest(colour), ['apply', '-f', '-'])
  expect(await apply('red')).toBe('configmap/colours created\n')
  expect(await apply('red')).toBe('configmap/colours unchanged\n')
  const file = await cluster.file('colours.json', manifest('blue'))
  const diff = await cluster.kubectl('diff', '-f', file)
  expect(diff.code).toBe(1)
  expect(diff.stdout).toMatch(/^-  door: red\n\+  door: blue$/m)
  expect(await apply('blue')).toBe('configmap/colours configured\n')
  const { stdout } = await cluster.kubectl('get', 'cm', 'colours', '-o', 'jsonpath={.data.door}')
  expect(stdout).toBe('blue')
})

test('server-side apply creates, merges and takes away what is applied no longer', async () => {
  const object = (data: object) =>
    JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'applied' }, data })
  const apply = (data: object) => cluster.kubectlIn(object(data), ['apply', '--server-side', '-f', '-'])
  await apply({ a: '1' })
  await apply({ b: '2' })
  const { stdout } = await cluster.kubectl('get', 'cm', 'applied', '-o', 'jsonpath={.data}')
  expect(JSON.parse(stdout)).toEqual({ b: '2' })
})

test('edit sends the change that was made in the editor', async () => {
  const out = await cluster.kubectlIn('', ['edit', 'configmap', 'shop-settings'], { EDITOR: 'sed -i s/EUR/CHF/' })
  expect(out).toBe('configmap/shop-settings edited\n')
  const { stdout } = await cluster.kubectl('get', 'cm', 'shop-settings', '-o', 'jsonpath={.data.currency}')
  expect(stdout).toBe('CHF')
})

test('generators create, secrets are stored in base64', async () => {
  await cluster.kubectlIn('', ['create', 'secret', 'generic', 'made', '--from-literal=pin=1234'])
  const { stdout } = await cluster.kubectl('get', 'secret', 'made', '-o', 'jsonpath={.data.pin}')
  expect(Buffer.from(stdout, 'base64').toString()).toBe('1234')
  const again = await cluster.kubectl('create', 'secret', 'generic', 'made')
  expect(again.stderr).toContain('secrets "made" already exists')
})

test('label, annotate and the three kinds of patch', async () => {
  await cluster.kubectlIn('', ['label', 'deployment', 'search', 'tier=backend'])
  await cluster.kubectlIn('', ['annotate', 'deployment', 'search', 'owner=ada'])
  const strategic = {
    spec: { template: { spec: { containers: [{ name: 'search', env: [{ name: 'A', value: '1' }] }] } } },
  }
  await cluster.kubectlIn('', ['patch', 'deployment', 'search', '-p', JSON.stringify(strategic)])
  await cluster.kubectlIn('', [
    'patch',
    'deployment',
    'search',
    '--type=merge',
    '-p',
    '{"metadata":{"labels":{"team":null}}}',
  ])
  const operations = [{ op: 'replace', path: '/metadata/annotations/owner', value: 'grace' }]
  await cluster.kubectlIn('', ['patch', 'deployment', 'search', '--type=json', '-p', JSON.stringify(operations)])
  const { stdout } = await cluster.kubectl('get', 'deployment', 'search', '-o', 'json')
  const { metadata, spec } = JSON.parse(stdout) as {
    metadata: { labels: object; annotations: object }
    spec: { template: { spec: { containers: object[] } } }
  }
  expect(metadata.labels).toEqual({ app: 'search', tier: 'backend' })
  expect(metadata.annotations).toMatchObject({ owner: 'grace' })
  expect(spec.template.spec.containers).toMatchObject([
    { name: 'search', image: 'registry.brightwater.example/search:1.20.4', env: [{ name: 'A', value: '1' }] },
  ])
})

test('an old resourceVersion is a conflict', async () => {
  const { stdout } = await cluster.kubectl('get', 'configmap', 'store-finder', '-o', 'json')
  await cluster.kubectlIn('', ['label', 'configmap', 'store-finder', 'seen=yes'])
  const replace = cluster.kubectlIn(stdout, ['replace', '-f', '-'])
  await expect(replace).rejects.toThrow(/Conflict.*the object has been modified; please apply your changes/)
})

test('a dry run answers as if and changes nothing', async () => {
  const created = await cluster.kubectl('create', 'cm', 'ghost', '--dry-run=server', '-o', 'jsonpath={.metadata.uid}')
  expect(created.stdout).toMatch(/^[0-9a-f-]{36}$/)
  await cluster.kubectlIn('', ['delete', 'cm', 'legacy-import', '--dry-run=server'])
  expect((await cluster.kubectl('get', 'cm', 'ghost')).code).toBe(1)
  expect((await cluster.kubectl('get', 'cm', 'legacy-import')).code).toBe(0)
})

test.each([
  [['create', 'cm', 'Bad_Name'], /metadata\.name: Invalid value: "Bad_Name"/],
  [['create', 'cm', 'x', '-n', 'nowhere'], /namespaces "nowhere" not found/],
  [['patch', 'deploy', 'web', '-p', '{"spec":{"replicas":-1}}'], /spec\.replicas: Invalid value: -1/],
  [['patch', 'rolebinding', 'deployer', '-p', '{"roleRef":{"name":"other"}}'], /cannot change roleRef/],
  [['patch', 'secret', 'db-credentials', '-p', '{"data":{"password":"not base64!"}}'], /illegal base64 data/],
  [
    ['patch', 'cm', 'colours', '--type=json', '-p', '[{"op":"test","path":"/data/door","value":"no"}]'],
    /due to an error in our request/,
  ],
])('%j is refused with its reason', async (args, reason) => {
  const { code, stderr } = await cluster.kubectl(...args)
  expect(code).toBe(1)
  expect(stderr).toMatch(reason)
})

test('delete by label takes many, and is gone', async () => {
  await cluster.kubectlIn('', ['create', 'cm', 'one'])
  await cluster.kubectlIn('', ['create', 'cm', 'two'])
  await cluster.kubectlIn('', ['label', 'cm', 'one', 'two', 'batch=x'])
  const out = await cluster.kubectlIn('', ['delete', 'cm', '-l', 'batch=x'])
  expect(out).toBe('configmap "one" deleted\nconfigmap "two" deleted\n')
  expect((await cluster.kubectl('get', 'cm', '-l', 'batch=x', '-o', 'name')).stdout).toBe('')
})

test('a namespace goes with everything in it', async () => {
  await cluster.kubectlIn('', ['create', 'namespace', 'short-lived'])
  await cluster.kubectlIn('', ['create', 'deployment', 'toy', '--image=toy:1', '-n', 'short-lived'])
  const out = await cluster.kubectlIn('', ['delete', 'namespace', 'short-lived'])
  expect(out).toBe('namespace "short-lived" deleted\n')
  expect((await cluster.kubectl('get', 'deploy,rs,pods', '-n', 'short-lived', '-o', 'name')).stdout).toBe('')
})
