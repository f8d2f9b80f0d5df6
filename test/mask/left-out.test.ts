import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { guardedFields } from '../../src/mask/fields.ts'
import { leavesOut, mayLeaveOut } from '../../src/mask/left-out.ts'
import type { MaskSet } from '../../src/mask/port.ts'
import type { JsonObject, JsonValue } from '../../src/model/request.ts'
import { resourceRequest } from '../policy/request.ts'

const sets: readonly MaskSet[] = [
  {
    name: 'secrets',
    fields: [
      { apiGroup: '', resource: 'secrets', paths: [['data', '*']] },
      { apiGroup: 'acme.io', resource: 'tills', paths: [['spec', 'keys', '*', 'value']] },
      { apiGroup: '', resource: 'configmaps', paths: [['data', '*']], detectors: ['jwt'] },
      { apiGroup: '', resource: 'notes', paths: [['data', '*']], freeWrites: true },
    ],
  },
]
const fields = guardedFields(sets)
const json = 'application/json'
const jsonPatch = 'application/json-patch+json'
const apply = 'application/apply-patch+yaml'
const managed = (manager: string, operation: string, ...keys: readonly string[]): JsonObject => ({
  manager,
  operation,
  fieldsV1: { 'f:data': Object.fromEntries(keys.map((key) => [`f:${key}`, {}])) },
})
const stored: JsonObject = {
  metadata: { name: 'db', managedFields: [managed('ci', 'Apply', 'a'), managed('kubectl', 'Update', 'b')] },
  data: { a: 'MQ==', b: 'Mg==' },
}
const till: JsonObject = { spec: { keys: [{ name: 'one', value: 'x' }, { value: 'y' }] } }

const update = resourceRequest('update', 'secrets', { name: 'db' })
const patch = resourceRequest('patch', 'secrets', { name: 'db' })
const ofTill = resourceRequest('update', 'tills', { apiGroup: 'acme.io', name: 'x' })
const over = (value: JsonValue | undefined, contentType = json, query = '') => ({
  stored: value,
  sent: { contentType, target: `/api/v1/namespaces/shop/secrets/db${query}` },
})
const ci = '?fieldManager=ci&force=true'

describe('What a write leaves out of what is hidden', () => {
  it.each([
    ['a key of a PUT', { data: { a: 'MQ==' } }, update, over(stored), true],
    ['the whole map of a PUT', { metadata: {} }, update, over(stored), true],
    ['a key that is null', { data: { a: 'MQ==', b: null } }, update, over(stored), true],
    ['nothing of a PUT', { data: { a: 'x', b: 'y', c: 'z' } }, update, over(stored), false],
    ['nothing where nothing is stored', { data: {} }, update, over(null), false],
    ['who knows what, where it could not be read', { data: {} }, update, over(undefined), true],
    [
      'a key that is put in place of a map',
      [{ op: 'add', path: '/data', value: { a: 'x' } }],
      patch,
      over(stored, jsonPatch),
      true,
    ],
    [
      'nothing of such a map',
      [{ op: 'replace', path: '/data', value: { a: 'x', b: 'y' } }],
      patch,
      over(stored, jsonPatch),
      false,
    ],
    ['nothing by another place', [{ op: 'add', path: '/metadata', value: {} }], patch, over(stored, jsonPatch), false],
    [
      'a key of the whole document',
      [{ op: 'replace', path: '', value: { data: { b: 'y' } } }],
      patch,
      over(stored, jsonPatch),
      true,
    ],
    ['what its manager applied', { data: {} }, patch, over(stored, apply, ci), true],
    ['what another manager wrote', { data: { a: 'x' } }, patch, over(stored, apply, ci), false],
    ['what nobody applied', { data: {} }, patch, over(stored, apply, '?fieldManager=kubectl'), false],
    [
      'what one of two managers applied',
      { data: {} },
      patch,
      over(stored, apply, '?fieldManager=x&fieldManager=ci'),
      true,
    ],
    [
      'an element by its name',
      { spec: { keys: [{ value: 'y' }, { name: 'two', value: 'x' }] } },
      ofTill,
      over(till),
      true,
    ],
    [
      'no element that was turned round',
      { spec: { keys: [{ name: 'one', value: 'x' }, { value: 'y' }] } },
      ofTill,
      over(till),
      false,
    ],
    [
      'one of two elements of a name',
      { spec: { keys: [{ name: 'one', value: 'x' }] } },
      ofTill,
      over({
        spec: {
          keys: [
            { name: 'one', value: 'x' },
            { name: 'one', value: 'y' },
          ],
        },
      }),
      true,
    ],
    ['the value of an element', { spec: { keys: [{ name: 'one' }, { value: 'y' }] } }, ofTill, over(till), true],
  ] as const)('%s', (_what, body, request, under, isLeftOut) => {
    expect(leavesOut(body as JsonValue, request, fields, under)).toBe(isLeftOut)
  })

  it.each([
    ['of a merge patch, which names what it takes', { data: null }, patch, 'application/merge-patch+json'],
    ['of operations that replace nothing', [{ op: 'remove', path: '/data/a' }], patch, jsonPatch],
    ['of what is hidden on conditions', {}, resourceRequest('update', 'configmaps', { name: 'x' }), json],
    ['of what may be written', {}, resourceRequest('update', 'notes', { name: 'x' }), json],
    ['of what no set names', {}, resourceRequest('update', 'pods', { name: 'x' }), json],
  ] as const)('is not looked for: %s', (_what, body, request, contentType) => {
    expect(mayLeaveOut(body as JsonValue, request, { fields, contentType })).toBe(false)
    expect(leavesOut(body as JsonValue, request, fields, over(stored, contentType))).toBe(false)
  })

  it('is exactly what is stored and hidden, and no longer there', () => {
    const keys = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'data', 'f:a', '', '~1'), { maxLength: 6 })
    fc.assert(
      fc.property(keys, keys, (before, after) => {
        const data = (names: readonly string[]) => ({ data: Object.fromEntries(names.map((name) => [name, 'x'])) })
        const isGone = before.some((name) => !after.includes(name))
        expect(leavesOut(data(after), update, fields, over(data(before)))).toBe(isGone)
        const operations = [{ op: 'replace', path: '/data', value: data(after).data }]
        expect(leavesOut(operations, patch, fields, over(data(before), jsonPatch))).toBe(isGone)
      }),
    )
  })
})
