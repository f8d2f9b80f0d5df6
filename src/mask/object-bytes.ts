import {
  BACKSLASH,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  OPEN_BRACE,
  QUOTE,
  skipSpace,
  UNFINISHED,
  valueEnd,
} from '../stream/json-scan.ts'

const FEW_KEYS = 16
/** A power of two. */
const KEY_SLOTS = 1024
/** Longer keys are rare, and are those of maps. */
const MAX_SHORT_KEY = 24
const keySlots: (string | undefined)[] = Array.from({ length: KEY_SLOTS }, () => undefined)

/**
 * Thrown for bytes that the quick way does not understand; the slow way does, or refuses them. Each piece of a list ends in
 * an object that is not whole yet: an error made anew each time, with its stack, would cost more than the look.
 */
export const notUnderstood = new Error('These bytes are not understood the quick way.')

/** One top-level member of an object: key without quotes, and where its value is. */
export interface Member {
  readonly key: string
  readonly from: number
  readonly to: number
  /** Of `metadata`, which says whose the object is, when it is an object. */
  readonly inside?: readonly Member[]
}

/**
 * The members of the object in `bytes`, none skipped.
 *
 * @throws notUnderstood when it is not one whole object with plain keys.
 */
export function membersOf(bytes: Buffer, from = 0, to = bytes.length): readonly Member[] {
  const { members, end } = membersAt(bytes, skipSpace(bytes, from, to), to)
  if (skipSpace(bytes, end, to) !== to) throw notUnderstood
  return members
}

/** The members of the object that begins at `at`, and the index after it. Throws as `membersOf`, also when it does not end. */
export function membersAt(
  bytes: Buffer,
  at: number,
  limit = bytes.length,
): { readonly members: readonly Member[]; readonly end: number } {
  const members: Member[] = []
  const isKnown = repetition()
  const end = eachMember(bytes, at, limit, (keyFrom, keyTo, from) => {
    const key = textOf(bytes, keyFrom, keyTo)
    // Of a key given twice nobody knows which value counts.
    if (isKnown(key)) throw notUnderstood
    const inside = key === 'metadata' && bytes[from] === OPEN_BRACE ? membersAt(bytes, from, limit) : undefined
    const to = inside?.end ?? valueEnd(bytes, from, limit)
    members.push(inside === undefined ? { key, from, to } : { key, from, to, inside: inside.members })
    return to
  })
  return { members, end }
}

/** Members of the object's metadata; none when it has none. */
export function metadataOf(members: readonly Member[]): readonly Member[] {
  return members.find(({ key }) => key === 'metadata')?.inside ?? []
}

/** The key as text. Objects of one kind have the same few keys, whose texts are made once. */
export function textOf(bytes: Buffer, from: number, to: number): string {
  if (to - from > MAX_SHORT_KEY) return bytes.toString('utf8', from, to)
  let slot = to - from
  for (let index = from; index < to; index++) slot = (slot * 31 + (bytes[index] as number)) & (KEY_SLOTS - 1)
  const known = keySlots[slot]
  if (known !== undefined && isText(bytes, from, to, known)) return known
  return (keySlots[slot] = bytes.toString('utf8', from, to))
}

/** False for what is not ASCII. */
function isText(bytes: Buffer, from: number, to: number, text: string): boolean {
  if (text.length !== to - from) return false
  for (let index = from; index < to; index++) {
    const byte = bytes[index] as number
    if (byte > 0x7f || byte !== text.charCodeAt(index - from)) return false
  }
  return true
}

/** Tells whether a key was told before. Most objects have few keys, for which a list is quicker than a set. */
function repetition(): (key: string) => boolean {
  const few: string[] = []
  let many: Set<string> | undefined
  return (key) => {
    if (many === undefined && few.length < FEW_KEYS) {
      if (few.includes(key)) return true
      few.push(key)
      return false
    }
    many ??= new Set(few)
    const size = many.size
    return many.add(key).size === size
  }
}

/** Told where a key is, without its quotes, and where its value begins; tells where that ends. */
type EachValue = (keyFrom: number, keyTo: number, from: number) => number

/** Walks over an object's members; `value` tells where each ends. Index after its closing brace. */
export function eachMember(bytes: Buffer, at: number, limit: number, value: EachValue): number {
  let index = skipSpace(bytes, at + 1, limit)
  if (bytes[at] !== OPEN_BRACE) throw notUnderstood
  if (bytes[index] === CLOSE_BRACE) return index + 1
  for (;;) {
    if (bytes[index] !== QUOTE) throw notUnderstood
    const keyFrom = index + 1
    const keyEnd = plainKeyEnd(bytes, keyFrom, limit)
    index = skipSpace(bytes, keyEnd + 1, limit)
    if (bytes[index] !== COLON) throw notUnderstood
    const from = skipSpace(bytes, index + 1, limit)
    const to = value(keyFrom, keyEnd, from)
    if (to === UNFINISHED || to === from) throw notUnderstood
    index = skipSpace(bytes, to, limit)
    if (bytes[index] === CLOSE_BRACE) return index + 1
    if (bytes[index] !== COMMA) throw notUnderstood
    index = skipSpace(bytes, index + 1, limit)
  }
}

/** Index of the quote that closes a key. An escape may spell any key, so that keys with one are left to the slow way. */
function plainKeyEnd(bytes: Buffer, from: number, limit: number): number {
  for (let index = from; index < limit; index++) {
    const byte = bytes[index]
    if (byte === QUOTE) return index
    if (byte === BACKSLASH) break
  }
  throw notUnderstood
}

/** The same for the elements of an array. */
export function eachElement(bytes: Buffer, at: number, value: (index: number, from: number) => number): number {
  let index = skipSpace(bytes, at + 1)
  if (bytes[index] === CLOSE_BRACKET) return index + 1
  for (let count = 0; ; count++) {
    const to = value(count, index)
    if (to === UNFINISHED || to === index) throw notUnderstood
    index = skipSpace(bytes, to)
    if (bytes[index] === CLOSE_BRACKET) return index + 1
    if (bytes[index] !== COMMA) throw notUnderstood
    index = skipSpace(bytes, index + 1)
  }
}
