import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Fault } from '../../src/model/fault.ts'
import { RawNumber, type JsonValue } from '../../src/model/request.ts'
import { encodeJson, MAX_JSON_DEPTH, parseJson, stringifyJson } from '../../src/stream/json.ts'

const bytes = (text: string) => new TextEncoder().encode(text)
const parse = (text: string) => parseJson(bytes(text))

/** What JSON.parse would have made of it. */
function plain(value: JsonValue): unknown {
  if (value instanceof RawNumber) return Number(value.text)
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  const copy: Record<string, unknown> = {}
  for (const [key, member] of Object.entries(value)) {
    Object.defineProperty(copy, key, { value: plain(member), enumerable: true, configurable: true, writable: true })
  }
  return copy
}

function faultOf(run: () => unknown): Fault {
  try {
    run()
  } catch (thrown) {
    if (thrown instanceof Fault) return thrown
    throw thrown
  }
  throw new Error('nothing was thrown')
}

describe('strict JSON', () => {
  test('reads what JSON.parse reads, and writes it back', () => {
    fc.assert(
      fc.property(fc.json({ stringUnit: 'binary' }), fc.constantFrom(0, 2), (text, indent) => {
        const given = JSON.stringify(JSON.parse(text), null, indent)
        if (!given.isWellFormed() || /\\ud[89a-f]/i.test(given)) return
        const value = parse(given)
        expect(plain(value)).toEqual(JSON.parse(given))
        expect(stringifyJson(parseJson(encodeJson(value)))).toBe(stringifyJson(value))
      }),
    )
  })

  test('refuses or reads any text exactly as JSON.parse does, save for what it is stricter about', () => {
    const soup = fc.string({ unit: fc.constantFrom(...Array.from('{}[]:,"\\ue019.-+ truefalsn\n\t')), maxLength: 24 })
    fc.assert(
      fc.property(soup, (text) => {
        let strict: { value: JsonValue } | undefined
        try {
          strict = { value: parse(text) }
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(Fault)
          expect((thrown as Fault).code).toBe('ERR_BODY')
        }
        if (strict !== undefined) expect(plain(strict.value)).toEqual(JSON.parse(text))
      }),
      { numRuns: 5000 },
    )
  })

  test('never throws anything but ERR_BODY, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (noise) => {
        try {
          parseJson(noise)
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(Fault)
          expect((thrown as Fault).code).toBe('ERR_BODY')
        }
      }),
    )
  })

  test.each([
    ['a duplicate key', '{"a":1,"a":2}'],
    ['a duplicate key deep inside', '{"x":[{"y":{"a":1,"b":2,"a":3}}]}'],
    ['a duplicate key written with an escape', '{"spec":1,"\\u0073pec":2}'],
    ['a duplicate __proto__', '{"__proto__":1,"__proto__":2}'],
    ['data after the end', '{} {}'],
    ['an empty body', ''],
    ['a comment', '{"a":1}// x'],
    ['a trailing comma', '[1,]'],
    ['a leading zero', '[01]'],
    ['a plus sign', '[+1]'],
    ['NaN', '[NaN]'],
    ['single quotes', "{'a':1}"],
    ['a raw newline in a string', '"a\nb"'],
    ['an unknown escape', '"\\x41"'],
    ['half of a surrogate pair', '"\\ud800"'],
    ['a string without end', '"abc'],
    ['a byte order mark', '\uFEFF{}'],
    ['a no-break space', '\u00a0{}'],
  ])('refuses %s', (_name, text) => {
    expect(faultOf(() => parse(text)).code).toBe('ERR_BODY')
  })

  test('refuses invalid UTF-8', () => {
    expect(faultOf(() => parseJson(Uint8Array.from([0x22, 0xc3, 0x28, 0x22]))).message).toContain('UTF-8')
    expect(faultOf(() => parseJson(Uint8Array.from([0x22, 0xc0, 0xaf, 0x22]))).message).toContain('UTF-8')
  })

  test('says where', () => {
    expect(faultOf(() => parse('{"a": 1,\n "a": 2}')).message).toContain('line 2, column 2: the key "a" appears twice')
  })

  test('keeps numbers that a double would change', () => {
    const text = '[9007199254740993,1.0,1e3,-0,1e400,0.1,12]'
    expect(stringifyJson(parse(text))).toBe(text)
    expect(parse('[0.1,12,9007199254740991]')).toEqual([0.1, 12, 9007199254740991])
    expect(parse('9007199254740993')).toEqual(new RawNumber('9007199254740993'))
  })

  test('__proto__ is a key like any other and pollutes nothing', () => {
    const value = parse('{"__proto__":{"admin":true},"constructor":1}') as Record<string, JsonValue>
    expect(Object.keys(value)).toEqual(['__proto__', 'constructor'])
    expect(value['admin']).toBeUndefined()
    expect(stringifyJson(value)).toBe('{"__proto__":{"admin":true},"constructor":1}')
  })

  test('nesting has a bound', () => {
    const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels)
    expect(parse(nested(MAX_JSON_DEPTH))).toBeInstanceOf(Array)
    expect(faultOf(() => parse(nested(MAX_JSON_DEPTH + 1))).message).toContain('levels of nesting')
    expect(faultOf(() => parse('{"a":'.repeat(100_000))).code).toBe('ERR_BODY')
  })

  test('reads the largest allowed body in well under a second', () => {
    const item = '{"name":"n","value":"some text with \\"quotes\\"","number":12345}'
    const text = `[${Array.from({ length: 48_000 }, () => item).join(',')}]`
    const startedAt = performance.now()
    expect(parse(text)).toHaveLength(48_000)
    expect(performance.now() - startedAt).toBeLessThan(2000)
  })
})
