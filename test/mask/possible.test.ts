import fc from 'fast-check'
import { expect, test } from 'vitest'
import { maskAnswer } from '../../src/mask/answer.ts'
import { Budget } from '../../src/mask/budget.ts'
import { maskedFields } from '../../src/mask/fields.ts'
import { makeMayHold } from '../../src/mask/possible.ts'
import type { MaskSet } from '../../src/mask/port.ts'
import type { ResourceRequest } from '../../src/model/request.ts'
import { tokenMaker } from '../../src/mask/token.ts'
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
        ],
      },
    ],
  },
]
const mayHold = makeMayHold(sets)
const pods = resourceRequest('get', 'pods', { namespace: 'shop', name: 'web' })

/** How many values the mask hides when it reads the answer whether or not its bytes look clean. */
async function hidden(text: string, request: ResourceRequest): Promise<number> {
  const masked = maskAnswer(
    { statusCode: 200, contentType: 'application/json', body: chunks(text) },
    request,
    {
      fields: { ...maskedFields(sets), mayHold: () => true },
      token: tokenMaker(new Uint8Array(32), 'alice'),
      fallback: { namespace: 'shop', name: '' },
      encodeTokens: true,
      trustKinds: true,
    },
    new Budget(() => new AbortController().signal),
  )
  for await (const _chunk of masked.body);
  return masked.count()
}

async function* chunks(text: string): AsyncIterable<Uint8Array> {
  yield Buffer.from(text)
}

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

test('bytes that look clean never hold a value that the mask would hide', async () => {
  const seen = { clean: 0, hiding: 0 }
  const writing = fc.array(fc.nat({ max: 200 }), { maxLength: 7 })
  await fc.assert(
    fc.asyncProperty(object, writing, async (value, choices) => {
      const text = escaped(JSON.stringify(value), choices)
      const count = await hidden(text, pods)
      if (!mayHold(Buffer.from(text))) {
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
  ['an escape anywhere', '{"spec":{"text":"\\u003c"}}', true],
  ['a kelvin sign', '{"spec":{"text":"\u212a"}}', true],
  ['a secret in a list of anything', '{"kind":"List","items":[{"kind":"Secret","data":{"a":"b"}}]}', true],
  ['a secret in a string', '{"spec":{"text":"{\\"kind\\":\\"Secret\\"}"}}', true],
  ['a table', '{"kind":"Table","rows":[]}', true],
  ['UTF-16', Buffer.from('{"a":1}', 'utf16le').toString('latin1'), true],
  ['what is no JSON', '\u001f\u008b plain', true],
])('%s', (_what, text, expected) => {
  expect(mayHold(Buffer.from(text))).toBe(expected)
})
