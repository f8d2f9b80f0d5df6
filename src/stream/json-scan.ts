/**
 * Finding one's way in JSON bytes (RFC 8259) without reading them: where strings and values end. What is skipped is not
 * checked beyond its brackets and quotes, so these functions only ever decide where bytes belong, never what they mean.
 */

export const QUOTE = 0x22
export const BACKSLASH = 0x5c
export const OPEN_BRACE = 0x7b
export const CLOSE_BRACE = 0x7d
export const OPEN_BRACKET = 0x5b
export const CLOSE_BRACKET = 0x5d
export const COMMA = 0x2c
export const COLON = 0x3a

/** The bytes end before the value does. */
export const UNFINISHED = -1

/** Bytes of a string that are looked at one by one; beyond them the search by machine code is faster. */
const SHORT = 48

/** Index of the first byte at or after `at` that is no white space; the length when there is none. */
export function skipSpace(bytes: Uint8Array, at: number, end = bytes.length): number {
  let index = at
  while (index < end) {
    const byte = bytes[index]
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) break
    index++
  }
  return index
}

/** Index after the closing quote of the string whose opening quote is at `at`; UNFINISHED without one. */
export function stringEnd(bytes: Uint8Array, at: number, end = bytes.length): number {
  const near = Math.min(end, at + 1 + SHORT)
  for (let index = at + 1; index < near; index++) {
    const byte = bytes[index]
    if (byte === QUOTE) return index + 1
    if (byte === BACKSLASH) index++
  }
  return longStringEnd(bytes, at, end)
}

function longStringEnd(bytes: Uint8Array, at: number, end: number): number {
  let from = at + 1
  for (;;) {
    const quote = bytes.indexOf(QUOTE, from)
    if (quote === -1 || quote >= end) return UNFINISHED
    let slashes = 0
    while (bytes[quote - 1 - slashes] === BACKSLASH && quote - 1 - slashes > at) slashes++
    if (slashes % 2 === 0) return quote + 1
    from = quote + 1
  }
}

/** Index after the value that begins at `at`; UNFINISHED when it does not end, as a number at the end of bytes may not. */
export function valueEnd(bytes: Uint8Array, at: number, end = bytes.length): number {
  const first = bytes[at]
  if (first === QUOTE) return stringEnd(bytes, at, end)
  if (first === OPEN_BRACE || first === OPEN_BRACKET) return bracketsEnd(bytes, at, end)
  let index = at
  while (index < end) {
    const byte = bytes[index]
    if (byte === COMMA || byte === CLOSE_BRACE || byte === CLOSE_BRACKET || byte === 0x20 || byte === 0x0a) return index
    if (byte === 0x0d || byte === 0x09) return index
    index++
  }
  return UNFINISHED
}

/** What a byte is to brackets: 0 nothing, 1 a quote, 2 one opens, 3 one closes. */
const classes = new Uint8Array(256)
classes[QUOTE] = 1
classes[OPEN_BRACE] = classes[OPEN_BRACKET] = 2
classes[CLOSE_BRACE] = classes[CLOSE_BRACKET] = 3

/** Every byte of an answer passes here: no calls but for long strings. */
function bracketsEnd(bytes: Uint8Array, at: number, end: number): number {
  let depth = 0
  let index = at
  while (index < end) {
    const found = classes[bytes[index] as number]
    if (found === 0) {
      index++
    } else if (found === 1) {
      const quote = index++
      const near = Math.min(end, quote + SHORT)
      let byte = 0
      while (index < near && (byte = bytes[index] as number) !== QUOTE && byte !== BACKSLASH) index++
      if (index < near && byte === QUOTE) index++
      else {
        index = stringEnd(bytes, quote, end)
        if (index === UNFINISHED) return UNFINISHED
      }
    } else {
      index++
      depth += found === 2 ? 1 : -1
      if (depth === 0) return index
    }
  }
  return UNFINISHED
}

/** Follows brackets to the one that closes the first, over as many pieces as they come in. */
export class BracketScan {
  #depth = 0
  #inString = false
  #escaped = false

  /** Index after the closing bracket; UNFINISHED when it is in a later piece, which the next call goes on with. */
  run(bytes: Uint8Array, from: number, end = bytes.length): number {
    let index = from
    if (this.#inString) {
      index = this.#leaveString(bytes, index, end)
      if (index === UNFINISHED) return UNFINISHED
    }
    let depth = this.#depth
    while (index < end) {
      const byte = bytes[index]
      if (byte === QUOTE) {
        const after = stringEnd(bytes, index, end)
        if (after === UNFINISHED) {
          this.#depth = depth
          this.#enterString(bytes, index, end)
          return UNFINISHED
        }
        index = after
        continue
      }
      index++
      if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth++
      else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
        depth--
        if (depth === 0) {
          this.#depth = 0
          return index
        }
      }
    }
    this.#depth = depth
    return UNFINISHED
  }

  /** The piece ends within a string: what the next one begins with depends on the backslashes before its end. */
  #enterString(bytes: Uint8Array, quote: number, end: number): void {
    let slashes = 0
    while (end - 1 - slashes > quote && bytes[end - 1 - slashes] === BACKSLASH) slashes++
    this.#inString = true
    this.#escaped = slashes % 2 === 1
  }

  #leaveString(bytes: Uint8Array, from: number, end: number): number {
    let index = from
    if (this.#escaped) {
      if (index >= end) return UNFINISHED
      this.#escaped = false
      index++
    }
    for (;;) {
      const quote = bytes.indexOf(QUOTE, index)
      const limit = quote === -1 || quote >= end ? end : quote
      let slashes = 0
      while (limit - 1 - slashes >= index && bytes[limit - 1 - slashes] === BACKSLASH) slashes++
      if (limit === end) {
        this.#escaped = slashes % 2 === 1
        return UNFINISHED
      }
      index = limit + 1
      if (slashes % 2 === 0) {
        this.#inString = false
        return index
      }
    }
  }
}
