import { RawNumber, type JsonValue } from '../model/request.ts'

/** Whose values are hidden, by their names. */
export interface NamePatterns {
  matches(name: string): boolean
  /** False only when no such name is in the text, which is JSON as it was sent. */
  mayBeIn(text: string): boolean
}

const asText = (pattern: string) => pattern.replace(/[\\^$.|?+()[\]{}]/g, '\\$&').replaceAll('*', '.*')

export function namePatterns(patterns: readonly string[]): NamePatterns {
  const whole = new RegExp(`^(?:${patterns.map(asText).join('|')})$`, 'is')
  const longest = patterns.map((pattern) => pattern.split('*').toSorted((a, b) => b.length - a.length)[0] ?? '')
  const part = new RegExp(longest.map(asText).join('|'), 'i')
  return {
    matches: (name) => whole.test(name),
    // Escapes may spell any name.
    mayBeIn: (text) => part.test(text) || text.includes('\\u') || /[^\0-\x7f]/.test(text),
  }
}

/** `--password=x` and `PASSWORD=x`: the name, and where its value begins. */
const assignment = /^(?:-{0,2}|.*\s-{1,2})(?<name>[\w.-]{1,256})=/s

/**
 * The value with what its name says is secret replaced: of an object with `name` and `value`, and of a text in which an
 * assignment stands first. The very value when nothing is.
 */
export function concealNamed(
  value: JsonValue,
  names: NamePatterns,
  token: (secret: JsonValue, key: string) => string,
): JsonValue {
  if (typeof value === 'string') {
    const name = assignment.exec(value)?.groups?.['name']
    if (name === undefined || !names.matches(name)) return value
    const at = value.indexOf('=', value.lastIndexOf(`${name}=`)) + 1
    return at === value.length ? value : value.slice(0, at) + token(value.slice(at), '')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof RawNumber) return value
  const pair = value as Readonly<Record<string, JsonValue>>
  const { name, value: secret } = pair
  const isHidden =
    typeof name === 'string' && names.matches(name) && secret !== undefined && secret !== null && secret !== ''
  return isHidden ? { ...pair, value: token(secret, 'value') } : value
}
