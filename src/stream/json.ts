import { Fault } from '../model/fault.ts'
import { RawNumber, type JsonValue } from '../model/request.ts'

/** Levels of nesting; deeper bodies are refused so that no walker over the value can exhaust the stack. */
export const MAX_JSON_DEPTH = 512

const numberGrammar = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y
/** Everything up to the next quote, backslash or control character (RFC 8259 section 7, `unescaped`). */
const plainText = /[^"\\\u0000-\u001f]*/y
const escapes: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
}

/**
 * Strict JSON (RFC 8259) from bytes. Refuses what parsers disagree about: duplicate keys at any level, invalid UTF-8, a
 * byte order mark, lone surrogates, trailing data. Numbers whose text a double would change are kept as RawNumber.
 * Objects have no prototype, so `__proto__` is a key like any other.
 *
 * @throws Fault ERR_BODY with line and column (both from 1; columns count UTF-16 units).
 */
export function parseJson(bytes: Uint8Array): JsonValue {
  const cursor = new Cursor(decodeUtf8(bytes))
  cursor.skipSpace()
  const value = readValue(cursor, 1)
  cursor.skipSpace()
  if (!cursor.atEnd) throw cursor.fault('there is data after the end of the JSON value')
  return value
}

/** JSON text of a value, without spaces, keys in their order; the inverse of parseJson. */
export function stringifyJson(value: JsonValue): string {
  if (value instanceof RawNumber) return value.text
  if (Array.isArray(value)) return `[${value.map(stringifyJson).join(',')}]`
  if (value !== null && typeof value === 'object') {
    const members = Object.entries(value).map(([key, member]) => `${JSON.stringify(key)}:${stringifyJson(member)}`)
    return `{${members.join(',')}}`
  }
  return JSON.stringify(value)
}

/** The canonical bytes of a value: what was judged is what is sent. */
export function encodeJson(value: JsonValue): Uint8Array {
  return new TextEncoder().encode(stringifyJson(value))
}

/** The number itself, or its text when a double would print differently (2^53 and up, `1.0`, `1e3`, `-0`). */
export function jsonNumber(text: string): number | RawNumber {
  const value = Number(text)
  return String(value) === text ? value : new RawNumber(text)
}

/** UTF-8 text of a body. Throws ERR_BODY on invalid UTF-8 and on a byte order mark. */
export function decodeUtf8(bytes: Uint8Array): string {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (cause) {
    throw new Fault('ERR_BODY', 'The body is not valid UTF-8.', { cause })
  }
  if (text.startsWith('\uFEFF')) throw new Fault('ERR_BODY', 'The body begins with a byte order mark.')
  return text
}

class Cursor {
  readonly text: string
  at = 0

  constructor(text: string) {
    this.text = text
  }

  get atEnd(): boolean {
    return this.at >= this.text.length
  }

  peek(): string {
    return this.text.charAt(this.at)
  }

  skipSpace(): void {
    for (;;) {
      const code = this.text.charCodeAt(this.at)
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return
      this.at++
    }
  }

  take(expected: string, what: string): void {
    if (!this.text.startsWith(expected, this.at)) throw this.fault(`${what} is expected`)
    this.at += expected.length
  }

  match(grammar: RegExp): string {
    grammar.lastIndex = this.at
    const text = grammar.exec(this.text)?.[0] ?? ''
    this.at += text.length
    return text
  }

  fault(problem: string, at = this.at): Fault {
    const before = this.text.slice(0, at)
    const line = before.split('\n').length
    const column = at - before.lastIndexOf('\n')
    return new Fault('ERR_BODY', `The body is not JSON that can be judged: line ${line}, column ${column}: ${problem}.`)
  }
}

function readValue(cursor: Cursor, depth: number): JsonValue {
  switch (cursor.peek()) {
    case '{':
      return readObject(cursor, depth)
    case '[':
      return readArray(cursor, depth)
    case '"':
      return readString(cursor)
    case 't':
      cursor.take('true', '"true"')
      return true
    case 'f':
      cursor.take('false', '"false"')
      return false
    case 'n':
      cursor.take('null', '"null"')
      return null
    default:
      return readNumber(cursor)
  }
}

function readObject(cursor: Cursor, depth: number): JsonValue {
  enter(cursor, depth)
  const object: Record<string, JsonValue> = Object.create(null)
  cursor.skipSpace()
  if (cursor.peek() === '}') return leave(cursor, object)
  for (;;) {
    cursor.skipSpace()
    const keyAt = cursor.at
    if (cursor.peek() !== '"') throw cursor.fault('a key in double quotes is expected')
    const key = readString(cursor)
    if (key in object) throw cursor.fault(`the key ${JSON.stringify(key)} appears twice`, keyAt)
    cursor.skipSpace()
    cursor.take(':', 'a colon')
    cursor.skipSpace()
    object[key] = readValue(cursor, depth + 1)
    cursor.skipSpace()
    if (cursor.peek() === '}') return leave(cursor, object)
    cursor.take(',', 'a comma or "}"')
  }
}

function readArray(cursor: Cursor, depth: number): JsonValue {
  enter(cursor, depth)
  const items: JsonValue[] = []
  cursor.skipSpace()
  if (cursor.peek() === ']') return leave(cursor, items)
  for (;;) {
    cursor.skipSpace()
    items.push(readValue(cursor, depth + 1))
    cursor.skipSpace()
    if (cursor.peek() === ']') return leave(cursor, items)
    cursor.take(',', 'a comma or "]"')
  }
}

function enter(cursor: Cursor, depth: number): void {
  if (depth > MAX_JSON_DEPTH) throw cursor.fault(`more than ${MAX_JSON_DEPTH} levels of nesting`)
  cursor.at++
}

function leave<T>(cursor: Cursor, value: T): T {
  cursor.at++
  return value
}

function readString(cursor: Cursor): string {
  const startedAt = cursor.at
  cursor.at++
  let text = cursor.match(plainText)
  while (cursor.peek() !== '"') {
    if (cursor.atEnd) throw cursor.fault('this string has no end', startedAt)
    if (cursor.peek() !== '\\') throw cursor.fault('a control character stands raw in a string')
    text += readEscape(cursor) + cursor.match(plainText)
  }
  cursor.at++
  if (!text.isWellFormed()) throw cursor.fault('this string holds half of a surrogate pair', startedAt)
  return text
}

function readEscape(cursor: Cursor): string {
  const letter = cursor.text.charAt(cursor.at + 1)
  const plain = escapes[letter]
  if (plain !== undefined) {
    cursor.at += 2
    return plain
  }
  const digits = cursor.text.slice(cursor.at + 2, cursor.at + 6)
  if (letter !== 'u' || !/^[0-9a-fA-F]{4}$/.test(digits)) throw cursor.fault('this escape is not one of JSON')
  cursor.at += 6
  return String.fromCharCode(Number.parseInt(digits, 16))
}

function readNumber(cursor: Cursor): number | RawNumber {
  const text = cursor.match(numberGrammar)
  if (text === '') throw cursor.fault(cursor.atEnd ? 'the text ends too early' : 'a value is expected')
  return jsonNumber(text)
}
