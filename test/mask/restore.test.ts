import { expect, test } from 'vitest'
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
