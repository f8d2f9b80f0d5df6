import fc from 'fast-check'
import { expect, test } from 'vitest'
import { jsonPatch } from '../../src/practice/patch/json.ts'
import { mergePatch } from '../../src/practice/patch/merge.ts'
import { pointerTokens } from '../../src/practice/patch/pointer.ts'
import { strategicPatch } from '../../src/practice/patch/strategic.ts'

const json = fc.jsonValue({ maxDepth: 3 })
const object = fc.dictionary(fc.string(), json)
const check = <T>(arbitrary: fc.Arbitrary<T>, law: (value: T) => void) => fc.assert(fc.property(arbitrary, law))

// RFC 7396, appendix A.
test.each([
  [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
  [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
  [{ a: 'b' }, { a: null }, {}],
  [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
  [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
  [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
  [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
  [
    ['a', 'b'],
    ['c', 'd'],
    ['c', 'd'],
  ],
  [{ a: 'b' }, ['c'], ['c']],
  [{ e: null }, { a: 1 }, { e: null, a: 1 }],
  [[1, 2], { a: 'b', c: null }, { a: 'b' }],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
])('merge patch of %j by %j is %j', (target, patch, expected) => {
  expect(mergePatch(target, patch)).toEqual(expected)
})

test('a merge patch applied twice is applied once', () => {
  check(fc.tuple(json, json), ([target, patch]) => {
    const once = mergePatch(target, patch)
    expect(mergePatch(once, patch)).toEqual(once)
  })
})

test('an empty merge patch changes no object, and no patch changes its target in place', () => {
  check(fc.tuple(object, json), ([target, patch]) => {
    const copy = structuredClone(target)
    expect(mergePatch(target, {})).toEqual(copy)
    mergePatch(target, patch)
    expect(target).toEqual(copy)
  })
})

const pointer = (key: string) => `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`

test('a JSON pointer names any member', () => {
  check(fc.array(fc.string()), (keys) => {
    expect(pointerTokens(keys.map(pointer).join(''))).toEqual(keys)
  })
})

test('what JSON patch adds is there, and removing it gives back the document', () => {
  check(fc.tuple(object, fc.string(), json), ([document, key, value]) => {
    fc.pre(!Object.hasOwn(document, key))
    const path = pointer(key)
    const added = jsonPatch(document, [
      { op: 'add', path, value },
      { op: 'test', path, value },
    ])
    expect(jsonPatch(added, [{ op: 'remove', path }])).toEqual(document)
  })
})

test('a JSON patch test of another value fails', () => {
  check(fc.tuple(object, fc.string(), json), ([document, key, value]) => {
    const path = pointer(key)
    const added = jsonPatch(document, [{ op: 'add', path, value }])
    expect(() => jsonPatch(added, [{ op: 'test', path, value: [value] }])).toThrow(/due to an error in our request/)
  })
})

test('moving is copying and removing', () => {
  check(fc.tuple(object, json), ([document, value]) => {
    const start = { ...document, from: value }
    const moved = jsonPatch(start, [{ op: 'move', from: '/from', path: '/to' }])
    const copied = jsonPatch(start, [
      { op: 'copy', from: '/from', path: '/to' },
      { op: 'remove', path: '/from' },
    ])
    expect(moved).toEqual(copied)
  })
})

test.each([
  [[{ op: 'add', path: '/list/1', value: 'x' }], ['a', 'x', 'b']],
  [[{ op: 'add', path: '/list/-', value: 'x' }], ['a', 'b', 'x']],
  [[{ op: 'replace', path: '/list/0', value: 'x' }], ['x', 'b']],
  [[{ op: 'remove', path: '/list/0' }], ['b']],
])('JSON patch %j of a list', (patch, expected) => {
  expect(jsonPatch({ list: ['a', 'b'] }, patch)).toEqual({ list: expected })
})

test.each([
  [[{ op: 'add', path: '/list/3', value: 1 }]],
  [[{ op: 'add', path: '/list/01', value: 1 }]],
  [[{ op: 'remove', path: '/nothing' }]],
  [[{ op: 'replace', path: '/nothing', value: 1 }]],
  [[{ op: 'add', path: '/no/where', value: 1 }]],
  [[{ op: 'add', path: '/x' }]],
  [[{ op: 'invent', path: '/x' }]],
  [[{ op: 'add', path: 'x', value: 1 }]],
  [{}],
])('JSON patch %j is refused and changes nothing', (patch) => {
  const document = { list: ['a', 'b'] }
  expect(() => jsonPatch(document, patch)).toThrow()
  expect(document).toEqual({ list: ['a', 'b'] })
})

const containers = (...items: object[]) => ({ spec: { containers: items } })

test('strategic merge joins containers by name and their environment by name', () => {
  const target = containers({ name: 'a', image: 'a:1', env: [{ name: 'X', value: '1' }] }, { name: 'b', image: 'b:1' })
  const patch = containers({ name: 'a', env: [{ name: 'Y', value: '2' }] }, { name: 'c', image: 'c:1' })
  const env = [
    { name: 'X', value: '1' },
    { name: 'Y', value: '2' },
  ]
  expect(strategicPatch(target, patch)).toEqual(
    containers({ name: 'a', image: 'a:1', env }, { name: 'b', image: 'b:1' }, { name: 'c', image: 'c:1' }),
  )
})

test.each([
  ['ports', { containerPort: 80, name: 'x' }, { containerPort: 80, protocol: 'UDP' }],
  ['volumes', { name: 'v', emptyDir: {} }, { name: 'v', configMap: {} }],
  ['volumeMounts', { mountPath: '/a', name: 'v' }, { mountPath: '/a', readOnly: true }],
  ['ownerReferences', { uid: '1', kind: 'A' }, { uid: '1', controller: true }],
])('strategic merge joins %s by their key', (field, target, patch) => {
  expect(strategicPatch({ [field]: [target] }, { [field]: [patch] })).toEqual({ [field]: [{ ...target, ...patch }] })
})

test('lists without a key are replaced: tolerations, args, rules', () => {
  for (const field of ['tolerations', 'args', 'rules']) {
    expect(strategicPatch({ [field]: [{ a: 1 }, { b: 2 }] }, { [field]: [{ c: 3 }] })).toEqual({ [field]: [{ c: 3 }] })
  }
})

test('directives delete, replace, retain and reorder', () => {
  const target = containers({ name: 'a' }, { name: 'b' }, { name: 'c' })
  expect(strategicPatch(target, containers({ name: 'b', $patch: 'delete' }))).toEqual(
    containers({ name: 'a' }, { name: 'c' }),
  )
  expect(strategicPatch(target, containers({ $patch: 'replace' }, { name: 'z' }))).toEqual(containers({ name: 'z' }))
  const order = { spec: { '$setElementOrder/containers': [{ name: 'c' }, { name: 'b' }, { name: 'a' }] } }
  expect(strategicPatch(target, order)).toEqual(containers({ name: 'c' }, { name: 'b' }, { name: 'a' }))
  const retained = { strategy: { $retainKeys: ['type'], type: 'Recreate' } }
  expect(strategicPatch({ strategy: { type: 'RollingUpdate', rollingUpdate: {} } }, retained)).toEqual({
    strategy: { type: 'Recreate' },
  })
  const fewer = { '$deleteFromPrimitiveList/finalizers': ['a'] }
  expect(strategicPatch({ finalizers: ['a', 'b'] }, fewer)).toEqual({ finalizers: ['b'] })
})

const plainKey = fc.string().filter((key) => !key.startsWith('$'))
const scalars = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null))
const listless: fc.Arbitrary<Record<string, unknown>> = fc.dictionary(
  plainKey,
  fc.oneof(scalars, fc.dictionary(plainKey, scalars)),
)

test('without lists and directives strategic merge is merge patch', () => {
  check(fc.tuple(listless, listless), ([target, patch]) => {
    expect(strategicPatch(target, patch)).toEqual(mergePatch(target, patch))
  })
})

const named = fc.uniqueArray(fc.record({ name: fc.string({ minLength: 1 }), image: fc.string() }), {
  selector: ({ name }) => name,
})

test('a strategic merge of containers applied twice is applied once, and keeps every name', () => {
  check(fc.tuple(named, named), ([target, patch]) => {
    const once = strategicPatch(containers(...target), containers(...patch)) as ReturnType<typeof containers>
    expect(strategicPatch(once, containers(...patch))).toEqual(once)
    const names = once.spec.containers.map((one) => (one as { name: string }).name)
    expect(names.toSorted()).toEqual([...new Set([...target, ...patch].map(({ name }) => name))].sort())
  })
})
