import fc from 'fast-check'
import { expect, it } from 'vitest'
import { maskedFields } from '../../src/mask/fields.ts'
import { makeLook } from '../../src/mask/possible.ts'
import type { MaskSet } from '../../src/mask/port.ts'
import { maskObject } from '../../src/mask/walk.ts'

const naming = (resource: string): readonly MaskSet[] => [
  { name: 'own', fields: [{ apiGroup: 'acme.io', resource, paths: [['spec', 'key']] }] },
]
const cases = [
  ['Gateway', 'gateways'],
  ['Mesh', 'meshes'],
  ['Policy', 'policies'],
  ['Ingress', 'ingresses'],
  ['Endpoints', 'endpoints'],
  ['Till', 'tills'],
] as const

it.each(cases)('an object inside that says it is a %s is one of %s', (kind, resource) => {
  const sets = naming(resource)
  const fields = maskedFields(sets)
  expect(fields.refOf({ apiVersion: 'acme.io/v1', kind })).toEqual({ apiGroup: 'acme.io', resource })
  const object = { items: [{ apiVersion: 'acme.io/v1', kind, spec: { key: 'k' } }] }
  const walk = {
    fields,
    token: () => 'hidden',
    fallback: { namespace: '', name: '' },
    encodeTokens: false,
    trustKinds: true,
    hidden: () => undefined,
  }
  expect(JSON.stringify(maskObject(object, [], walk))).toContain('"key":"hidden"')
  expect(makeLook(sets).mayHold(Buffer.from(JSON.stringify(object)))).toBe(true)
})

it('what no set names is what Kubernetes guesses, and of another group it is another', () => {
  const fields = maskedFields(naming('gateways'))
  expect(fields.refOf({ apiVersion: 'v1', kind: 'Gateway' })).toEqual({ apiGroup: '', resource: 'gatewaies' })
  expect(fields.refOf({ apiVersion: 'acme.io/v1', kind: 'Gate' })).toEqual({ apiGroup: 'acme.io', resource: 'gates' })
  expect(fields.refOf({ kind: '' })).toBeUndefined()
})

it('a look misses no kind that is one of a resource', () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'e', 'i', 's', 'y', 'w'), minLength: 1, maxLength: 6 })
  const plural = fc.constantFrom(
    (kind: string) => kind,
    (kind: string) => `${kind}s`,
    (kind: string) => `${kind}es`,
    (kind: string) => `${kind.slice(0, -1)}ies`,
  )
  let named = 0
  fc.assert(
    fc.property(word, plural, (kind, of) => {
      const sets = naming(of(kind))
      const object = { apiVersion: 'acme.io/v1', kind }
      if (maskedFields(sets).refOf(object)?.resource !== of(kind)) return
      named++
      expect(makeLook(sets).mayHold(Buffer.from(JSON.stringify(object)))).toBe(true)
    }),
    { numRuns: 1000 },
  )
  expect(named).toBeGreaterThan(500)
})
