import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Fault } from '../../../src/model/fault.ts'
import { RawNumber, type JsonValue } from '../../../src/model/request.ts'
import { encodeJson, jsonNumber, parseJson, stringifyJson } from '../../../src/stream/json.ts'
import { parseProtobuf } from '../../../src/stream/protobuf/envelope.ts'
import { decodeMessage } from '../../../src/stream/protobuf/message.ts'
import { messages } from '../../../src/stream/protobuf/messages.ts'
import type { Field } from '../../../src/stream/protobuf/table.ts'
import { bytes, concat, envelope, number, text, utf8, type Part } from './encode.ts'

const bodyFault = expect.objectContaining({ code: 'ERR_BODY' })
const place = { groupVersion: 'v1', resource: 'configmaps', deletes: false }
const json = (name: string, part: Part) => JSON.parse(stringifyJson(decodeMessage(name, part))) as unknown

interface Sample {
  readonly wire: Part
  readonly value: JsonValue
}

const words = fc.string({ unit: 'binary', minLength: 1, maxLength: 6 }).filter((word) => word.isWellFormed())
const samples: Readonly<Record<string, (field: number) => fc.Arbitrary<Sample>>> = {
  string: (field) => words.map((value) => ({ value, wire: text(field, value) })),
  bytes: (field) =>
    fc.uint8Array({ minLength: 1, maxLength: 6 }).map((content) => ({
      value: Buffer.from(content).toString('base64'),
      wire: bytes(field, content),
    })),
  bool: (field) => fc.constant({ value: true, wire: number(field, 1n) }),
  int32: (field) =>
    fc
      .integer({ min: 1, max: 2 ** 31 - 1 })
      .chain((value) =>
        fc.constantFrom(value, -value).map((signed) => ({ value: signed, wire: number(field, BigInt(signed)) })),
      ),
  int64: (field) =>
    fc
      .bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
      .filter((value) => value !== 0n)
      .map((value) => ({ value: jsonNumber(String(value)), wire: number(field, value) })),
  Time: (field) =>
    fc.integer({ min: 0, max: 4_000_000_000 }).map((seconds) => ({
      value: new Date(seconds * 1000).toISOString().replace('.000Z', 'Z'),
      wire: bytes(field, concat(number(1, BigInt(seconds)), number(2, 0n))),
    })),
  MicroTime: (field) =>
    fc.integer({ min: 0, max: 999_999 }).map((micros) => ({
      value: `1970-01-01T00:00:07.${String(micros).padStart(6, '0')}Z`,
      wire: bytes(field, concat(number(1, 7n), number(2, BigInt(micros) * 1000n))),
    })),
  Quantity: (field) => fc.constant({ value: '500m', wire: bytes(field, text(1, '500m')) }),
  IntOrString: (field) =>
    fc.constantFrom(
      { value: 8080, wire: bytes(field, concat(number(1, 0n), number(2, 8080n), text(3, ''))) },
      { value: '50%', wire: bytes(field, concat(number(1, 1n), number(2, 0n), text(3, '50%'))) },
    ),
  RawExtension: (field) => fc.constant({ value: { a: 1 }, wire: bytes(field, text(1, '{"a":1}')) }),
  FieldsV1: (field) => fc.constant({ value: { 'f:data': {} }, wire: bytes(field, text(1, '{"f:data":{}}')) }),
  ExtraValue: (field) =>
    fc.array(words, { maxLength: 2 }).map((value) => ({
      value,
      wire: bytes(field, concat(...value.map((word) => text(1, word)))),
    })),
}

const one = (type: string, field: number): fc.Arbitrary<Sample> =>
  samples[type]?.(field) ?? sampleOf(type).map(({ wire, value }) => ({ value, wire: bytes(field, wire) }))

function fieldSample({ shape, type, number: field, name }: Field): fc.Arbitrary<Sample> {
  if (shape === 'inline') return one(type, field)
  const named = (value: JsonValue): JsonValue => ({ [name]: value })
  if (shape === 'one') return one(type, field).map(({ wire, value }) => ({ wire, value: named(value) }))
  if (shape === 'list') {
    return fc.array(one(type, field), { minLength: 1, maxLength: 2 }).map((items) => ({
      wire: concat(...items.map(({ wire }) => wire)),
      value: named(items.map(({ value }) => value)),
    }))
  }
  return fc
    .uniqueArray(fc.tuple(words, one(type, 2)), { selector: ([key]) => key, maxLength: 2, minLength: 1 })
    .map((entries) => ({
      wire: concat(...entries.map(([key, { wire }]) => bytes(field, concat(text(1, key), wire)))),
      value: named(Object.fromEntries(entries.map(([key, { value }]) => [key, value]))),
    }))
}

/** A message of which two fields are set, and those that JSON always has are all set. */
function sampleOf(name: string): fc.Arbitrary<Sample> {
  const fields = [...(messages.get(name)?.values() ?? [])]
  const required = fields.filter(({ always }) => always)
  const others = fields.filter(({ always }) => !always)
  return fc.subarray(others, { maxLength: Math.min(2, others.length) }).chain((chosen) =>
    fc.tuple(...[...required, ...chosen].map(fieldSample)).map((parts) => ({
      wire: concat(...parts.map(({ wire }) => wire)),
      value: Object.assign({}, ...parts.map(({ value }) => value)) as JsonValue,
    })),
  )
}

/** Keys sorted, so that order does not count. */
function sorted(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(sorted)
  if (value === null || typeof value !== 'object' || value instanceof RawNumber) return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, member]) => [key, sorted(member)]),
  )
}

describe('messages', () => {
  test.each([...messages.keys()])('%s: what was encoded is what is read', (name) => {
    fc.assert(
      fc.property(sampleOf(name), ({ wire, value }) => {
        const read = parseJson(encodeJson(decodeMessage(name, wire)))
        expect(stringifyJson(sorted(read))).toBe(stringifyJson(sorted(value)))
      }),
      { numRuns: 10 },
    )
  })

  test('any bytes are read or refused, never anything else', () => {
    fc.assert(
      fc.property(fc.constantFrom(...messages.keys()), fc.uint8Array({ maxLength: 40 }), (name, raw) => {
        try {
          decodeMessage(name, raw)
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(Fault)
        }
      }),
      { numRuns: 2000 },
    )
  })

  test.each([...messages.keys()])('%s: a field that is not known is refused', (name) => {
    expect(() => decodeMessage(name, text(999, 'x'))).toThrow(bodyFault)
    expect(() => decodeMessage(name, number(999, 0n))).toThrow(bodyFault)
  })
})

describe('what decoders disagree about', () => {
  const cases: Readonly<Record<string, [string, Part]>> = {
    'the same message twice': ['Pod', concat(bytes(2, text(7, 'a')), bytes(2, number(11, 1n)))],
    'the same scalar twice': ['ObjectMeta', concat(text(1, 'a'), text(1, 'b'))],
    'the same map key twice': ['ConfigMap', concat(bytes(2, text(1, 'k')), bytes(2, text(1, 'k')))],
    'a value twice in a map entry': ['ConfigMap', bytes(2, concat(text(1, 'k'), text(2, 'a'), text(2, 'b')))],
    'a third field in a map entry': ['ConfigMap', bytes(2, concat(text(1, 'k'), text(3, 'a')))],
    'invalid UTF-8': ['ObjectMeta', bytes(1, Uint8Array.of(0xc3, 0x28))],
    'a truth value of 2': ['ConfigMap', number(4, 2n)],
    'a number of 33 bits as int32': ['ContainerPort', number(3, 2n ** 32n)],
    'a number of 65 bits': ['ContainerPort', Uint8Array.of(0x18, ...Array<number>(9).fill(0xff), 0x02)],
    'a group': ['ObjectMeta', Uint8Array.of(0x0b, 0x0c)],
    'a fixed number': ['ObjectMeta', Uint8Array.of(0x0d, 0, 0, 0, 0)],
    'field 0': ['ObjectMeta', Uint8Array.of(0x02, 0x00)],
    'a number for a text': ['ObjectMeta', number(1, 1n)],
    'a text for a number': ['ContainerPort', text(3, 'x')],
    'fractions of a second': ['ObjectMeta', bytes(8, concat(number(1, 1n), number(2, 1n)))],
    'a third kind of IntOrString': ['ServicePort', bytes(4, number(1, 2n))],
  }
  test.each(Object.entries(cases))('%s is refused', (_, [name, part]) => {
    expect(() => decodeMessage(name, part)).toThrow(bodyFault)
  })

  test('packed and unpacked lists are one list, zeros are kept where Go keeps them', () => {
    const groups = concat(number(4, 1n), bytes(4, Uint8Array.of(2, 3)), number(4, 2n ** 53n + 1n))
    expect(stringifyJson(decodeMessage('PodSecurityContext', concat(number(2, 0n), groups)))).toBe(
      '{"runAsUser":0,"supplementalGroups":[1,2,3,9007199254740993]}',
    )
    expect(json('PodSpec', concat(number(11, 0n), number(4, 0n), text(10, '')))).toEqual({
      containers: null,
      terminationGracePeriodSeconds: 0,
    })
  })

  test('a key is only a key', () => {
    const read = decodeMessage('ConfigMap', bytes(2, concat(text(1, '__proto__'), text(2, 'x'))))
    expect(stringifyJson(read)).toBe('{"data":{"__proto__":"x"}}')
  })
})

describe('the envelope', () => {
  const raw = bytes(1, text(1, 'x'))
  const parse = (body: Part, where: Partial<typeof place> = {}) => parseProtobuf(body, { ...place, ...where })

  test('is read with and without its empty fields', () => {
    const expected = '{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"x"}}'
    expect(stringifyJson(parse(envelope('v1', 'ConfigMap', raw)))).toBe(expected)
    expect(stringifyJson(parse(envelope('v1', 'ConfigMap', raw, text(3, ''), text(4, ''))))).toBe(expected)
  })

  test.each([
    ['an encoding of its own', text(3, 'gzip')],
    ['JSON inside', text(4, 'application/json')],
    ['a second object', bytes(2, raw)],
    ['a second type', bytes(1, text(2, 'Secret'))],
    ['a field that is not known', text(5, '')],
  ])('%s is refused', (_, part) => {
    expect(() => parse(envelope('v1', 'ConfigMap', raw, part))).toThrow(bodyFault)
  })

  test('an object stays in its place', () => {
    expect(() => parse(envelope('v1', 'Secret', raw))).toThrow(bodyFault)
    expect(() => parse(envelope('v1', 'DeleteOptions', new Uint8Array()))).toThrow(bodyFault)
    expect(() => parse(envelope('v1', 'ConfigMap', raw), { deletes: true })).toThrow(bodyFault)
    const eviction = envelope('policy/v1', 'Eviction', raw)
    expect(parse(eviction, { resource: 'pods/eviction' })).toMatchObject({ kind: 'Eviction' })
    expect(() => parse(eviction, { groupVersion: 'policy/v1', resource: 'pods/eviction' })).toThrow(bodyFault)
    const options = envelope('apps/v1', 'DeleteOptions', text(4, 'Background'))
    expect(parse(options, { deletes: true })).toMatchObject({ propagationPolicy: 'Background' })
  })

  test('a kind without a table is refused with a way out', () => {
    for (const [version, kind] of [
      ['v1', 'Node'],
      ['example.com/v1', 'ConfigMap'],
      ['v1', 'constructor'],
      ['__proto__', 'x'],
    ] as const) {
      expect(() => parse(envelope(version, kind, raw))).toThrow(
        expect.objectContaining({ code: 'ERR_MEDIA_TYPE', advice: expect.stringContaining('kubectl apply -f') }),
      )
    }
    expect(() => parse(utf8('k8s'))).toThrow(expect.objectContaining({ code: 'ERR_MEDIA_TYPE' }))
  })
})
