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

/** Makes the token for a value at `path` of an object: equal values of one field give one caller equal tokens, nothing else does. */
export type MakeToken = (owner: Owner, path: readonly string[], value: JsonValue) => string

/**
 * BLAKE2b (RFC 7693) over the key, then caller, object, path and value; without the key there is no way back, and guesses
 * cannot be checked. A key before the message makes a sound code of this hash, which unlike SHA-256 cannot be extended.
 */
export function tokenMaker(key: Uint8Array, subject: string): MakeToken {
  return (owner, path, value) => {
    const { apiGroup, resource, namespace, name, uid } = owner
    // No text that JSON writes holds a line feed, so that the two parts cannot run into each other.
    const place = JSON.stringify([subject, apiGroup, resource, namespace, name, uid, path])
    const text = `${place}\n${typeof value === 'string' ? `text ${value}` : `json ${stringifyJson(value)}`}`
    const message = Buffer.allocUnsafe(key.length + Buffer.byteLength(text))
    message.set(key)
    message.write(text, key.length)
    return TOKEN_PREFIX + hash('blake2b512', message, 'hex').slice(0, TOKEN_BYTES * 2)
  }
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
