import { hash } from 'node:crypto'
import type { JsonValue } from '../model/request.ts'
import { stringifyJson } from '../stream/json.ts'

/** Every token begins so; a request that carries these characters anywhere is refused. */
export const TOKEN_PREFIX = 'chaperone-masked-'

/** Bytes of the keyed hash in a token: 128 bits cannot be searched, and no two values of a field meet by accident. */
const TOKEN_BYTES = 16

/** Whose value a token stands for. */
export interface Owner {
  readonly apiGroup: string
  readonly resource: string
  readonly namespace: string
  readonly name: string
  readonly uid: string
}

/** A value that is hidden; a text may come as its UTF-8 bytes. */
export type Secret = JsonValue | Uint8Array

/** Makes the token for a value at `path` of an object: equal values of one field give one caller equal tokens, nothing else does. */
export type MakeToken = (owner: Owner, path: readonly string[], value: Secret) => string

/** Bytes that SHA-256 takes at a time (FIPS 180-4). */
const BLOCK = 64
/** Bytes in which most messages find room: making it anew for each would cost half as much as the hash. */
const SPARE = 8192

/**
 * Half of a SHA-256 over the key, then caller, object, path and value, then the key again; without the key there is no way
 * back, and guesses cannot be checked. The key fills blocks of its own on either side (K. Yasuda, "Sandwich" Is Indeed Secure,
 * 2007), so that nothing can be appended; one call costs less than the two of HMAC, and lists hold thousands of values.
 */
export function tokenMaker(key: Uint8Array, subject: string): MakeToken {
  const lock = new Uint8Array(blocks(key.length))
  lock.set(key)
  const spare = Buffer.allocUnsafe(SPARE)
  return (owner, path, value) => {
    const { apiGroup, resource, namespace, name, uid } = owner
    // No text that JSON writes holds a line feed, so that the two parts cannot run into each other.
    const place = `${JSON.stringify([subject, apiGroup, resource, namespace, name, uid, path])}\n${typeOf(value)} `
    const bytes = bytesOf(value)
    const end = lock.length + Buffer.byteLength(place) + bytes.length
    const size = blocks(end + 1) + lock.length
    const message = size > spare.length ? Buffer.allocUnsafe(size) : spare.subarray(0, size)
    message.set(lock)
    message.set(bytes, lock.length + message.write(place, lock.length))
    message.fill(0, end)
    message[end] = 0x80
    message.set(lock, size - lock.length)
    return TOKEN_PREFIX + hash('sha256', message, 'hex').slice(0, TOKEN_BYTES * 2)
  }
}

function blocks(size: number): number {
  return Math.ceil(size / BLOCK) * BLOCK
}

function typeOf(value: Secret): 'text' | 'json' {
  return typeof value === 'string' || value instanceof Uint8Array ? 'text' : 'json'
}

function bytesOf(value: Secret): Uint8Array {
  if (value instanceof Uint8Array) return value
  return Buffer.from(typeof value === 'string' ? value : stringifyJson(value))
}

/** True when the text carries a token, or the beginning of one, plain or in up to two layers of base64. */
export function carriesToken(text: string): boolean {
  const compact = text.replace(/\s+/g, '')
  return needles.some((needle) => text.includes(needle) || compact.includes(needle))
}

const once = inBase64(TOKEN_PREFIX)
const needles: readonly string[] = [TOKEN_PREFIX, ...once, ...once.flatMap(inBase64)].flatMap((needle) => [
  needle,
  needle.replaceAll('+', '-').replaceAll('/', '_'),
])

/** What `text` looks like inside longer base64, for each of the three places where it can begin in a group. */
function inBase64(text: string): string[] {
  return [0, 1, 2].map((offset) => {
    const encoded = Buffer.from('\0'.repeat(offset) + text).toString('base64')
    const first = Math.ceil((offset * 8) / 6)
    const end = Math.floor(((offset + text.length) * 8) / 6)
    return encoded.slice(first, end)
  })
}
