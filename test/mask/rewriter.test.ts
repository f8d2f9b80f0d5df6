import fc from 'fast-check'
import { expect, test } from 'vitest'
import { maskAnswer } from '../../src/mask/answer.ts'
import { maskedFields } from '../../src/mask/fields.ts'
import type { MaskSet } from '../../src/mask/port.ts'
import { tokenMaker } from '../../src/mask/token.ts'
import { ValueMasker } from '../../src/mask/values.ts'
import type { Walk } from '../../src/mask/walk.ts'
import { detectorNames } from '../../src/model/detector.ts'
import { toFault } from '../../src/model/fault.ts'
import { type JsonValue, RawNumber, type ResourceRequest } from '../../src/model/request.ts'
import { parseJson } from '../../src/stream/json.ts'
import { resourceRequest } from '../policy/request.ts'

const sets: readonly MaskSet[] = [
  {
    name: 'secrets',
    fields: [
      {
        apiGroup: '',
        resource: 'secrets',
        paths: [
          ['data', '*'],
          ['stringData', '*'],
          ['list', '*', 'key'],
          ['list', '70'],
        ],
      },
      {
        apiGroup: '*',
        resource: '*',
        paths: [
          ['metadata', 'annotations', '*token*'],
          ['spec', 'deep', '*', 'key'],
        ],
      },
      {
        apiGroup: '',
        resource: 'pods',
        paths: [
          ['spec', 'env', '*'],
          ['spec', 'args', '*'],
          ['spec', 'command'],
        ],
        keys: ['*pass*', 'TOKEN'],
      },
      { apiGroup: '', resource: 'pods', paths: [['spec', 'env', '*', 'value']], detectors: ['jwt'] },
      { apiGroup: '', resource: 'configmaps', paths: [['data', '*']], detectors: detectorNames },
    ],
  },
]
const walk: Omit<Walk, 'hidden'> = {
  fields: maskedFields(sets),
  token: tokenMaker(new Uint8Array(32), 'alice'),
  fallback: { namespace: 'shop', name: 'x' },
  encodeTokens: true,
  trustKinds: true,
}
const secrets = resourceRequest('list', 'secrets', { namespace: 'shop' })
const pods = resourceRequest('list', 'pods', { namespace: 'shop' })
const configMaps = resourceRequest('list', 'configmaps', { namespace: 'shop' })

interface Result {
  readonly text: string
  readonly count: number
}

/** The answer as a client gets it, cut into pieces of these sizes, in turn. */
async function rewritten(text: string, request: ResourceRequest, sizes: readonly number[]): Promise<Result> {
  async function* body(): AsyncGenerator<Uint8Array> {
    const bytes = Buffer.from(text)
    // Long documents in fewer pieces: byte by byte is for those that fit on a screen.
    const least = Math.ceil(bytes.length / 2000)
    for (let at = 0, turn = 0; at < bytes.length; turn++) {
      const size = Math.max(least, sizes[turn % sizes.length] ?? bytes.length)
      const piece = Buffer.from(bytes.subarray(at, at + size))
      yield piece
      piece.fill(0x21)
      at += size
    }
  }
  const masked = maskAnswer({ statusCode: 200, contentType: 'application/json', body: body() }, request, walk)
  const parts: Uint8Array[] = []
  for await (const part of masked.body) parts.push(Uint8Array.from(part))
  return { text: Buffer.concat(parts).toString(), count: masked.count() }
}

/** What is to come out: the answer read, masked value by value, as one would without any hurry. */
function expected(text: string, request: ResourceRequest): { readonly value: JsonValue; readonly count: number } {
  let count = 0
  const masker = new ValueMasker(request, { ...walk, hidden: () => count++ })
  const read = parseJson(Buffer.from(text))
  return { value: request.verb === 'watch' ? masker.event(read) : masker.top(read), count }
}

const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration'
const key = fc.constantFrom('data', 'stringData', 'key', 'deep', 'spec', 'list', 'metadata', 'annotations', 'a', 'é"\\')
const leaf = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({ minLength: 20, maxLength: 60 }),
  fc.constantFrom(null, true, 0, -1.5, '', '\\', '"', '\\\\"', 'YWJj', '[{', ']}', 'Secret', '\u2028'),
  fc.constant(new RawNumber('12345678901234567890.10')),
)
const jwt = `eyJ${'a'.repeat(20)}.eyJ${'b'.repeat(30)}.${'c'.repeat(10)}`
const telling = fc.constantFrom(
  '--db-pass=hunter2',
  'TOKEN=',
  '--note=x',
  'postgres://app:hunter2@db/shop',
  `Bearer ${'x'.repeat(20)}`,
  `see ${jwt} and ${jwt}`,
  'AKIAABCDEFGHIJKLMNOP',
  '-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----',
)
const variable = fc.record(
  { name: fc.constantFrom('DB_PASSWORD', 'TOKEN', 'NOTE', 'pässword'), value: fc.oneof(telling, leaf) },
  { requiredKeys: ['name'] },
)
const { tree, manifest } = fc.letrec<{ tree: unknown; manifest: unknown }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    leaf,
    fc.dictionary(key, tie('tree'), { maxKeys: 4 }),
    fc.array(tie('tree'), { maxLength: 4 }),
    tie('manifest'),
  ),
  manifest: fc.record(
    {
      kind: fc.constantFrom(
        'Secret',
        'Pod',
        'ConfigMap',
        'SecretList',
        'PartialObjectMetadata',
        'secret',
        'Se\u0063ret',
      ),
      apiVersion: fc.constantFrom('v1', 'apps/v1'),
      metadata: fc.record(
        {
          name: fc.constantFrom('db', 'web'),
          namespace: fc.constantFrom('shop', 'dev'),
          uid: fc.constantFrom('u-1', 'u-2'),
          annotations: fc.dictionary(
            fc.constantFrom('my-token', 'note', lastApplied, 'x/doc'),
            fc.oneof(
              fc.string(),
              tie('tree').map((value) => written(value)),
            ),
            { maxKeys: 3 },
          ),
        },
        { requiredKeys: [] },
      ),
      data: fc.dictionary(fc.string(), fc.oneof(telling, tie('tree')), { maxKeys: 3 }),
      stringData: tie('tree'),
      spec: fc.oneof(
        tie('tree'),
        fc.record({
          env: fc.array(fc.oneof(variable, tie('tree'))),
          args: fc.array(fc.oneof(telling, leaf)),
          command: fc.array(fc.oneof(telling, leaf, fc.constantFrom('--db-pass', '-TOKEN', '--level'))),
        }),
      ),
      list: fc.array(tie('tree'), { maxLength: 80 }),
    },
    { requiredKeys: [] },
  ),
}))
const list = fc
  .record({
    kind: fc.constantFrom('SecretList', 'List', 'PodList', 'Status', 'x'),
    apiVersion: fc.constant('v1'),
    metadata: tree,
    items: fc.array(fc.oneof(manifest, leaf), { maxLength: 5 }),
    after: fc.option(tree, { nil: undefined }),
  })
  .map(({ after, ...value }) => (after === undefined ? value : { ...value, after }))
const table = fc.record({
  kind: fc.constant('Table'),
  columnDefinitions: fc.array(fc.record({ name: fc.constantFrom('Name', 'Age', 'Data') }), { maxLength: 3 }),
  rows: fc.array(
    fc.record({ cells: fc.array(leaf, { maxLength: 3 }), object: fc.option(manifest) }, { requiredKeys: ['cells'] }),
    { maxLength: 4 },
  ),
})
const document = fc.oneof(manifest, list, table, tree)

interface Style {
  readonly space?: string
  readonly turned?: boolean
  /** Characters that are written as escapes though they need not be (RFC 8259 section 7). */
  readonly escaped?: RegExp
  readonly escapedKeys?: boolean
}

/** JSON with or without spaces, some characters as escapes, members in their order or from behind. */
function written(value: unknown, style: Style = {}): string {
  const { space = '', turned = false, escapedKeys = false } = style
  if (value instanceof RawNumber) return value.text
  if (Array.isArray(value)) return `[${value.map((one) => space + written(one, style)).join(`${space},`)}${space}]`
  if (typeof value === 'string') return quoted(value, style)
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .map(([name, member]) => {
      return `${space}${quoted(name, escapedKeys ? style : {})}${space}:${space}${written(member, style)}`
    })
  return `{${(turned ? members.toReversed() : members).join(`${space},`)}${space}}`
}

function quoted(text: string, { escaped = /(?!)/ }: Style): string {
  const escape = (found: string) =>
    found === '/' ? '\\/' : `\\u${(found.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`
  return JSON.stringify(text)
    .split(/(\\u....|\\.)/s)
    .map((part, index) => (index % 2 === 1 ? part : part.replace(new RegExp(escaped, 'g'), escape)))
    .join('')
}

const styles = fc.record({
  space: fc.constantFrom('', ' ', '\n\t'),
  turned: fc.boolean(),
  escaped: fc.constantFrom(/(?!)/, /\//, /[a-dA-D:]/, /[^"]/),
  escapedKeys: fc.boolean(),
})
const sizes = fc.oneof(
  fc.constant([1]),
  fc.constant([1 << 20]),
  fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1 }),
)

test.each([
  ['secrets', secrets],
  ['pods', pods],
  ['config maps', configMaps],
])('what leaves is what reading, masking and writing would give: %s', { timeout: 120_000 }, async (_name, request) => {
  let hiding = 0
  await fc.assert(
    fc.asyncProperty(document, styles, sizes, async (value, style, cuts) => {
      const text = `${written(value, style)}\n`
      const wanted = expected(text, request)
      const got = await rewritten(text, request, cuts)
      expect(parseJson(Buffer.from(got.text))).toEqual(wanted.value)
      expect(got.count).toBe(wanted.count)
      hiding += wanted.count > 0 ? 1 : 0
    }),
    { numRuns: 250 },
  )
  expect(hiding).toBeGreaterThan(50)
})

test('no spelling of a text hides from a detector or a name what is in it', async () => {
  const texts = fc.array(telling, { minLength: 1, maxLength: 3 })
  await fc.assert(
    fc.asyncProperty(texts, styles, async (values, style) => {
      const map = { kind: 'ConfigMap', data: Object.fromEntries(values.map((value, index) => [`k${index}`, value])) }
      const env = values.map((value) => ({ name: value, value }))
      const command = values.flatMap((value) => ['--db-pass', value])
      const pod = { kind: 'Pod', spec: { args: values, command, env } }
      for (const [request, value] of [
        [configMaps, map],
        [pods, pod],
      ] as const) {
        const text = written(value, style)
        const wanted = expected(text, request)
        const got = await rewritten(text, request, [1 << 20])
        expect(parseJson(Buffer.from(got.text))).toEqual(wanted.value)
        expect(got.count).toBe(wanted.count)
      }
    }),
    { numRuns: 300 },
  )
})

test('the same for the events of a watch', async () => {
  const watch = resourceRequest('watch', 'secrets', { namespace: 'shop' })
  const type = fc.constantFrom('ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK')
  await fc.assert(
    fc.asyncProperty(fc.record({ type, object: document }), fc.boolean(), sizes, async (event, turned, cuts) => {
      const text = `${written(event, { turned })}\n`
      const wanted = expected(text, watch)
      const got = await rewritten(text, watch, cuts)
      expect(parseJson(Buffer.from(got.text))).toEqual(wanted.value)
      expect(got.count).toBe(wanted.count)
    }),
    { numRuns: 300 },
  )
})

test('every cut of a list gives the same', async () => {
  const item = (name: string) => ({
    metadata: { name, uid: `u-${name}` },
    data: { a: 'cGFzcw==', 'b"\\é': 'cGFzcw==' },
  })
  const text = JSON.stringify({ kind: 'SecretList', metadata: {}, items: [item('x'), item('y\\'), item('z')] })
  const whole = await rewritten(text, secrets, [text.length])
  expect(whole.count).toBe(6)
  expect(whole.text).not.toContain('cGFzcw')
  for (let cut = 1; cut < text.length; cut++) {
    expect(await rewritten(text, secrets, [cut, text.length])).toEqual(whole)
  }
})

test.each([
  ['a masked key as escapes', '{"kind":"Secret","\\u0064ata":{"a":"hunter2"}}'],
  ['a masked key twice', '{"kind":"Secret","data":{"a":"hunter2"},"data":{"a":"hunter2"}}'],
  ['the kind after the value', '{"items":[{"data":{"a":"hunter2"},"kind":"Secret"}],"kind":"List"}'],
  ['the items twice', '{"kind":"List","items":[],"items":[{"kind":"Secret","data":{"a":"hunter2"}}]}'],
  ['a list cut short', '{"kind":"SecretList","items":[{"data":{"a":"hunter2"}},{"data":{"b":"hunter2"'],
  ['no comma', '{"kind":"SecretList","items":[{"data":{"a":"hunter2"}} {"data":{"b":"hunter2"}}]}'],
  ['a colon too many', '{"kind":"SecretList","items":[{"data"::{"a":"hunter2"}}]}'],
  ['more behind the end', '{"kind":"SecretList","items":[]}{"data":{"a":"hunter2"}}'],
  ['a number', '{"kind":"Secret","data":{"a":8642.0,"b":[{"c":8642.0}]}}'],
  ['a control character', '{"kind":"Secret","data":{"a":"hunter2\u0001"}}'],
])('nothing leaves of a secret written with %s', async (_what, text) => {
  for (const request of [secrets, pods]) {
    for (const cuts of [[1], [7], [1 << 20]]) {
      const said = await rewritten(text, request, cuts).then(
        (result) => result.text,
        (thrown: unknown) => toFault(thrown).code,
      )
      expect(said).not.toMatch(/hunter2|8642/)
      if (said !== 'ERR_MASK') parseJson(Buffer.from(said))
    }
  }
})

test('the first item is there before the last has come', async () => {
  const { promise: last, resolve: send } = Promise.withResolvers<void>()
  async function* body(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('{"kind":"SecretList","metadata":{},"items":[{"data":{"a":"cGFzcw=="}},')
    await last
    yield Buffer.from('{"data":{"a":"cGFzcw=="}}]}')
  }
  const masked = maskAnswer({ statusCode: 200, contentType: 'application/json', body: body() }, secrets, walk)
  let text = ''
  for await (const part of masked.body) {
    text += Buffer.from(part).toString()
    if (masked.count() === 1) send()
  }
  expect(masked.count()).toBe(2)
  expect(parseJson(Buffer.from(text))).toMatchObject({ items: [{}, {}] })
})

test('an object larger than can be held is refused', async () => {
  const text = `{"kind":"SecretList","items":[{"data":{"a":"${'x'.repeat(9 << 20)}"}}]}`
  await expect(rewritten(text, secrets, [1 << 16])).rejects.toMatchObject({ code: 'ERR_MASK' })
})
