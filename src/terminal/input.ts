import type { InputToken } from '../model/chrome.ts'
import { keyOfByte, keyOfSequence } from './keys.ts'

/**
 * What the tokenizer still waits for. `escape`: an ESC that may be the key or begin a sequence; `string`: a terminal's
 * reply without its end; `paste`: the end of a bracketed paste; `none`: nothing.
 */
export type Pending = 'none' | 'escape' | 'string' | 'paste'

const escape = 0x1b
const pasteEnd = Buffer.from('\x1b[201~')
const pasteStart = '\x1b[200~'

/**
 * Splits what a terminal sends (ECMA-48 5.4; xterm's ctlseqs for mouse, focus and paste) into tokens. The bytes of all
 * tokens, joined, are exactly the bytes pushed, however they were split.
 */
export class InputTokenizer {
  #rest: Buffer = Buffer.alloc(0)
  /** Parts of an unfinished paste, kept apart so that a large paste is copied once. */
  #paste: Buffer[] | undefined

  get pending(): Pending {
    if (this.#paste !== undefined) return 'paste'
    if (this.#rest.length === 0) return 'none'
    return isString(this.#rest) && this.#rest.length > 2 ? 'string' : 'escape'
  }

  push(bytes: Uint8Array): InputToken[] {
    if (this.#paste !== undefined) return this.#continuePaste(Buffer.from(bytes))
    return this.#take(Buffer.concat([this.#rest, bytes]), false)
  }

  /** Takes what is pending for what it is now: a lone ESC is the key. An unfinished paste stays unfinished. */
  flush(): InputToken[] {
    return this.#paste === undefined ? this.#take(this.#rest, true) : []
  }

  #take(bytes: Buffer, final: boolean): InputToken[] {
    const tokens: InputToken[] = []
    let at = 0
    this.#rest = Buffer.alloc(0)
    while (at < bytes.length) {
      const rest = bytes.subarray(at)
      const token = next(rest, final)
      if (token === undefined) {
        this.#rest = Buffer.from(rest)
        break
      }
      if (token.bytes.length === pasteStart.length && Buffer.from(token.bytes).toString('latin1') === pasteStart) {
        this.#paste = []
        return [...tokens, ...this.#continuePaste(rest)]
      }
      tokens.push(token)
      at += token.bytes.length
    }
    return tokens
  }

  #continuePaste(bytes: Buffer): InputToken[] {
    const parts = this.#paste ?? []
    const tail = parts.at(-1)
    const overlap = tail === undefined ? 0 : Math.min(tail.length, pasteEnd.length - 1)
    const joined = tail === undefined ? bytes : Buffer.concat([tail.subarray(tail.length - overlap), bytes])
    const found = joined.indexOf(pasteEnd)
    if (found === -1) {
      this.#paste =
        tail === undefined ? [bytes] : [...parts.slice(0, -1), tail.subarray(0, tail.length - overlap), joined]
      return []
    }
    const end = found + pasteEnd.length
    const before = tail === undefined ? [] : [...parts.slice(0, -1), tail.subarray(0, tail.length - overlap)]
    const whole = Buffer.concat([...before, joined.subarray(0, end)])
    this.#paste = undefined
    const text = whole.subarray(pasteStart.length, whole.length - pasteEnd.length).toString('utf8')
    return [{ kind: 'paste', text, bytes: whole }, ...this.#take(joined.subarray(end), false)]
  }
}

/** The first token of `bytes`; undefined when more bytes are needed to tell. */
function next(bytes: Buffer, final: boolean): InputToken | undefined {
  const first = bytes[0] ?? 0
  if (first === escape) return afterEscape(bytes, final)
  if (isControl(first)) return { kind: 'key', ...keyOfByte(first), bytes: bytes.subarray(0, 1) }
  const length = textLength(bytes, final)
  if (length === 0) return undefined
  const text = bytes.subarray(0, length)
  return { kind: 'text', text: text.toString('utf8'), bytes: text }
}

function afterEscape(bytes: Buffer, final: boolean): InputToken | undefined {
  const second = bytes[1]
  const escapeKey = (): InputToken => ({ kind: 'key', ...keyOfByte(escape), bytes: bytes.subarray(0, 1) })
  if (second === undefined) return final ? escapeKey() : undefined
  if (second === escape) return escapeKey()
  const sequence =
    second === 0x5b ? controlSequence(bytes) : second === 0x4f ? singleShift(bytes) : stringSequence(bytes)
  if (sequence !== 'none' && sequence !== 'more') return sequence
  if (sequence === 'more' && !final) return undefined
  return altKey(bytes, final)
}

function altKey(bytes: Buffer, final: boolean): InputToken | undefined {
  const second = bytes[1] ?? 0
  if (isControl(second)) return { kind: 'key', ...keyOfByte(second), alt: true, bytes: bytes.subarray(0, 2) }
  const length = characterLength(bytes.subarray(1))
  if (bytes.length < 1 + length && !final) return undefined
  const own = bytes.subarray(0, 1 + length)
  return { kind: 'key', name: own.subarray(1).toString('utf8'), ctrl: false, alt: true, shift: false, bytes: own }
}

type Found = InputToken | 'none' | 'more'

/** CSI parameters (30–3F), intermediates (20–2F) and a final byte (40–7E); xterm's X10 mouse has three bytes after M. */
function controlSequence(bytes: Buffer): Found {
  for (let at = 2; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0
    if (at === 2 && byte === 0x5b) continue
    if (byte >= 0x20 && byte <= 0x3f) continue
    if (byte < 0x40 || byte > 0x7e) return { kind: 'unknown', bytes: bytes.subarray(0, at) }
    if (at === 2 && byte === 0x4d) {
      return bytes.length < 6 ? 'more' : { kind: 'mouse', bytes: bytes.subarray(0, 6) }
    }
    return classify(bytes.subarray(0, at + 1))
  }
  return 'more'
}

function classify(bytes: Buffer): InputToken {
  const text = bytes.toString('latin1')
  if (text === pasteStart) return { kind: 'unknown', bytes }
  if (/^\x1b\[(<[\d;]*[Mm]|\d+;\d+;\d+M)$/.test(text)) return { kind: 'mouse', bytes }
  if (text === '\x1b[I' || text === '\x1b[O') return { kind: 'focus', bytes }
  if (isReply(text)) return { kind: 'reply', bytes }
  const key = keyOfSequence(text)
  return key === undefined ? { kind: 'unknown', bytes } : { kind: 'key', ...key, bytes }
}

/**
 * DA (c), DSR (n), CPR (R), DECRPM ($y), window reports (t), kitty flags (?u). CPR looks like F3 with modifiers
 * (`CSI 1 ; 2 R`); only row 1 and a column of a modifier are taken for the key.
 */
function isReply(text: string): boolean {
  if (/^\x1b\[1;[2-8]R$/.test(text)) return false
  return /^\x1b\[([?>=][\d;]*c|\??[\d;]*n|\??\d+;[\d;]+R|\??[\d;]*\$y|[\d;]+t|\?\d+u)$/.test(text)
}

function singleShift(bytes: Buffer): Found {
  const third = bytes[2]
  if (third === undefined) return 'more'
  if (third < 0x20 || third > 0x7e) return 'none'
  const own = bytes.subarray(0, 3)
  const key = keyOfSequence(own.toString('latin1'))
  return key === undefined ? { kind: 'unknown', bytes: own } : { kind: 'key', ...key, bytes: own }
}

/** OSC, DCS, APC, PM and SOS up to ST or BEL: only a terminal sends these, and only as a reply. */
function stringSequence(bytes: Buffer): Found {
  if (!isString(bytes)) return 'none'
  for (let at = 2; at < bytes.length; at += 1) {
    if (bytes[at] === 0x07) return { kind: 'reply', bytes: bytes.subarray(0, at + 1) }
    if (bytes[at] !== escape) continue
    if (bytes[at + 1] === undefined) return 'more'
    const end = bytes[at + 1] === 0x5c ? at + 2 : at
    return { kind: 'reply', bytes: bytes.subarray(0, end) }
  }
  return 'more'
}

function isString(bytes: Buffer): boolean {
  return bytes[0] === escape && [0x5d, 0x50, 0x5f, 0x5e, 0x58].includes(bytes[1] ?? 0)
}

function isControl(byte: number): boolean {
  return byte < 0x20 || byte === 0x7f
}

/** Bytes up to the next control byte, less a character whose last bytes are still to come. */
function textLength(bytes: Buffer, final: boolean): number {
  let end = 0
  while (end < bytes.length && !isControl(bytes[end] ?? 0)) end += 1
  if (final || end < bytes.length) return end
  for (let back = 1; back <= Math.min(3, end); back += 1) {
    const byte = bytes[end - back] ?? 0
    if ((byte & 0xc0) === 0x80) continue
    return characterLength(bytes.subarray(end - back)) > back ? end - back : end
  }
  return end
}

/** Length of the UTF-8 character its first byte announces; 1 for a byte that announces none. */
function characterLength(bytes: Uint8Array): number {
  const first = bytes[0] ?? 0
  if (first >= 0xf0 && first < 0xf8) return 4
  if (first >= 0xe0) return first < 0xf0 ? 3 : 1
  return first >= 0xc0 ? 2 : 1
}
