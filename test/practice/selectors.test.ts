import fc from 'fast-check'
import { expect, test } from 'vitest'
import { secrets } from '../../src/practice/resources/configuration.ts'
import type { KubeObject } from '../../src/practice/state/objects.ts'
import { fieldSelector, labelSelector } from '../../src/practice/state/selectors.ts'

const labelled = (labels: Record<string, string>, name = 'x'): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  type: 'Opaque',
  metadata: { name, namespace: 'default', uid: '', resourceVersion: '', creationTimestamp: '', labels },
})

const key = fc.stringMatching(/^[a-z][a-z0-9]{0,8}(\/[a-z]{1,4})?$/)
const value = fc.stringMatching(/^[a-z0-9]{0,6}$/)
const labels = fc.dictionary(key, value, { maxKeys: 4 })

test('the selector made of all labels finds the object', () => {
  fc.assert(
    fc.property(labels, fc.constantFrom('=', '=='), (given, equals) => {
      const text = Object.entries(given).map(([name, wanted]) => `${name}${equals}${wanted}`)
      expect(labelSelector(text.join(', '))(labelled(given))).toBe(true)
    }),
  )
})

test('a requirement and its negation never agree', () => {
  fc.assert(
    fc.property(labels, key, fc.array(value, { minLength: 1 }), (given, name, wanted) => {
      const object = labelled(given)
      const holds = (text: string) => labelSelector(text)(object)
      const list = `(${wanted.join(',')})`
      expect(holds(`${name} in ${list}`)).toBe(!holds(`${name} notin ${list}`))
      expect(holds(`${name}=${wanted[0] ?? ''}`)).toBe(!holds(`${name}!=${wanted[0] ?? ''}`))
      expect(holds(name)).toBe(!holds(`!${name}`))
    }),
  )
})

test.each([
  ['n>3', true],
  ['n>5', false],
  ['n<9,n>1', true],
  ['missing<9', false],
  ['', true],
  ['n in (1, 5 ,7)', true],
])('%s is %s', (text, expected) => {
  expect(labelSelector(text)(labelled({ n: '5' }))).toBe(expected)
})

test.each(['a=b c', '=x', 'a in b', '!', 'a in (b', 'a==!b'])('the label selector %j is a 400', (text) => {
  expect(() => labelSelector(text)).toThrow(/unable to parse requirement/)
})

test('any name is found by its escaped field selector, and only it', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (name, other) => {
      fc.pre(name !== other)
      const matches = fieldSelector(`metadata.name=${name.replace(/[\\,=]/g, '\\$&')},type=Opaque`, secrets)
      expect(matches(labelled({}, name))).toBe(true)
      expect(matches(labelled({}, other))).toBe(false)
    }),
  )
})

test.each(['data.password=x', 'metadata.labels=x', 'toString=x'])('the field selector %j is a 400', (text) => {
  expect(() => fieldSelector(text, secrets)).toThrow(/field label not supported/)
})
