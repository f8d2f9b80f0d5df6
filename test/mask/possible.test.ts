import fc from 'fast-check'
import { expect, test } from 'vitest'
import { maskedFields } from '../../src/mask/fields.ts'
import { makeLook } from '../../src/mask/possible.ts'
import type { MaskSet } from '../../src/mask/port.ts'
import type { ResourceRequest } from '../../src/model/request.ts'
import { tokenMaker } from '../../src/mask/token.ts'
import { ValueMasker } from '../../src/mask/values.ts'
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
        ],
      },
      { apiGroup: 'x.example', resource: 'policies', paths: [['spec', 'Key']] },
      {
        apiGroup: '*',
        resource: '*',
        paths: [
          ['metadata', 'annotations', '*token*'],
          ['metadata', 'annotations', 'zz/É*'],
          ['spec', 'zap/b'],
          ['spec', '*Key*', '*'],
          ['list', '*', 'zap'],
          ['list', '0', 'zip'],
        ],
      },
    ],
  },
]
const look = makeLook(sets)
const pods = resourceRequest('get', 'pods', { namespace: 'shop', name: 'web' })

/** How many values the mask hides when it reads the answer. */
function hidden(text: string, request: ResourceRequest): number {
  let count = 0
  const masker = new ValueMasker(request, {
    fields: maskedFields(sets),
    token: tokenMaker(new Uint8Array(32), 'alice'),
    fallback: { namespace: 'shop', name: '' },
    encodeTokens: true,
    trustKinds: true,
    hidden: () => count++,
  })
  masker.top(parseJson(Buffer.from(text)))
  return count
}

const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration'
const filler = ['name', 'image', 'port', 'Pod', 'app', 'plain', 'note', 'spec']
const word = fc.constantFrom(
  ...filler,
  ...filler,
  ...filler,
  ...[
    'metadata',
    'annotations',
    'data',
    'stringData',
    'spec',
    'Key',
    'my-TOKEN',
    'to\u212aen',
    'zz/\u00c9t\u00e9',
    lastApplied,
    'zap/b',
    'apiKey',
  ],
  ...[
    'items',
    'kind',
    'apiVersion',
    'plain',
    'Secret',
    'SecretList',
    'Policy',
    'List',
    'x.example/v1',
    'v1',
    'Table',
    'rows',
    'cells',
    'list',
    'zap',
    'zip',
  ],
)
const { tree } = fc.letrec((tie) => ({
  tree: fc.oneof(
    { maxDepth: 6, withCrossShrink: true },
    word,
    fc.dictionary(word, tie('tree'), { maxKeys: 4 }),
    fc.array(tie('tree'), { maxLength: 3 }),
    tie('tree').map((value) => JSON.stringify(value)),
  ),
}))
const object = fc
  .record({ kind: word, apiVersion: word, metadata: fc.dictionary(word, tree), spec: tree, items: tree })
  .map((value) => ({ ...value, metadata: { ...value.metadata, annotations: { ...value.metadata } } }))

/** The text with some characters written as JSON also lets them be written. */
function escaped(text: string, choices: readonly number[]): string {
  let at = 0
  return text.replace(/[a-zA-Z/]/g, (character) => {
    const choice = choices.length === 0 ? 9 : choices[at++ % choices.length]
    if (choice === 0) return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
    return choice === 1 && character === '/' ? '\\/' : character
  })
}

test('bytes that look clean never hold a value that the mask would hide', () => {
  const seen = { clean: 0, hiding: 0 }
  const writing = fc.array(fc.nat({ max: 200 }), { maxLength: 7 })
  fc.assert(
    fc.property(object, writing, (value, choices) => {
      const text = escaped(JSON.stringify(value), choices)
      const count = hidden(text, pods)
      if (!look.mayHold(Buffer.from(text))) {
        seen.clean += 1
        expect(count).toBe(0)
      } else if (count > 0) seen.hiding += 1
    }),
    { numRuns: 2000 },
  )
  expect(Math.min(seen.clean, seen.hiding)).toBeGreaterThan(50)
})

test.each([
  ['a pod', '{"kind":"Pod","metadata":{"annotations":{"note":"x"}},"spec":{"containers":[]}}', false],
  ['a masked annotation', '{"metadata":{"annotations":{"My-Token":"x"}}}', true],
  ['the same, escaped', '{"metadata":{"annotations":{"My-\\u0054oken":"x"}}}', true],
  ['an escape of a letter anywhere', '{"spec":{"text":"\\u0041"}}', true],
  ['an escape as Go writes it', '{"spec":{"text":"\\u003ca\\u0026"}}', false],
  ['a manifest that is no JSON', `{"metadata":{"annotations":{"${lastApplied}":"kind: X"}}}`, true],
  ['a kelvin sign', '{"spec":{"text":"\u212a"}}', true],
  ['a secret in a list of anything', '{"kind":"List","items":[{"kind":"Secret","data":{"a":"b"}}]}', true],
  ['a secret in a string', '{"spec":{"text":"{\\"kind\\":\\"Secret\\"}"}}', true],
  ['a table', '{"kind":"Table","rows":[]}', true],
  ['UTF-16', Buffer.from('{"a":1}', 'utf16le').toString('latin1'), true],
])('%s', (_what, text, expected) => {
  expect(look.mayHold(Buffer.from(text))).toBe(expected)
})
