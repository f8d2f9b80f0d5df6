import { describe, expect, test } from 'vitest'
import { makeRestore } from '../../src/mask/restore.ts'
import type { JsonValue } from '../../src/model/request.ts'
import { parseJson } from '../../src/stream/json.ts'
import { operator, resourceRequest } from '../policy/request.ts'
import { ValueMasker } from '../../src/mask/values.ts'
import { maskedFields } from '../../src/mask/fields.ts'
import { tokenMaker } from '../../src/mask/token.ts'

const key = new Uint8Array(32).fill(9)
const maskSets = [{ name: 'own', fields: [{ apiGroup: 'x.example', resource: 'widgets', paths: [['spec', 'key']] }] }]
const request = resourceRequest('update', 'widgets', { apiGroup: 'x.example', namespace: 'shop', name: 'w' })
const json = (value: unknown): JsonValue => parseJson(Buffer.from(JSON.stringify(value)))
const metadata = { name: 'w', namespace: 'shop', uid: 'u-1', resourceVersion: '7' }
const stored = json({ kind: 'Widget', apiVersion: 'x.example/v1', metadata, spec: { key: 'hunter2' } })
const shown = new ValueMasker(request, {
  fields: maskedFields(maskSets),
  token: tokenMaker(key, operator.name),
  fallback: { namespace: 'shop', name: 'w' },
  encodeTokens: true,
  trustKinds: true,
  hidden: () => undefined,
}).top(stored) as unknown as { spec: { key: string } }
const restorer = makeRestore({ maskSets, key })

test('a value goes back to its place', () => {
  const body = json({ ...shown, spec: { key: shown.spec.key } })
  expect(restorer.restore(body, { stored }, request, operator)).toMatchObject({ spec: { key: 'hunter2' } })
})

test.each(['spec\0key', 'spec/key', 'spec.key', '["spec","key"]'])(
  'a key that looks like a path, %j, is another place, also beside the true one',
  (alias) => {
    const body = json({ ...shown, [alias]: shown.spec.key })
    expect((restorer.restore(body, { stored }, request, operator) as unknown as Record<string, unknown>)[alias]).toBe(
      shown.spec.key,
    )
  },
)

test('nobody else’s token opens it', () => {
  const body = json({ ...shown, spec: { key: shown.spec.key } })
  expect(restorer.restore(body, { stored }, request, { ...operator, name: 'mallory' })).toEqual(body)
})

describe('in a list', () => {
  const maskSet = {
    name: 'own',
    fields: [
      {
        apiGroup: 'x.example',
        resource: 'widgets',
        paths: [
          ['spec', 'containers', '*', 'env', '*'],
          ['spec', 'containers', '*', 'args'],
        ],
        keys: ['*password*'],
      },
    ],
  }
  const env = (word: string) => [
    { name: 'LEVEL', value: 'debug' },
    { name: 'DB_PASSWORD', value: `${word}-env` },
  ]
  const args = (word: string) => ['--level=debug', `--password=${word}-arg`, '--my-password', `${word}-word`]
  const object = json({
    kind: 'Widget',
    apiVersion: 'x.example/v1',
    metadata,
    spec: {
      containers: [
        { name: 'web', env: env('web'), args: args('web') },
        { name: 'side', env: env('side'), args: args('side') },
      ],
    },
  })
  interface Shape {
    readonly spec: {
      readonly containers: readonly { name: string; env: { name: string; value: string }[]; args: string[] }[]
    }
  }
  const seen = new ValueMasker(request, {
    fields: maskedFields([maskSet]),
    token: tokenMaker(key, operator.name),
    fallback: { namespace: 'shop', name: 'w' },
    encodeTokens: true,
    trustKinds: true,
    hidden: () => undefined,
  }).top(object) as unknown as Shape
  const [web, side] = seen.spec.containers as [Shape['spec']['containers'][0], Shape['spec']['containers'][0]]
  const put = (body: unknown) =>
    JSON.stringify(makeRestore({ maskSets: [maskSet], key }).restore(json(body), { stored: object }, request, operator))
  const containers = (...all: unknown[]) => put({ ...seen, spec: { containers: all } })
  const secret = /(web|side)-(env|arg|word)/g
  const ofWeb = ['web-env', 'web-arg', 'web-word']
  const ofSide = ['side-env', 'side-arg', 'side-word']

  test('values go back to the containers and variables of their names, in whatever order they come', () => {
    expect(JSON.stringify(seen)).not.toMatch(secret)
    expect(containers(web, side).match(secret)).toEqual([...ofWeb, ...ofSide])
    expect(containers(side, web).match(secret)).toEqual([...ofSide, ...ofWeb])
    const turned = { ...web, env: web.env.toReversed() }
    expect(containers(turned, side).match(secret)).toEqual([...ofWeb, ...ofSide])
  })

  test.each([
    ['another container, by its place', () => containers({ ...web, name: 'evil' }, side)],
    ['a container without a name', () => containers({ env: web.env, args: web.args }, side)],
    ['the container beside it', () => containers({ name: 'web' }, { ...side, env: web.env, args: web.args })],
    [
      'a variable of another name',
      () => containers({ ...web, env: [web.env[0], { name: 'MY_PASSWORD', value: web.env[1]?.value }] }, side),
    ],
    [
      'another flag of the arguments',
      () => containers({ ...web, args: [...web.args.slice(0, 2), '--echo-password', web.args[3]] }, side),
      'web-word',
    ],
    ['another word of the arguments', () => containers({ ...web, args: [web.args[1], web.args[0]] }, side), 'web-arg'],
  ])('and to no other: %s', (_what, write, lost = 'web-env') => {
    const written = write()
    expect(written).toContain('chaperone-masked-')
    expect(written).not.toContain(lost)
  })

  test('arguments beside it may change', () => {
    const changed = { ...web, args: ['--level=info', ...web.args.slice(1), '--quiet'] }
    expect(containers(changed, side).match(secret)).toEqual([...ofWeb, ...ofSide])
  })

  const patch = (...operations: unknown[]) => put(operations)
  const variable = '/spec/containers/0/env/1'

  test('a JSON patch means what is stored', () => {
    for (const one of [
      { op: 'replace', path: variable, value: web.env[1] },
      { op: 'add', path: '/spec/containers/0/env/-', value: web.env[1] },
      { op: 'replace', path: '/spec/containers/0', value: web },
    ]) {
      expect(patch(one), one.path).toContain('web-env')
    }
  })

  test.each([
    ['moves the list', { op: 'remove', path: '/spec/containers/0' }],
    ['puts something before it', { op: 'add', path: '/spec/containers/0', value: { name: 'evil' } }],
    ['moves what is in it', { op: 'move', from: '/spec/containers/1', path: '/spec/containers/0' }],
    ['takes it away', { op: 'move', from: '/spec/containers/0', path: '/spec/other' }],
    ['writes the whole list', { op: 'replace', path: '/spec/containers', value: [{ name: 'evil', env: [{}, {}] }] }],
    ['writes over it', { op: 'replace', path: '/spec/containers/0', value: { name: 'evil', env: [{}, {}] } }],
  ])('a JSON patch that also %s gets nothing back', (_what, other) => {
    for (const patched of [
      patch(other, { op: 'replace', path: '/spec/containers/0/env', value: web.env }),
      patch({ op: 'replace', path: '/spec/containers/0/env', value: web.env }, other),
      patch(other, { op: 'replace', path: '/spec/containers/0/args', value: web.args }),
    ]) {
      expect(patched).not.toMatch(secret)
      expect(patched).toContain('chaperone-masked-')
    }
  })
})
