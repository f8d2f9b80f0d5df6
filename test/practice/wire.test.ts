import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestCluster, type TestCluster } from './cluster.ts'

let cluster: TestCluster

beforeAll(async () => {
  cluster = await startTestCluster()
})

afterAll(() => cluster[Symbol.asyncDispose]())

const secrets = '/api/v1/namespaces/shop-production/secrets'
const maps = '/api/v1/namespaces/shop-production/configmaps'
const tableType = 'application/json;as=Table;v=v1;g=meta.k8s.io'
const json = { 'content-type': 'application/json' }

interface Rows {
  readonly rows: readonly { readonly object?: Record<string, unknown> }[]
}

test('a wrong token is 401', async () => {
  const { code, json: status } = await cluster.raw('/api', { token: 'wrong' })
  expect(code).toBe(401)
  expect(status).toMatchObject({ kind: 'Status', status: 'Failure', reason: 'Unauthorized', code: 401 })
})

test('the Audit-ID of a request comes back, else there is a new one', async () => {
  const given = await cluster.raw('/version', { headers: { 'audit-id': '0b1c' } })
  expect(given.headers['audit-id']).toBe('0b1c')
  expect((await cluster.raw('/version')).headers['audit-id']).toMatch(/^[0-9a-f-]{36}$/)
})

test.each(['application/vnd.kubernetes.protobuf', 'application/cbor', 'application/yaml', 'text/html'])(
  'Accept %s alone is 406',
  async (accept) => {
    const { code, json: status } = await cluster.raw(secrets, { headers: { accept } })
    expect(code).toBe(406)
    expect(status['reason']).toBe('NotAcceptable')
  },
)

test('protobuf first and JSON second is answered in JSON', async () => {
  const accept = 'application/vnd.kubernetes.protobuf,application/json'
  const { headers, json: list } = await cluster.raw(secrets, { headers: { accept } })
  expect(headers['content-type']).toBe('application/json')
  expect(list['kind']).toBe('SecretList')
})

test.each([
  ['POST', 'application/vnd.kubernetes.protobuf'],
  ['POST', 'application/cbor'],
  ['POST', 'text/plain'],
  ['PATCH', 'application/json'],
])('%s with a body of %s is 415', async (method, type) => {
  const target = method === 'PATCH' ? `${maps}/shop-settings` : maps
  const answer = await cluster.raw(target, { method, headers: { 'content-type': type }, body: '{}' })
  expect(answer.code).toBe(415)
  expect(answer.json['reason']).toBe('UnsupportedMediaType')
})

test('a body beyond 3 MiB is 413', async () => {
  const body = JSON.stringify({ metadata: { name: 'big' }, data: { a: 'x'.repeat(3 * 1024 * 1024) } })
  const { code, json: status } = await cluster.raw(maps, { method: 'POST', headers: json, body })
  expect(code).toBe(413)
  expect(status['reason']).toBe('RequestEntityTooLarge')
})

test('big answers are compressed when asked for, small ones are not', async () => {
  const body = JSON.stringify({ metadata: { name: 'big' }, data: { a: 'x'.repeat(200 * 1024) } })
  await cluster.raw(maps, { method: 'POST', headers: json, body })
  const headers = { 'accept-encoding': 'gzip' }
  expect((await cluster.raw(`${maps}/big`, { headers })).headers['content-encoding']).toBe('gzip')
  expect((await cluster.raw(`${maps}/big`)).headers['content-encoding']).toBeUndefined()
  expect((await cluster.raw(`${maps}/shop-settings`, { headers })).headers['content-encoding']).toBeUndefined()
})

test.each([
  ['', 'PartialObjectMetadata'],
  ['?includeObject=Metadata', 'PartialObjectMetadata'],
  ['?includeObject=Object', 'Secret'],
  ['?includeObject=None', undefined],
])('a Table with %s carries %s in its rows', async (query, kind) => {
  const { json: table } = await cluster.raw(`${secrets}${query}`, { headers: { accept: tableType } })
  const { rows } = table as unknown as Rows
  expect(rows.length).toBeGreaterThan(3)
  expect(rows.map(({ object }) => object?.['kind'])).toEqual(rows.map(() => kind))
})

test('a Table of secrets leaks what was applied, as on a real server', async () => {
  const { body } = await cluster.raw(`${secrets}?fieldSelector=metadata.name%3Dnewsletter-api`, {
    headers: { accept: tableType },
  })
  expect(body).toContain('hunter2-newsletter')
})

test('metadata alone can be asked for', async () => {
  const accept = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1'
  const { json: list } = await cluster.raw(secrets, { headers: { accept } })
  expect(list['kind']).toBe('PartialObjectMetadataList')
  expect(JSON.stringify(list)).not.toContain('"data"')
})

test('typed lists name the kind once, at the top', async () => {
  const { json: list } = await cluster.raw(secrets)
  expect(list['kind']).toBe('SecretList')
  expect((list['items'] as object[])[0]).not.toHaveProperty('kind')
})

test('a pair with a semicolon is dropped, so the selector is gone', async () => {
  const { json: list } = await cluster.raw(`${secrets}?fieldSelector=metadata.name=zzz;watch=true`)
  expect(list['kind']).toBe('SecretList')
  expect((list['items'] as object[]).length).toBeGreaterThan(3)
})

test('an escaped slash is a slash before routing', async () => {
  const { code, json: secret } = await cluster.raw('/api/v1/namespaces/shop-production/secrets%2Fdb-credentials')
  expect(code).toBe(200)
  expect(secret['kind']).toBe('Secret')
})

test.each([
  '/api//v1/pods',
  '/api/v1/./pods',
  '/api/v1/../v1/pods',
  '/api/v1/%2e%2e/v1/pods',
  '/API/v1/pods',
  '/nothing',
])('%s is not found', async (target) => {
  expect((await cluster.raw(target)).code).toBe(404)
})

test.each([
  ['HEAD', `${secrets}/db-credentials`],
  ['OPTIONS', secrets],
  ['POST', `${secrets}/db-credentials`],
  ['PUT', secrets],
  ['PUT', '/api/v1/pods'],
])('%s %s is 405', async (method, target) => {
  expect((await cluster.raw(target, { method })).code).toBe(405)
})

test('body and path must agree', async () => {
  const post = (object: object) => cluster.raw(maps, { method: 'POST', headers: json, body: JSON.stringify(object) })
  expect((await post({ metadata: { name: 'x', namespace: 'data' } })).code).toBe(400)
  expect((await post({ kind: 'Secret', apiVersion: 'v1', metadata: { name: 'x' } })).code).toBe(400)
  expect((await cluster.raw(maps, { method: 'POST', headers: json, body: '{"a":' })).code).toBe(400)
})

test('YAML bodies are read', async () => {
  const body = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: yaml}\ndata: {a: b}\n'
  const headers = { 'content-type': 'application/yaml' }
  expect((await cluster.raw(maps, { method: 'POST', headers, body })).code).toBe(201)
})

test('generateName makes a name', async () => {
  const body = '{"metadata":{"generateName":"made-"}}'
  const { json: object } = await cluster.raw(maps, { method: 'POST', headers: json, body })
  expect((object['metadata'] as { name: string }).name).toMatch(/^made-[a-z0-9]{5}$/)
})

test('a no-op patch answers with the whole object and the same version', async () => {
  const headers = { 'content-type': 'application/merge-patch+json' }
  const before = await cluster.raw(`${secrets}/db-credentials`)
  const { json: after } = await cluster.raw(`${secrets}/db-credentials`, { method: 'PATCH', headers, body: '{}' })
  expect(after).toEqual(before.json)
})

test('deletecollection answers with what it deletes, also on a dry run', async () => {
  const target = '/api/v1/namespaces/shop-staging/secrets?dryRun=All'
  const { json: list } = await cluster.raw(target, { method: 'DELETE' })
  expect(list['kind']).toBe('SecretList')
  expect((await cluster.raw('/api/v1/namespaces/shop-staging/secrets/db-credentials')).code).toBe(200)
})

test('both forms of discovery name the same resources', async () => {
  const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json'
  const aggregated = await cluster.raw('/apis', { headers: { accept } })
  expect(aggregated.headers['content-type']).toContain('as=APIGroupDiscoveryList')
  const { items } = aggregated.json as unknown as {
    items: { metadata: { name: string }; versions: { version: string; resources: { resource: string }[] }[] }[]
  }
  for (const { metadata, versions } of items) {
    for (const { version, resources } of versions) {
      const legacy = await cluster.raw(`/apis/${metadata.name}/${version}`)
      const names = (legacy.json['resources'] as { name: string }[]).map(({ name }) => name)
      expect(names.filter((name) => !name.includes('/'))).toEqual(resources.map(({ resource }) => resource))
    }
  }
})

test('exec without an upgrade says what is missing', async () => {
  const path = '/api/v1/namespaces/data/pods/postgres-0/exec?command=ls'
  const { code, json: status } = await cluster.raw(path, { method: 'POST' })
  expect(code).toBe(400)
  expect(status['message']).toBe('Upgrade request required')
})

test('unknown fields are told in warnings, also those whose names no header can hold', async () => {
  const body = JSON.stringify({ metadata: { name: 'odd-fields' }, 'dä\ntä': 1, data: { a: 'b' } })
  const headers = { 'content-type': 'application/json' }
  const path = '/api/v1/namespaces/default/configmaps'
  const warned = await cluster.raw(path, { method: 'POST', headers, body })
  expect(warned.code).toBe(201)
  expect(warned.headers['warning']).toContain('unknown field')
  expect(warned.json).not.toHaveProperty('dä\ntä')
  const strict = await cluster.raw(`${path}?fieldValidation=Strict`, { method: 'POST', headers, body })
  expect(strict.json['message']).toContain('strict decoding error: unknown field')
})

test('of keys that come twice objects are merged, and else the last counts', async () => {
  const body =
    '{"metadata":{"name":"twice","labels":{"a":"1"}},"metadata":{"labels":{"b":"2"}},"data":{"x":"1"},"data":{"x":"2"}}'
  const headers = { 'content-type': 'application/json' }
  const { json } = await cluster.raw('/api/v1/namespaces/default/configmaps', { method: 'POST', headers, body })
  expect(json).toMatchObject({ metadata: { name: 'twice', labels: { a: '1', b: '2' } }, data: { x: '2' } })
})

test('a value of a wrong type is refused with its field', async () => {
  const body = JSON.stringify({ metadata: { name: 'wrong' }, spec: { replicas: 'many' } })
  const headers = { 'content-type': 'application/json' }
  const { json } = await cluster.raw('/apis/apps/v1/namespaces/default/deployments', { method: 'POST', headers, body })
  expect(json).toMatchObject({
    code: 400,
    message:
      'Deployment in version "v1" cannot be handled as a Deployment: json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32',
  })
})
