import { Fault } from '../model/fault.ts'
import {
  BACKSLASH,
  BracketScan,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
  skipSpace,
  stringEnd,
  UNFINISHED,
  valueEnd,
} from '../stream/json-scan.ts'
import { membersAt, notUnderstood, type Member } from './object-bytes.ts'

/** Bytes of one object that are held: etcd keeps none above 1.5 MiB, which JSON makes a few times longer. */
const MAX_OBJECT_BYTES = 8 * 1024 * 1024

/** Where elements are in the bytes of a part. */
export interface Span {
  readonly from: number
  readonly to: number
  /** Of an object that could be taken apart on the way; their places are counted from where `from` is. */
  readonly members: readonly Member[] | undefined
}

/**
 * A piece of a JSON document: `whole` all of it; of a list `head` up to and with the opening bracket of its elements,
 * `elements` some of them with the commas between, `tail` from the closing bracket. In this order they are the document.
 */
export type Part =
  | { readonly kind: 'whole'; readonly bytes: Buffer }
  | { readonly kind: 'head'; readonly bytes: Buffer; readonly keys: ReadonlySet<string>; readonly isTable: boolean }
  | { readonly kind: 'elements'; readonly bytes: Buffer; readonly spans: readonly Span[] }
  | { readonly kind: 'tail'; readonly bytes: Buffer }

/**
 * Takes a JSON document apart as it comes, so that a list of any length needs memory for one element only. Lists are
 * objects whose `kind` comes before their `items`, and Tables whose columns come before their `rows`; of all else the
 * whole is held.
 *
 * @throws Fault ERR_MASK when an object is larger than MAX_OBJECT_BYTES, and when a list is no JSON or cut short.
 */
export async function* splitDocument(body: AsyncIterable<Uint8Array>): AsyncGenerator<Part> {
  const split = new Split()
  for await (const chunk of body) yield* split.take(chunk)
  yield split.end()
}

class Split {
  #phase: 'head' | 'elements' | 'rest' = 'head'
  readonly #head = new Head()
  readonly #elements = new Elements()
  #pending: Buffer = Buffer.alloc(0)
  #isList = false

  take(chunk: Uint8Array): Part[] {
    const parts: Part[] = []
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length)
    this.#pending = this.#pending.length === 0 ? bytes : Buffer.concat([this.#pending, bytes])
    if (this.#phase === 'head') {
      const found = this.#head.run(this.#pending)
      if (found === 'whole') this.#phase = 'rest'
      else if (found !== 'more') {
        this.#phase = 'elements'
        this.#isList = true
        const { keys, isTable } = this.#head
        parts.push({ kind: 'head', bytes: this.#cut(found), keys, isTable })
      }
    }
    if (this.#phase === 'elements') {
      const { end, spans, isClosed } = this.#elements.run(this.#pending)
      if (end > 0) parts.push({ kind: 'elements', bytes: this.#cut(end), spans })
      if (isClosed) this.#phase = 'rest'
    }
    if (this.#pending.length > MAX_OBJECT_BYTES) throw tooLarge()
    // Who sends the chunk may use its memory again.
    this.#pending = Buffer.from(this.#pending)
    return parts
  }

  end(): Part {
    if (this.#phase === 'elements') throw notJson('it is cut short')
    return { kind: this.#isList ? 'tail' : 'whole', bytes: this.#pending }
  }

  #cut(length: number): Buffer {
    const bytes = this.#pending.subarray(0, length)
    this.#pending = this.#pending.subarray(length)
    return bytes
  }
}

/** Looks for the elements of a list among the members of an object. */
class Head {
  readonly keys = new Set<string>()
  isTable = false
  #at = 0
  #isOpen = false

  /** Index after the opening bracket of the elements; `whole` when there are none to be had one by one. */
  run(bytes: Buffer): number | 'more' | 'whole' {
    for (;;) {
      const index = skipSpace(bytes, this.#at)
      if (index === bytes.length) return 'more'
      if (!this.#isOpen) {
        if (bytes[index] !== OPEN_BRACE) return 'whole'
        this.#isOpen = true
        this.#at = index + 1
        continue
      }
      const member = this.#member(bytes, index)
      if (typeof member !== 'number') return member
      if (this.#isListKey && bytes[member - 1] === OPEN_BRACKET) return member
      this.#at = member
    }
  }

  #isListKey = false

  /** Index after a member and its comma, or after the bracket that begins the elements. */
  #member(bytes: Buffer, at: number): number | 'more' | 'whole' {
    if (bytes[at] !== QUOTE) return 'whole'
    const keyEnd = stringEnd(bytes, at)
    if (keyEnd === UNFINISHED) return 'more'
    const name = bytes.subarray(at + 1, keyEnd - 1)
    const colon = skipSpace(bytes, keyEnd)
    const from = skipSpace(bytes, colon + 1)
    if (from >= bytes.length) return 'more'
    if (bytes[colon] !== COLON || name.includes(BACKSLASH)) return 'whole'
    const key = name.toString()
    this.#isListKey = this.#begins(key)
    if (this.#isListKey && bytes[from] === OPEN_BRACKET && !this.keys.has(key)) {
      this.keys.add(key)
      return from + 1
    }
    const to = valueEnd(bytes, from)
    if (to === UNFINISHED) return 'more'
    const next = skipSpace(bytes, to)
    if (next === bytes.length) return 'more'
    if (bytes[next] !== COMMA || this.keys.has(key) || key === 'items' || key === 'rows') return 'whole'
    this.keys.add(key)
    if (key === 'kind') this.#readKind(bytes.subarray(from, to))
    this.#isListKey = false
    return next + 1
  }

  #begins(key: string): boolean {
    if (!this.keys.has('kind')) return false
    return this.isTable ? key === 'rows' && this.keys.has('columnDefinitions') : key === 'items' && !this.#isStatus
  }

  #isStatus = false

  #readKind(value: Buffer): void {
    const text = value.toString()
    this.isTable = text === '"Table"'
    // A kind that is spelled with escapes is read with the whole.
    this.#isStatus = text === '"Status"' || value.includes(BACKSLASH) || value[0] !== QUOTE
  }
}

/** Finds where the elements of an array end, over as many pieces as they come in. */
class Elements {
  #expects: 'first' | 'element' | 'comma' = 'first'
  #scan: BracketScan | undefined
  /** Bytes of an unfinished element that were looked at. */
  #seen = 0

  /** `end`: index after the last whole element, or of the closing bracket. */
  run(bytes: Buffer): { readonly end: number; readonly spans: readonly Span[]; readonly isClosed: boolean } {
    const spans: Span[] = []
    let end = 0
    for (;;) {
      const index = skipSpace(bytes, end)
      if (index === bytes.length) return { end, spans, isClosed: false }
      const byte = bytes[index]
      if (byte === CLOSE_BRACKET && this.#expects !== 'element') return { end: index, spans, isClosed: true }
      if (this.#expects === 'comma') {
        if (byte !== COMMA) throw notJson('there is no comma between two elements of a list')
        this.#expects = 'element'
        end = index + 1
        continue
      }
      const { to, members } = this.#element(bytes, index)
      if (to === UNFINISHED) return { end, spans, isClosed: false }
      if (to === index) throw notJson('an element of a list is missing')
      spans.push({ from: index, to, members })
      this.#expects = 'comma'
      end = to
    }
  }

  #element(bytes: Buffer, at: number): Omit<Span, 'from'> {
    const members = bytes[at] === OPEN_BRACE && this.#seen === 0 ? quickMembers(bytes.subarray(at)) : undefined
    return members === undefined
      ? { to: this.#elementEnd(bytes, at), members }
      : { to: at + members.end, members: members.members }
  }

  #elementEnd(bytes: Buffer, at: number): number {
    if (bytes[at] !== OPEN_BRACE && bytes[at] !== OPEN_BRACKET) return valueEnd(bytes, at)
    const scan = (this.#scan ??= new BracketScan())
    const to = scan.run(bytes, at + this.#seen)
    this.#seen = to === UNFINISHED ? bytes.length - at : 0
    if (to !== UNFINISHED) this.#scan = undefined
    return to
  }
}

function quickMembers(bytes: Buffer): ReturnType<typeof membersAt> | undefined {
  try {
    return membersAt(bytes, 0)
  } catch (thrown) {
    if (thrown === notUnderstood) return undefined
    throw thrown
  }
}

/** What follows the elements: index of the first member after them, or of the closing brace. Throws ERR_MASK. */
export function tailMembers(bytes: Buffer): number {
  const index = skipSpace(bytes, 1)
  if (bytes[index] === COMMA) return skipSpace(bytes, index + 1)
  if (bytes[index] === CLOSE_BRACE && skipSpace(bytes, index + 1) === bytes.length) return index
  throw notJson('something else follows a list')
}

function notJson(problem: string): Fault {
  return new Fault('ERR_MASK', `The answer of the API server is not JSON, so it cannot be masked: ${problem}.`)
}

function tooLarge(): Fault {
  return new Fault('ERR_MASK', `The answer holds an object of more than ${MAX_OBJECT_BYTES} bytes, too many to mask.`, {
    advice: 'Ask for metadata only, or for another object.',
  })
}
