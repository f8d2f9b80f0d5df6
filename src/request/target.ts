import { Fault } from '../model/fault.ts'

/** A request target (RFC 9112 section 3.2) as it was judged; `encoded` is rebuilt from the parsed values. */
export interface RequestTarget {
  /** Decoded path without trailing slash, `/` for the root. */
  readonly path: string
  /** Decoded path segments; empty for the root. */
  readonly segments: readonly string[]
  /** Decoded pairs in the order they were sent. */
  readonly query: readonly (readonly [key: string, value: string])[]
  /** What is sent upstream. */
  readonly encoded: string
}

/** Parameters of exec and port-forward that are lists; every other one may come once, since Go reads only the first. */
const repeatable: ReadonlySet<string> = new Set(['command', 'ports'])

/** Raw characters that may stand in a target. Without backslash, `#`, `;`, quotes, angle brackets and anything not ASCII. */
const rawPath = /^[A-Za-z0-9\-._~!$&'()*+,=:@%/]*$/
const rawQuery = /^[A-Za-z0-9\-._~!$&'()*+,=:@%/?[\]|{}^`]*$/
const control = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/

/**
 * Parses a raw origin-form target the one way the API server reads it, and refuses what can be read in two ways:
 * other forms, fragments, empty and dot segments, encoded slashes and percent signs, backslashes, control characters,
 * `;` (Go drops such pairs), broken escapes, invalid UTF-8, repeated parameters. A trailing slash is dropped, because
 * the API server ignores it.
 *
 * @throws Fault ERR_TARGET and nothing else.
 */
export function parseTarget(raw: string): RequestTarget {
  if (!raw.startsWith('/')) throw malformed('it is not in origin form (a path that begins with "/")')
  const mark = raw.indexOf('?')
  const segments = parsePath(mark === -1 ? raw : raw.slice(0, mark))
  const query = mark === -1 ? [] : parseQuery(raw.slice(mark + 1))
  return targetOf(segments, query)
}

/** The first value of a parameter, undefined when it is absent. */
export function parameter(target: RequestTarget, key: string): string | undefined {
  return target.query.find(([name]) => name === key)?.[1]
}

function targetOf(segments: readonly string[], query: RequestTarget['query']): RequestTarget {
  const path = `/${segments.join('/')}`
  const encodedPath = `/${segments.map(encode).join('/')}`
  const encodedQuery = query.map(([key, value]) => `${encode(key)}=${encode(value)}`).join('&')
  return { path, segments, query, encoded: encodedQuery === '' ? encodedPath : `${encodedPath}?${encodedQuery}` }
}

function parsePath(raw: string): string[] {
  if (!rawPath.test(raw)) throw malformed('its path holds a character that must be escaped')
  if (raw === '/') return []
  const trimmed = raw.endsWith('/') ? raw.slice(0, -1) : raw
  return trimmed.slice(1).split('/').map(parseSegment)
}

function parseSegment(raw: string): string {
  const segment = decode(raw)
  if (segment === '') throw malformed('its path holds an empty segment')
  if (segment === '.' || segment === '..') throw malformed('its path holds a "." or ".." segment')
  if (/[/\\%]/.test(segment)) throw malformed('its path holds an encoded "/", "\\" or "%"')
  if (control.test(segment)) throw malformed('its path holds a control character')
  return segment
}

function parseQuery(raw: string): [string, string][] {
  if (raw.includes(';')) throw malformed('its query holds a raw ";"')
  if (!rawQuery.test(raw)) throw malformed('its query holds a character that must be escaped')
  const pairs = raw
    .split('&')
    .filter((pair) => pair !== '')
    .map(parsePair)
  const seen = new Set<string>()
  for (const [key] of pairs) {
    if (seen.has(key) && !repeatable.has(key)) throw malformed(`its parameter "${key}" is given twice`)
    seen.add(key)
  }
  return pairs
}

function parsePair(raw: string): [string, string] {
  const at = raw.indexOf('=')
  const decodePart = (part: string) => decode(part.replaceAll('+', ' '))
  const key = decodePart(at === -1 ? raw : raw.slice(0, at))
  const value = at === -1 ? '' : decodePart(raw.slice(at + 1))
  if (key === '' || control.test(key)) throw malformed('its query holds a parameter without a readable name')
  const isScript = key === 'command' && !value.includes('\0')
  if (control.test(value) && !isScript) throw malformed(`its parameter "${key}" holds a control character`)
  return [key, value]
}

function decode(raw: string): string {
  if (/%(?![0-9a-fA-F]{2})/.test(raw)) throw malformed('it holds a broken percent escape')
  try {
    return decodeURIComponent(raw)
  } catch (cause) {
    throw malformed('its escapes are not valid UTF-8', cause)
  }
}

/** Percent-encodes all but RFC 3986 unreserved characters and `:` and `,`, which Kubernetes names and selectors use. */
function encode(text: string): string {
  return encodeURIComponent(text)
    .replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%3A', ':')
    .replaceAll('%2C', ',')
}

function malformed(problem: string, cause?: unknown): Fault {
  return new Fault('ERR_TARGET', `The request target is refused: ${problem}.`, { cause })
}
