import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { applyTo } from '../../src/practice/apply/apply.ts'
import { decodeFields, encodeFields, fieldsOf } from '../../src/practice/apply/fields.ts'
import type { KubeObject } from '../../src/practice/state/objects.ts'
import { startTestCluster, type TestCluster } from './cluster.ts'

let cluster: TestCluster
beforeAll(async () => {
  cluster = await startTestCluster()
})
afterAll(() => cluster[Symbol.asyncDispose]())

const map = (name: string, data: object) =>
  JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data })

const apply = (manager: string, object: string, ...more: string[]) =>
  cluster.kubectlIn(object, ['apply', '--server-side', `--field-manager=${manager}`, '-f', '-', ...more])

const dataOf = async (name: string) =>
  JSON.parse((await cluster.kubectl('get', 'cm', name, '-o', 'jsonpath={.data}')).stdout) as unknown

describe('server-side apply', () => {
  test('names who owns a field that another wants to change, and yields to force', async () => {
    await apply('first', map('shared', { colour: 'red', size: '1' }))
    await expect(apply('second', map('shared', { colour: 'blue' }))).rejects.toThrow(
      'Apply failed with 1 conflict: conflict with "first": .data.colour',
    )
    await apply('second', map('shared', { colour: 'blue' }), '--force-conflicts')
    expect(await dataOf('shared')).toEqual({ colour: 'blue', size: '1' })
    await expect(apply('first', map('shared', { colour: 'red', size: '1' }))).rejects.toThrow('conflict with "second"')
  })

  test('a value that both want belongs to both, and stays until both have left it', async () => {
    await apply('first', map('both', { colour: 'red' }))
    await apply('second', map('both', { colour: 'red', size: '1' }))
    await apply('first', map('both', {}))
    expect(await dataOf('both')).toEqual({ colour: 'red', size: '1' })
    await apply('second', map('both', { size: '1' }))
    expect(await dataOf('both')).toEqual({ size: '1' })
  })

  test('what a plain write has set conflicts with the API version it came by', async () => {
    await cluster.kubectlIn('', ['create', 'configmap', 'written', '--from-literal=colour=red'])
    await expect(apply('second', map('written', { colour: 'blue' }))).rejects.toThrow(
      'conflict with "kubectl-create" using v1: .data.colour',
    )
  })

  test('items of a list are joined by their keys', async () => {
    const deployment = (containers: object[]) =>
      JSON.stringify({
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'joined' },
        spec: {
          replicas: 0,
          selector: { matchLabels: { app: 'joined' } },
          template: { metadata: { labels: { app: 'joined' } }, spec: { containers } },
        },
      })
    const port = (containerPort: number) => ({ containerPort, protocol: 'TCP' })
    await apply('first', deployment([{ name: 'a', image: 'busybox:1.35', ports: [port(80)] }]))
    await apply(
      'second',
      deployment([
        { name: 'a', image: 'busybox:1.35', ports: [port(81)] },
        { name: 'b', image: 'busybox:1.35' },
      ]),
    )
    const { stdout } = await cluster.kubectl('get', 'deployment', 'joined', '-o', 'json')
    const { spec } = JSON.parse(stdout) as {
      spec: { template: { spec: { containers: { name: string; ports?: object[] }[] } } }
    }
    expect(spec.template.spec.containers.map(({ name }) => name)).toEqual(['a', 'b'])
    expect(spec.template.spec.containers[0]?.ports).toHaveLength(2)
  })

  test('kubectl moves from client-side to server-side apply', async () => {
    await cluster.kubectlIn(map('moved', { colour: 'red', size: '1' }), ['apply', '-f', '-'])
    await cluster.kubectlIn(map('moved', { colour: 'blue' }), ['apply', '--server-side', '-f', '-'])
    expect(await dataOf('moved')).toEqual({ colour: 'blue' })
    const { stdout } = await cluster.kubectl('get', 'cm', 'moved', '-o', 'yaml', '--show-managed-fields')
    expect(stdout).not.toContain('kubectl-client-side-apply')
  })

  test('it needs a manager, and takes no managed fields', async () => {
    const path = '/api/v1/namespaces/default/configmaps/bare'
    const headers = { 'content-type': 'application/apply-patch+yaml' }
    const body = map('bare', {})
    const bare = await cluster.raw(path, { method: 'PATCH', headers, body })
    expect(bare.json).toMatchObject({ code: 422, details: { causes: [{ field: 'fieldManager' }] } })
    const owned = body.replace('"name":"bare"', '"name":"bare","managedFields":[{"manager":"x"}]')
    expect((await cluster.raw(`${path}?fieldManager=x`, { method: 'PATCH', headers, body: owned })).code).toBe(400)
  })
})

test('every write names its manager, and only who changed a field owns it', async () => {
  await cluster.kubectlIn('', ['create', 'configmap', 'traced', '--from-literal=a=1', '--from-literal=b=2'])
  await cluster.kubectl('patch', 'configmap', 'traced', '--type=merge', '-p', '{"data":{"b":"3"}}')
  const { stdout } = await cluster.kubectl('get', 'configmap', 'traced', '-o', 'json', '--show-managed-fields')
  const { metadata } = JSON.parse(stdout) as { metadata: { managedFields: { manager: string; fieldsV1: object }[] } }
  const owned = Object.fromEntries(metadata.managedFields.map(({ manager, fieldsV1 }) => [manager, fieldsV1]))
  expect(owned).toEqual({
    'kubectl-create': { 'f:data': { 'f:a': {} } },
    'kubectl-patch': { 'f:data': { 'f:b': {} } },
  })
})

const name = fc.stringMatching(/^[a-z]{1,6}$/)
const leaf = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.array(fc.integer(), { maxLength: 3 }))
const data = fc.dictionary(name, fc.oneof(leaf, fc.dictionary(name, leaf, { maxKeys: 3 })), { maxKeys: 5 })
const container = fc.record({
  name,
  image: fc.string(),
  env: fc.uniqueArray(fc.record({ name, value: fc.string() }), {
    selector: (one) => one.name,
    minLength: 1,
    maxLength: 3,
  }),
})
const object = fc.record({
  data,
  spec: fc.record({
    containers: fc.uniqueArray(container, { selector: (one) => one.name, minLength: 1, maxLength: 3 }),
  }),
})

const kube = (fields: object): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Thing',
  metadata: { name: 'x', uid: 'u', resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' },
  ...fields,
})
const own = { manager: 'm', operation: 'Apply' as const, apiVersion: 'v1', subresource: '' }
const now = new Date('2026-01-01T00:00:00Z')

test('fields survive being written and read', () => {
  fc.assert(
    fc.property(object, (fields) => {
      const set = new Set(fieldsOf(fields).keys())
      expect(decodeFields(encodeFields(set))).toEqual(set)
    }),
  )
})

/** Joined with what is there, an empty object or list says nothing. */
const isEmpty = (value: unknown) => typeof value === 'object' && value !== null && Object.keys(value).length === 0

test('what is applied is there, applying it again changes nothing, and applying nothing takes it away', () => {
  fc.assert(
    fc.property(object, object, (before, applied) => {
      const live = kube(before)
      const once = applyTo({ live, applied: kube(applied), own, force: true, now })
      for (const [path, value] of fieldsOf(kube(applied))) {
        if (!isEmpty(value)) expect(fieldsOf(once).get(path)).toEqual(value)
      }
      expect(applyTo({ live: once, applied: kube(applied), own, force: false, now })).toEqual(once)
      const gone = applyTo({ live: once, applied: kube({}), own, force: false, now })
      for (const path of fieldsOf(gone).keys())
        expect(fieldsOf(live).has(path) || fieldsOf(applied).has(path)).toBe(true)
    }),
  )
})
