import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { jsonPath } from '../../src/practice/custom/jsonpath.ts'
import { shaped } from '../../src/practice/custom/prune.ts'
import { schemaCauses } from '../../src/practice/custom/validate.ts'
import { startTestCluster, type TestCluster } from './cluster.ts'

let cluster: TestCluster
beforeAll(async () => {
  cluster = await startTestCluster()
})
afterAll(() => cluster[Symbol.asyncDispose]())

const group = 'kettle.example'

const definition = (kind: string, more: object = {}) => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `${kind.toLowerCase()}s.${group}` },
  spec: {
    group,
    scope: 'Namespaced',
    names: { plural: `${kind.toLowerCase()}s`, kind, shortNames: [kind.slice(0, 3).toLowerCase()] },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: { status: {} },
        additionalPrinterColumns: [{ name: 'Minutes', type: 'integer', jsonPath: '.spec.minutes' }],
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: {
                type: 'object',
                required: ['minutes'],
                properties: { minutes: { type: 'integer', minimum: 1 }, heat: { type: 'string', default: 'hot' } },
              },
              status: { type: 'object', properties: { cups: { type: 'integer' } } },
            },
          },
        },
      },
      {
        name: 'v1alpha1',
        served: true,
        storage: false,
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
    ...more,
  },
})

const put = (object: object, ...args: string[]) =>
  cluster.kubectlIn(JSON.stringify(object), ['apply', '-f', '-', ...args])
const brew = (name: string, spec: object) => ({ apiVersion: `${group}/v1`, kind: 'Brew', metadata: { name }, spec })

test('a definition serves its kind as soon as it is established, and takes all of it away with itself', async () => {
  await put(definition('Brew'))
  await cluster.kubectl('wait', '--for=condition=Established', `crd/brews.${group}`, '--timeout=10s')
  await put(brew('morning', { minutes: 3 }))
  const table = (await cluster.kubectl('get', 'bre')).stdout.split('\n')
  expect(table[0]?.split(/\s+/)).toEqual(['NAME', 'MINUTES'])
  expect(table[1]?.split(/\s+/)).toEqual(['morning', '3'])
  expect((await cluster.kubectl('get', 'brew', 'morning', '-o', 'jsonpath={.spec.heat}')).stdout).toBe('hot')
  const other = await cluster.kubectl('get', `brews.v1alpha1.${group}`, 'morning', '-o', 'jsonpath={.apiVersion}')
  expect(other.stdout).toBe(`${group}/v1alpha1`)
  expect((await cluster.kubectl('explain', 'brew.spec.minutes')).stdout).toContain('<integer>')
  await cluster.kubectl('delete', 'crd', `brews.${group}`)
  expect((await cluster.kubectl('get', 'brews')).stderr).toMatch(
    /resource type "brews"|could not find the requested resource/,
  )
})

test('objects are checked by their schema, and what it does not know is dropped or refused', async () => {
  await put(definition('Brew'))
  await cluster.kubectl('wait', '--for=condition=Established', `crd/brews.${group}`, '--timeout=10s')
  const refused = async (object: object) => put(object, '--validate=false').catch(String)
  expect(await refused(brew('none', {}))).toContain('spec.minutes: Required value')
  expect(await refused(brew('zero', { minutes: 0 }))).toContain(
    'spec.minutes: Invalid value: 0: spec.minutes in body should be greater than or equal to 1',
  )
  expect(await refused(brew('text', { minutes: 'x' }))).toContain(
    'spec.minutes: Invalid value: "string": spec.minutes in body must be of type integer: "string"',
  )
  const path = `/apis/${group}/v1/namespaces/default/brews`
  const body = JSON.stringify({ ...brew('odd', { minutes: 1, sugar: 2 }), status: { cups: 9 } })
  const headers = { 'content-type': 'application/json' }
  const strict = await cluster.raw(`${path}?fieldValidation=Strict`, { method: 'POST', headers, body })
  expect(strict.json['message']).toContain('strict decoding error: unknown field "spec.sugar"')
  const warned = await cluster.raw(path, { method: 'POST', headers, body })
  expect(warned.headers['warning']).toContain('unknown field \\"spec.sugar\\"')
  expect(warned.json).toMatchObject({ spec: { minutes: 1, heat: 'hot' } })
  expect(warned.json).not.toHaveProperty('status')
  const patch = { method: 'PATCH', headers: { 'content-type': 'application/strategic-merge-patch+json' }, body: '{}' }
  expect((await cluster.raw(`${path}/odd`, patch)).code).toBe(415)
})

test('the seeded kinds scale, and their versions show the same objects', async () => {
  await cluster.kubectlIn('', ['scale', 'teablend', 'earl-grey', '--replicas=7'])
  const { stdout } = await cluster.kubectl(
    'get',
    'teablends.v1beta1.shop.brightwater.example',
    'earl-grey',
    '-o',
    'jsonpath={.spec.tins}',
  )
  expect(stdout).toBe('7')
})

test.each([
  ['another name', { ...definition('Cup'), metadata: { name: 'wrong' } }, 'metadata.name: Invalid value: "wrong"'],
  [
    'no storage version',
    definition('Cup', { versions: [] }),
    'must have exactly one version marked as storage version',
  ],
  ['a webhook', definition('Cup', { conversion: { strategy: 'Webhook' } }), 'the practice cluster calls no webhooks'],
])('a definition with %s is refused', async (_what, object, problem) => {
  await expect(put(object, '--validate=false')).rejects.toThrow(problem)
})

const json = fc.jsonValue({ maxDepth: 4 })

test('shaping is done at once: what is shaped stays as it is', () => {
  const schema = {
    type: 'object',
    properties: {
      a: { type: 'object', properties: { b: { type: 'string', default: 'x' } } },
      list: { type: 'array', items: { type: 'object', properties: { c: { type: 'integer' } } } },
      open: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
    },
  }
  const value = fc.record({ a: json, list: json, open: json, other: json }, { requiredKeys: [] })
  fc.assert(
    fc.property(value, (given) => {
      const once = shaped(given, schema, '', () => {})
      expect(shaped(once, schema, '', () => expect.fail('nothing is left to drop'))).toEqual(once)
    }),
  )
})

test('whatever the value and the schema, there are causes or none', () => {
  fc.assert(
    fc.property(json, json, (value, schema) => {
      for (const { field, message } of schemaCauses(value, schema, 'spec')) {
        expect(typeof field).toBe('string')
        expect(message).not.toBe('')
      }
    }),
  )
})

test.each([
  ['.a.b', ['x']],
  ['.list[*].name', ['one', 'two']],
  ['.list[1].name', ['two']],
  ['.list[?(@.name=="two")].size', [2]],
  ["['dotted.key']", ['d']],
  ['.none.at.all', []],
])('the path %s finds its values', (path, found) => {
  const root = { a: { b: 'x' }, list: [{ name: 'one' }, { name: 'two', size: 2 }], 'dotted.key': 'd' }
  expect(jsonPath(root, path)).toEqual(found)
})
