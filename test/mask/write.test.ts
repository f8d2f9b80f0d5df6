import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeJson, parseJson } from '../../src/stream/json.ts'
import type { JsonValue } from '../../src/model/request.ts'
import { operator, resourceRequest } from '../policy/request.ts'
import { makeOblige } from '../../src/mask/oblige.ts'
import {
  base64,
  canary,
  key,
  leaks,
  maskerFor,
  masked,
  maskSecrets,
  maskSets,
  oblige,
  one,
  secret,
  tokenText,
} from './canary.ts'

const token = 'chaperone-masked-0123456789abcdef0123456789abcdef'
const patching = resourceRequest('patch', 'secrets', { namespace: 'shop', name: 'db' })
const merge = { target: '/api/v1/namespaces/shop/secrets/db', contentType: 'application/merge-patch+json' }
const json = (value: unknown): JsonValue => parseJson(Buffer.from(JSON.stringify(value)))

describe('A write that carries a token back', () => {
  it.each([
    ['as a value', { stringData: { p: token } }, 'body.stringData.p'],
    ['in base64', { data: { p: base64(token) } }, 'body.data.p'],
    ['in base64 twice', { data: { p: base64(base64(token)) } }, 'body.data.p'],
    ['inside a longer text in base64', { data: { p: base64(`user:x\npassword:${token}\n`) } }, 'body.data.p'],
    ['inside base64 inside a text', { data: { 'a.yaml': `password: ${base64(`xy${token}`)}\n` } }, 'body.data.a.yaml'],
    ['in base64 cut into lines', { data: { p: base64(`xyz${token}`).replace(/(.{7})/g, '$1\n') } }, 'body.data.p'],
    ['in base64url', { data: { p: Buffer.from(`??>${token}`).toString('base64url') } }, 'body.data.p'],
    ['as a key', { data: { [token]: 'x' } }, 'body.data'],
    ['cut short', { data: { p: token.slice(0, 20) } }, 'body.data.p'],
    ['in JSON in a string', { a: JSON.stringify({ b: token }) }, 'body.a'],
    ['in JSON with escapes', { a: `{"b":"\\u0063${token.slice(1)}"}` }, 'body.a'],
    ['in a JSON patch', [{ op: 'add', path: '/data/x', value: token }], 'body[0].value'],
  ])('is refused: %s', (_what, body, path) => {
    for (const masker of [maskerFor(patching), oblige([], patching, operator)]) {
      expect(() => masker.guardWrite(json(body), merge)).toThrow(
        expect.objectContaining({ code: 'ERR_MASK_WRITE', message: expect.stringContaining(`at ${path}.`) }),
      )
    }
  })

  it('is refused for everything that a masked answer holds', async () => {
    const answer = await masked(one, secret)
    expect(() => maskerFor(patching).guardWrite(answer, merge)).toThrow(/carries a masked value back/)
    const { data } = answer as unknown as typeof secret
    expect(() => maskerFor(patching).guardWrite(json({ data: { password: data.password } }), merge)).toThrow(
      /body\.data\.password/,
    )
  })

  it('is refused when JSON in a string is nested too deeply to look into', () => {
    const deep = (levels: number) => `${'['.repeat(levels)}"\\n"${']'.repeat(levels)}`
    expect(() => maskerFor(patching).guardWrite({ a: deep(200_000) }, merge)).toThrow(
      expect.objectContaining({ code: 'ERR_MASK_WRITE', message: expect.stringContaining('nested too deeply') }),
    )
    expect(() => maskerFor(patching).guardWrite({ a: deep(400) }, merge)).not.toThrow()
  })

  it('is found at any place in base64, in one layer or two', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 9 }),
        fc.uint8Array({ maxLength: 9 }),
        fc.boolean(),
        (before, after, twice) => {
          const once = Buffer.concat([before, Buffer.from(token), after]).toString('base64')
          const text = twice ? base64(`k=${once}`) : once
          expect(() => maskerFor(patching).guardWrite({ data: { p: text } }, merge)).toThrow(/carries a masked value/)
        },
      ),
    )
  })

  it('is not seen in what holds none', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(() => maskerFor(patching).guardWrite(json({ value }), merge)).not.toThrow()
      }),
    )
  })
})

describe('A JSON patch on a masked resource', () => {
  const guard =
    (operation: object, request = patching) =>
    () =>
      maskerFor(request).guardWrite(json([operation]), merge)

  it.each([
    { op: 'test', path: '/data/password', value: 'x' },
    { op: 'test', path: '/data', value: {} },
    { op: 'test', path: '', value: {} },
    { op: 'test', path: '/data/password/x', value: 1 },
    { op: 'test', path: '/metadata/annotations/my-token', value: 'x' },
    { op: 'test', path: '/metadata/annotations/kapp.k14s.io~1original', value: 'x' },
    { op: 'test', path: '/metadata/annotations/kubectl.kubernetes.io~1last-applied-configuration', value: 'x' },
    { op: 'copy', from: '/data/password', path: '/metadata/labels/leak' },
    { op: 'copy', from: '/stringData', path: '/metadata/labels' },
    { op: 'move', from: '', path: '/x' },
    { op: 'move', from: '/metadata', path: '/x' },
    { op: 'Test', path: '/type' },
    { op: 'copy', path: '/x' },
  ])('may not read a masked value: %j', (operation) => {
    expect(guard(operation)).toThrow(expect.objectContaining({ code: 'ERR_MASK_WRITE' }))
  })

  it.each([
    { op: 'replace', path: '/data/password', value: 'eA==' },
    { op: 'add', path: '/data/new', value: 'eA==' },
    { op: 'remove', path: '/data/password' },
    { op: 'test', path: '/type', value: 'Opaque' },
    { op: 'test', path: '/metadata/resourceVersion', value: '1' },
    { op: 'copy', from: '/metadata/labels/a', path: '/metadata/labels/b' },
  ])('may do everything else: %j', (operation) => {
    expect(guard(operation)).not.toThrow()
  })
})

describe('A server-side apply of what is hidden on a condition', () => {
  const deployment = resourceRequest('patch', 'deployments', { apiGroup: 'apps', namespace: 'shop', name: 'app' })
  const target = '/apis/apps/v1/namespaces/shop/deployments/app'
  const apply = (query: string, body: unknown, contentType = 'application/apply-patch+yaml') => {
    return () => maskerFor(deployment).guardWrite(json(body), { target: `${target}${query}`, contentType })
  }
  const guess = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    spec: { template: { spec: { containers: [{ env: [{ name: 'DB_PASSWORD', value: 'guess' }] }] } } },
  }

  it.each([
    '',
    '?fieldManager=x',
    '?force=false',
    '?force=0',
    '?force=true&force=false',
    '?force=',
    '?fieldManager=x?force=true',
  ])('is refused when it could answer a guess: %j', (query) => {
    expect(apply(query, guess)).toThrow(
      expect.objectContaining({ code: 'ERR_MASK_WRITE', advice: expect.stringContaining('--force-conflicts') }),
    )
    expect(apply(query, guess, 'application/apply-patch+cbor')).toThrow(/server-side apply/)
  })

  it('passes when it is forced, or holds none, or is no apply', () => {
    expect(apply('?fieldManager=x&force=true', guess)).not.toThrow()
    expect(apply('', { ...guess, spec: {}, metadata: { labels: { a: 'b' } } })).not.toThrow()
    expect(apply('', guess, 'application/merge-patch+json')).not.toThrow()
  })
})

describe('What a reviewer sees of a body', () => {
  it('hides the values, in readable tokens, and shows the rest', () => {
    const shown = maskerFor(patching).describeBody(json(secret))
    expect(leaks(shown)).toEqual([])
    const { data, type } = JSON.parse(shown) as typeof secret
    expect(type).toBe('Opaque')
    expect(data.password).toMatch(tokenText)
    expect(shown).toContain('\n  "type": "Opaque"')
  })

  it('is masked as what is asked for, whatever kind the body names', () => {
    const config = resourceRequest('patch', 'configmaps', { namespace: 'kube-system', name: 'coredns' })
    const disguised = { kind: 'Secret', apiVersion: 'v1', data: { Corefile: 'EVIL' }, inner: secret }
    const shown = JSON.parse(maskerFor(config).describeBody(json(disguised))) as typeof disguised
    expect(shown.data.Corefile).toBe('EVIL')
    expect(shown.inner.data).toEqual(secret.data)
    const named = { ...disguised, kind: 'ConfigMap', data: { password: base64(canary) }, inner: {} }
    expect(leaks(maskerFor(patching).describeBody(json(named)))).toEqual([])
  })

  it.each([
    ['at the value', { op: 'replace', path: '/data/password', value: base64(canary) }],
    ['above it', { op: 'add', path: '/data', value: { password: base64(canary) } }],
    ['of the whole object', { op: 'replace', path: '', value: secret }],
    ['below it', { op: 'add', path: '/data/password/x', value: canary }],
    ['with an escaped pointer', { op: 'add', path: '/metadata/annotations/a~1token', value: canary }],
  ])('hides the value of a JSON patch %s', (_what, operation) => {
    const shown = maskerFor(patching).describeBody(json([operation]))
    expect(leaks(shown)).toEqual([])
    expect(shown).toContain(operation.path)
  })

  it('is what no mask names, unchanged', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const body = json({ spec: value })
        const scale = resourceRequest('patch', 'deployments.apps', { namespace: 'shop', name: 'web' })
        const shown = maskerFor(scale).describeBody(body)
        expect(encodeJson(parseJson(Buffer.from(shown)))).toEqual(encodeJson(body))
      }),
      { numRuns: 100 },
    )
  })

  it('is at most 64 KiB and has every key, behind the longest value too', () => {
    for (const masker of [maskerFor(one), oblige([], one, operator)]) {
      const shown = masker.describeBody({ big: `START${'é'.repeat(100_000)}END`, roleRef: { name: 'cluster-admin' } })
      expect(Buffer.byteLength(shown)).toBeLessThanOrEqual(64 * 1024)
      const { big, roleRef } = JSON.parse(shown) as { big: string; roleRef: object }
      expect(roleRef).toEqual({ name: 'cluster-admin' })
      expect(big).toMatch(/^STARTé+ \[… 91816 of 100008 characters are not shown …\] é+END$/)
    }
  })

  it('loses nothing while there is room', () => {
    const big = 'x'.repeat(60_000)
    expect(JSON.parse(maskerFor(one).describeBody({ big }))).toEqual({ big })
  })

  it('is refused when not even its keys fit', () => {
    const many = Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`key-number-${index}`, 'x']))
    expect(() => maskerFor(one).describeBody({ ...many })).toThrow(
      expect.objectContaining({ code: 'ERR_BODY_TOO_LARGE', message: expect.stringContaining('none can approve it') }),
    )
  })
})

describe('A value of its own where one is hidden', () => {
  const writes = (body: unknown, sets = maskSets) =>
    makeOblige({ maskSets: sets, key })(maskSecrets, patching, operator).writesHidden(json(body))

  it.each([
    ['in data', { data: { password: 'eA==' } }, true],
    ['in stringData', { stringData: { password: 'x' } }, true],
    ['as a number', { data: { password: 1 } }, true],
    ['beside a token', { data: { password: 'eA==', other: base64(token) } }, true],
    [
      'in the manifest of kubectl apply',
      {
        metadata: {
          annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{"kind":"Secret","data":{"a":"eA=="}}' },
        },
      },
      true,
    ],
    ['in a JSON patch', [{ op: 'replace', path: '/data/password', value: 'eA==' }], true],
    ['above it in a JSON patch', [{ op: 'add', path: '/data', value: { password: 'eA==' } }], true],
    ['not where there are tokens alone', { data: { password: base64(token) } }, false],
    ['where one is taken away', { data: { password: null } }, true],
    ['where all are', { data: null }, true],
    ['where a strategic merge says so', { data: { $patch: 'replace' } }, true],
    ['where a JSON patch takes one away', [{ op: 'remove', path: '/data/password' }], true],
    ['where it takes all away', [{ op: 'remove', path: '/data' }], true],
    ['where it empties them', [{ op: 'replace', path: '/data', value: {} }], true],
    ['where it moves something there', [{ op: 'move', from: '/metadata/labels', path: '/data' }], true],
    ['where an added map takes their place', [{ op: 'add', path: '/data', value: {} }], true],
    ['where an added null does', [{ op: 'add', path: '/data/password', value: null }], true],
    ['where a copy does', [{ op: 'copy', from: '/metadata/name', path: '/data/password' }], true],
    ['where a strategic merge keeps other keys only', { $retainKeys: ['metadata'], metadata: {} }, true],
    [
      'not where it copies to another place',
      [{ op: 'copy', from: '/metadata/name', path: '/metadata/labels/x' }],
      false,
    ],
    ['not where it brings tokens back', [{ op: 'replace', path: '/data', value: { password: base64(token) } }], false],
    ['not where it takes something else away', [{ op: 'remove', path: '/metadata/labels' }], false],
    ['not where something else is null', { metadata: { labels: null } }, false],
    ['not where nothing is hidden', { metadata: { labels: { team: 'shop' } } }, false],
  ])('is noticed: %s', (_what, body, isNoticed) => expect(writes(body)).toBe(isNoticed))

  it('is not where the mask set lets it be written', () => {
    const free = maskSets.map((set) => ({
      ...set,
      fields: set.fields.map((field) => ({ ...field, freeWrites: true })),
    }))
    expect(writes({ data: { password: 'eA==' } }, free)).toBe(false)
  })
})

it('a record of helm is written over unseen in its own secret and key alone', () => {
  const record = base64(gzipSync(JSON.stringify({ name: 'x', chart: {} })).toString('base64'))
  const own = resourceRequest('update', 'secrets', { namespace: 'shop', name: 'sh.helm.release.v1.x.v1' })
  expect(maskerFor(own).writesHidden(json({ data: { release: record } }))).toBe(false)
  expect(maskerFor(own).writesHidden(json({ data: { password: record } }))).toBe(true)
  expect(maskerFor(patching).writesHidden(json({ data: { release: record } }))).toBe(true)
})

describe('A JSON patch of what is hidden by its name', () => {
  const deployment = resourceRequest('patch', 'deployments', { apiGroup: 'apps', namespace: 'shop', name: 'app' })
  const container = '/spec/template/spec/containers/0'
  const guard =
    (op: string, path: string, value: unknown = 'x') =>
    () =>
      maskerFor(deployment).guardWrite(
        json([{ op, path: `${container}${path}`, ...(op === 'remove' ? {} : { value }) }]),
        {
          target: '/x',
          contentType: 'application/json-patch+json',
        },
      )

  it.each([
    ['replace', '/env/0/name'],
    ['add', '/env/0/name'],
    ['remove', '/env/0/name'],
    ['replace', '/args/0'],
    ['remove', '/args/0'],
    ['add', '/args/1'],
    ['replace', '/command/2'],
  ])('does not take away the name: %s %s', (op, path) => {
    expect(guard(op, path)).toThrow(expect.objectContaining({ code: 'ERR_MASK_WRITE' }))
  })

  it.each([
    ['replace', '/env/0/value'],
    ['add', '/env/-'],
    ['remove', '/env/0'],
    ['add', '/args/-'],
    ['remove', '/args'],
    ['replace', '/image'],
    ['replace', '/name'],
  ])('may do everything else: %s %s', (op, path) => expect(guard(op, path)).not.toThrow())
})
