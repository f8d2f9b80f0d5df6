import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseJson, stringifyJson } from '../../src/stream/json.ts'
import { operator, resourceRequest } from '../policy/request.ts'
import {
  base64,
  canary,
  cells,
  item,
  leaks,
  many,
  masked,
  maskerFor,
  oblige,
  one,
  partial,
  secret,
  table,
  through,
  tokenText,
  watching,
} from './canary.ts'

const configMaps = resourceRequest('get', 'configmaps', { namespace: 'shop', name: 'x' })

describe('A canary in a secret', () => {
  const event = (type: string, object: unknown) => ({ type, object })
  it.each([
    ['one object', one, secret],
    ['the answer to a create', resourceRequest('create', 'secrets', { namespace: 'shop' }), secret],
    ['the answer to an empty patch', resourceRequest('patch', 'secrets', { namespace: 'shop', name: 'db' }), secret],
    ['the answer to a delete', resourceRequest('delete', 'secrets', { namespace: 'shop', name: 'db' }), secret],
    [
      'a list whose items name no kind',
      many,
      { kind: 'SecretList', apiVersion: 'v1', metadata: {}, items: [item, item] },
    ],
    ['a list of another resource’s request', configMaps, { kind: 'SecretList', apiVersion: 'v1', items: [item] }],
    [
      'a List of anything',
      configMaps,
      { kind: 'List', apiVersion: 'v1', items: [{ kind: 'List', apiVersion: 'v1', items: [secret] }] },
    ],
    ['a table with whole objects', many, table(secret)],
    ['a table with metadata', many, table(partial)],
    [
      'a table whose cells quote the value',
      many,
      table(secret, { rows: [{ cells: [canary, 'x', base64(canary)], object: secret }] }),
    ],
    [
      'a table with an unknown column',
      many,
      table(null, { columnDefinitions: [{ name: 'Value' }], rows: [{ cells: [canary], object: null }] }),
    ],
    ['metadata alone', one, partial],
    [
      'a list of metadata',
      many,
      {
        kind: 'PartialObjectMetadataList',
        apiVersion: 'meta.k8s.io/v1',
        items: [partial, { metadata: partial.metadata }],
      },
    ],
    ['a watch event', watching, event('ADDED', secret)],
    ['a watch event with a table', watching, event('MODIFIED', table(partial))],
    ['the last state of a deleted one', watching, event('DELETED', secret)],
    [
      'an object deep inside another',
      configMaps,
      { kind: 'Revision', apiVersion: 'x/v1', data: { raw: [{ deep: secret }] } },
    ],
    ['a value that is an object', one, { ...secret, data: { password: { inner: [canary] } } }],
    [
      'a manifest that is no JSON',
      one,
      {
        ...partial,
        metadata: {
          ...partial.metadata,
          annotations: { 'kubectl.kubernetes.io/last-applied-configuration': `{"data":{"p":"${canary}"` },
        },
      },
    ],
    [
      'a manifest with a repeated key',
      one,
      {
        ...partial,
        metadata: { annotations: { 'kubectl.kubernetes.io/last-applied-configuration': `{"x":"${canary}","x":1}` } },
      },
    ],
    [
      'an annotation of another resource',
      configMaps,
      { kind: 'ConfigMap', apiVersion: 'v1', metadata: { annotations: { 'my-TOKEN': canary } } },
    ],
  ])('does not leave in %s, however it is cut', async (_what, request, value) => {
    for (const chunk of [0, 1, 7, 4096]) {
      const { text, count } = await through(request, `${JSON.stringify(value)}\n`, { chunk })
      expect(leaks(text)).toEqual([])
      expect(count).toBeGreaterThan(0)
      expect(text.endsWith('\n')).toBe(true)
    }
  })

  it.each([
    ['the original of another tool', 'kapp.k14s.io/original', JSON.stringify({ data: { p: canary } })],
    ['a list', 'x/list', ` [${JSON.stringify(canary)}]`],
    ['JSON in JSON', 'x/quoted', JSON.stringify(JSON.stringify({ p: canary }))],
    ['YAML', 'x/yaml', `kind: Secret\nstringData: {p: ${canary}}`],
    ['a long text', 'x/long', `${'x'.repeat(256)}${canary}`],
    ['a compressed manifest', 'objectset.rio.cattle.io/applied', gzipSync(canary).toString('base64')],
  ])('does not leave in an annotation: %s', async (_what, name, annotation) => {
    const { annotations } = secret.metadata
    const object = { ...secret, metadata: { ...secret.metadata, annotations: { ...annotations, [name]: annotation } } }
    for (const value of [object, { ...item, metadata: object.metadata }, { ...partial, metadata: object.metadata }]) {
      const result = (await masked(one, value)) as { metadata: { annotations: Record<string, string> } }
      expect(result.metadata.annotations[name]).toMatch(tokenText)
      expect(result.metadata.annotations['example.com/team']).toBe('payments')
    }
  })

  it('does not leave in the cell of a row that brings no object', async () => {
    const widgets = resourceRequest('list', 'widgets.example.com', { namespace: 'shop' })
    const columnDefinitions = ['Name', 'Password', 'Age'].map((name) => ({ name, type: 'string' }))
    for (const object of [null, undefined]) {
      const rows = [{ cells: ['w', canary, '5d'], object }]
      const result = (await masked(widgets, table(null, { columnDefinitions, rows }))) as {
        rows: { cells: unknown[] }[]
      }
      expect(result.rows[0]?.cells).toEqual(['w', expect.stringMatching(tokenText), '5d'])
    }
    const traced = await masked(
      widgets,
      table(partial, { columnDefinitions, rows: [{ cells: ['w', 'Ready', '5d'], object: partial }] }),
    )
    expect(traced).toMatchObject({ rows: [{ cells: ['w', 'Ready', '5d'] }] })
  })

  it.each([
    ['as it is', (value: string) => value],
    ['in JSON', (value: string) => JSON.stringify({ token: value })],
    ['in JSON as Go writes it', (value: string) => JSON.stringify([value]).replace('<', '\\u003c')],
  ])('does not leave in a cell that quotes it %s', async (_how, quoted) => {
    const widgets = resourceRequest('list', 'widgets.example.com', { namespace: 'shop' })
    const value = `"${canary}<\\`
    const object = { kind: 'Widget', metadata: { name: 'w', annotations: { 'x/access-token': value } } }
    const columnDefinitions = ['Name', 'Marks'].map((name) => ({ name, type: 'string' }))
    const rows = [{ cells: ['w', quoted(value)], object }]
    const result = await masked(widgets, table(null, { columnDefinitions, rows }))
    expect(result).toMatchObject({ rows: [{ cells: ['w', expect.stringMatching(tokenText)] }] })
  })

  it('does not leave through an escaped key', async () => {
    const text = `{"kind":"Secret","apiVersion":"v1","\\u0064ata":{"p":"${base64(canary)}"}}`
    expect(leaks((await through(one, text)).text)).toEqual([])
  })

  it('does not leave through any place of any object, whatever is beside it', async () => {
    const path = fc.constantFrom(
      (value: unknown) => ({ data: { k: value } }),
      (value: unknown) => ({ stringData: { k: value } }),
      (value: unknown) => ({ metadata: { annotations: { 'a-token-b': value } } }),
    )
    const planted = fc.oneof(
      fc.constant(canary),
      fc.constant(base64(canary)),
      fc.constant([canary]),
      fc.constant({ deep: canary }),
    )
    await fc.assert(
      fc.asyncProperty(
        path,
        planted,
        fc.jsonValue({ maxDepth: 2 }),
        fc.nat(20),
        async (place, value, beside, chunk) => {
          const object = { ...secret, other: beside, ...place(value) }
          const { text } = await through(one, JSON.stringify(object), { chunk })
          expect(leaks(text)).toEqual([])
        },
      ),
      { numRuns: 150 },
    )
  })
})

describe('What stays', () => {
  it('is everything but the values: types, names, keys, counts, managed fields', async () => {
    const result = (await masked(one, secret)) as unknown as typeof secret
    expect(result.type).toBe('Opaque')
    expect(Object.keys(result.data)).toEqual(['password', 'twice', 'empty'])
    expect(result.metadata.managedFields).toEqual(secret.metadata.managedFields)
    expect(result.metadata.annotations['example.com/team']).toBe('payments')
    const listed = (await masked(many, table(partial))) as { rows: { cells: unknown[] }[] }
    expect(listed.rows[0]?.cells).toEqual(cells)
  })

  it('is base64 where values are base64, so that clients can decode it', async () => {
    const result = (await masked(one, secret)) as unknown as typeof secret
    for (const value of Object.values(result.data)) {
      expect(Buffer.from(value, 'base64').toString()).toMatch(tokenText)
    }
    expect(result.stringData.plain).toMatch(tokenText)
  })

  it('is the last-applied manifest, masked inside with the token of the same value', async () => {
    const result = (await masked(one, secret)) as unknown as typeof secret
    const kept = result.metadata.annotations['kubectl.kubernetes.io/last-applied-configuration']
    const manifest = JSON.parse(kept) as typeof secret
    expect(kept.endsWith('\n')).toBe(true)
    expect(manifest.metadata.name).toBe('db')
    expect(manifest.data.password).toBe(result.data.password)
  })

  it('is a manifest without secrets, byte for byte', async () => {
    const manifest = '{"kind":"ConfigMap", "data":{"a":"1.0"},\n "x":1e3}\n'
    const object = {
      kind: 'ConfigMap',
      apiVersion: 'v1',
      metadata: { annotations: { 'kubectl.kubernetes.io/last-applied-configuration': manifest } },
    }
    const result = (await masked(configMaps, object)) as unknown as typeof object
    expect(result.metadata.annotations['kubectl.kubernetes.io/last-applied-configuration']).toBe(manifest)
  })

  it('is every number as it was written, and every value that no mask names', async () => {
    const text =
      '{"kind":"ConfigMap","apiVersion":"v1","n":[9007199254740993,1.0,1e400,-0,0.1],"__proto__":{"x":1},"s":"\\u0000é😀"}'
    expect(stringifyJson(parseJson(Buffer.from((await through(configMaps, text)).text)))).toBe(
      stringifyJson(parseJson(Buffer.from(text))),
    )
    await fc.assert(
      fc.asyncProperty(fc.jsonValue({ maxDepth: 4 }), async (value) => {
        const plain = JSON.stringify({ spec: value })
        expect((await through(configMaps, plain)).text.trimEnd()).toBe(stringifyJson(parseJson(Buffer.from(plain))))
      }),
      { numRuns: 100 },
    )
  })

  it('is the log of a pod: text, which only policy decides about', async () => {
    const logs = resourceRequest('get', 'pods/log', { namespace: 'shop', name: 'web' })
    expect(maskerFor(logs).active).toBe(false)
    expect((await through(logs, 'a line\n', { contentType: 'text/plain' })).text).toBe('a line\n')
  })
})

describe('A watch', () => {
  const lines = [
    { type: 'ADDED', object: table(partial) },
    { type: 'MODIFIED', object: table(partial, { columnDefinitions: null }) },
    { type: 'BOOKMARK', object: { kind: 'Secret', apiVersion: 'v1', metadata: { resourceVersion: '9' } } },
  ]
  const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('')

  it('comes event by event, and later tables know the columns of the first', async () => {
    const whole = await through(watching, text)
    expect(leaks(whole.text)).toEqual([])
    const rows = whole.text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { object: { rows?: { cells: unknown[] }[] } })
    expect(rows).toHaveLength(3)
    expect(rows[1]?.object.rows?.[0]?.cells).toEqual(cells)
    for (const chunk of [1, 3, 1000]) expect(await through(watching, text, { chunk })).toEqual(whole)
  })

  it('gives each event before the next has come', async () => {
    const sentAll = Promise.withResolvers<void>()
    async function* body() {
      yield Buffer.from(`${JSON.stringify(lines[0])}\n`)
      await sentAll.promise
    }
    const answer = maskerFor(watching).answer({ statusCode: 200, contentType: 'application/json', body: body() })
    const events = answer.body[Symbol.asyncIterator]()
    expect((await events.next()).done).toBe(false)
    sentAll.resolve()
    expect((await events.next()).done).toBe(true)
  })

  it.each([
    ['a line that ends in the middle', text + '{"type":"ADDED","object":{"data":{"p":"x"'],
    ['a line that is no event', `${text}{"kind":"Secret"}\n`],
    ['a line that is no JSON', `${text}oops\n`],
  ])('breaks off with ERR_MASK at %s', async (_what, broken) => {
    await expect(through(watching, broken)).rejects.toMatchObject({ code: 'ERR_MASK' })
  })

  it('neutralises errors in the stream', async () => {
    const status = {
      kind: 'Status',
      apiVersion: 'v1',
      status: 'Failure',
      reason: 'Expired',
      code: 410,
      message: `old ${canary}`,
    }
    const { text: out } = await through(watching, `${JSON.stringify({ type: 'ERROR', object: status })}\n`)
    expect(leaks(out)).toEqual([])
    expect(JSON.parse(out)).toMatchObject({ type: 'ERROR', object: { reason: 'Expired', code: 410 } })
  })
})

describe('An answer that cannot be masked', () => {
  it.each([
    ['is cut short', JSON.stringify(secret).slice(0, -5), {}],
    ['has a repeated key', '{"data":{"a":"1"},"data":{"a":"2"}}', {}],
    ['is followed by more', `${JSON.stringify(secret)}{}`, {}],
    ['is YAML', 'data: {a: b}', { contentType: 'application/yaml' }],
    ['is protobuf', 'k8s\0', { contentType: 'application/vnd.kubernetes.protobuf' }],
    ['is text', 'not found', { contentType: 'text/plain; charset=utf-8', statusCode: 404 }],
    ['names no type', 'hello', { contentType: '' }],
    ['is a refusal of an unknown shape', `{"error":"${canary}"}`, { statusCode: 500 }],
  ])('is refused with ERR_MASK when it %s', async (_what, text, sent) => {
    await expect(through(one, text, sent)).rejects.toMatchObject({ code: 'ERR_MASK' })
  })

  it('is refused above 64 MiB, before it is read to its end', async () => {
    let read = 0
    async function* endless() {
      for (;;) {
        read += 1 << 20
        yield Buffer.alloc(1 << 20, 0x20)
      }
    }
    const answer = maskerFor(one).answer({ statusCode: 200, contentType: 'application/json', body: endless() })
    await expect(answer.body[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'ERR_MASK' })
    expect(read).toBeLessThan(70 << 20)
  })

  it('may be empty', async () => {
    expect(await through(one, '', { contentType: '' })).toEqual({ text: '', count: 0 })
  })
})

describe('A refusal of the API server', () => {
  const status = (message: string, more: object = {}) => ({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    reason: 'Invalid',
    code: 422,
    ...more,
  })

  it('loses what may quote a value and keeps what scripts need', async () => {
    const details = {
      name: 'db',
      kind: 'Secret',
      causes: [
        { reason: 'FieldValueInvalid', message: `Invalid value: "${base64(canary)}"`, field: 'metadata.labels' },
      ],
    }
    const answer = await masked(one, status(`Secret "db" is invalid: ${canary}`, { details }), { statusCode: 422 })
    expect(leaks(stringifyJson(answer))).toEqual([])
    expect(answer).toMatchObject({
      reason: 'Invalid',
      code: 422,
      details: { name: 'db', kind: 'Secret', causes: [{ reason: 'FieldValueInvalid', field: 'metadata.labels' }] },
    })
  })

  it.each([
    'secrets "db" not found',
    'secrets "db" already exists',
    'Operation cannot be fulfilled on secrets "db": the object has been modified; please apply your changes to the latest version and try again',
    'secrets "db" is forbidden: User "system:serviceaccount:a:b" cannot get resource "secrets" in API group "" in the namespace "shop"',
    'secrets is forbidden: User "bob" cannot list resource "secrets" in API group "" at the cluster scope',
  ])('keeps the standard text %s', async (message) => {
    expect(await masked(one, status(message), { statusCode: 403 })).toMatchObject({ message })
  })

  it.each([
    `secrets "${canary}" not found`,
    `secrets "db" is forbidden: ${canary}`,
    `secrets "db" not found ${canary}`,
  ])('does not keep the look-alike %s', async (message) => {
    expect(leaks(stringifyJson(await masked(one, status(message), { statusCode: 404 })))).toEqual([])
  })

  it('about a resource that no mask names stays as it is', async () => {
    const answer = status('ConfigMap "x" is invalid: metadata.labels: too long', {
      details: { causes: [{ message: 'm', field: 'f' }] },
    })
    expect(await masked(configMaps, answer, { statusCode: 422 })).toEqual(answer)
  })
})

describe('A token', () => {
  type Data = { data: Record<string, string> }
  const tokenOf = async (change: object = {}, subject = operator) => {
    const body = async function* () {
      yield Buffer.from(JSON.stringify({ ...secret, ...change }))
    }
    const answer = maskerFor(one, subject).answer({ statusCode: 200, contentType: 'application/json', body: body() })
    let text = ''
    for await (const part of answer.body) text += Buffer.from(part).toString()
    return (JSON.parse(text) as Data).data['password']
  }

  it('in the answer to a write answers no guess: it never comes twice', async () => {
    const patch = resourceRequest('patch', 'secrets', { namespace: 'shop', name: 'db' })
    const tokens = [one, patch, patch].map(async (request) => {
      const { data } = (await masked(request, secret)) as unknown as Data
      return data['password']
    })
    expect(new Set(await Promise.all(tokens)).size).toBe(3)
  })

  it('is equal for an equal value of the same field, and only then', async () => {
    const token = await tokenOf()
    expect(await tokenOf({ type: 'other' })).toBe(token)
    const others = [
      await tokenOf({ data: { password: base64('other') } }),
      await tokenOf({ metadata: { ...secret.metadata, uid: 'another' } }),
      await tokenOf({ metadata: { ...secret.metadata, name: 'another' } }),
      await tokenOf({}, { ...operator, name: 'tom' }),
    ]
    expect(new Set([token, ...others]).size).toBe(5)
    const { data } = (await masked(one, { ...secret, data: { a: 'eA==', b: 'eA==' } })) as unknown as Data
    expect(data['a']).not.toBe(data['b'])
  })
})

describe('Obligations', () => {
  it('that are unknown, or name an unknown mask set, are refused', () => {
    expect(() => oblige([{ kind: 'record' }], one, operator)).toThrow(/cannot meet/)
    expect(() => oblige([{ kind: 'mask', maskSet: 'nope' }], one, operator)).toThrow(/no mask set "nope"/)
  })

  it('of which there are none change nothing', () => {
    expect(oblige([], one, operator).active).toBe(false)
  })
})
