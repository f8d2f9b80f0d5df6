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
  const part = new RegExp([...longest.map(asText), '\\\\u', '[^\\0-\\x7f]'].join('|'), 'i')
  return {
    matches: (name) => whole.test(name),
    mayBeIn: (text) => part.test(text),
  }
}

/** An argument of one assignment: all behind the sign is its value, whatever it holds. */
const assignment = /^-{0,2}(?<name>[\w.-]{1,256})=/
/** In a line for a shell: `--password=x`, `PASSWORD='x y'`, `--password x`. */
const inLine =
  /(?<before>(?:^|[\s;&|("'`])(?:-{0,2}(?<name>[\w.-]{1,256})=|--?(?<flag>[\w.-]{1,256})[ \t]{1,8}(?!-)))(?<secret>"[^"]*"|'[^']*'|[^\s;&|)"'`]+)/g

function concealText(text: string, names: NamePatterns, token: (secret: string) => string): string {
  const whole = assignment.exec(text)
  if (whole !== null && names.matches(whole.groups?.['name'] ?? '')) {
    const [sign] = whole
    return sign.length === text.length ? text : sign + token(text.slice(sign.length))
  }
  return concealLine(text, names, token)
}

function concealLine(text: string, names: NamePatterns, token: (secret: string) => string): string {
  const search = new RegExp(inLine)
  let shown = ''
  let at = 0
  for (let found = search.exec(text); found !== null; found = search.exec(text)) {
    const { before = '', name, flag, secret = '' } = found.groups ?? {}
    const begins = found.index + before.length
    if (names.matches(name ?? flag ?? '')) {
      shown += text.slice(at, begins) + token(secret)
      at = begins + secret.length
    } else {
      // What is no value of this flag may be an assignment of its own: `env -i PASSWORD=x`.
      search.lastIndex = flag === undefined ? begins : begins - 1
    }
  }
  return shown + text.slice(at)
}

/** A word of a command line that names what the next one is. */
const flagWord = /^--?(?<name>[\w.-]{1,256})$/

/**
 * The value with what its name says is secret replaced: of an object with `name` and `value`, of a text with assignments and
 * flags, and of a list of such texts, in which a value may follow its flag as a word of its own. The very value when nothing is.
 */
export function concealNamed(
  value: JsonValue,
  names: NamePatterns,
  token: (secret: JsonValue, key: string) => string,
): JsonValue {
  if (typeof value === 'string') {
    return concealText(value, names, (secret) => token(secret, ''))
  }
  if (Array.isArray(value)) return concealWords(value, names, token)
  if (typeof value !== 'object' || value === null || value instanceof RawNumber) return value
  const pair = value as Readonly<Record<string, JsonValue>>
  const { name, value: secret } = pair
  const isHidden =
    typeof name === 'string' && names.matches(name) && secret !== undefined && secret !== null && secret !== ''
  return isHidden ? { ...pair, value: token(secret, 'value') } : value
}

function concealWords(
  words: readonly JsonValue[],
  names: NamePatterns,
  token: (secret: JsonValue, key: string) => string,
): JsonValue {
  const shown = words.map((word, index): JsonValue => {
    if (typeof word !== 'string') return word
    const before = words[index - 1]
    const flag = typeof before === 'string' ? flagWord.exec(before)?.groups?.['name'] : undefined
    const isValue = flag !== undefined && names.matches(flag) && word !== '' && !flagWord.test(word)
    return isValue ? token(word, String(index)) : concealText(word, names, (secret) => token(secret, String(index)))
  })
  return shown.some((word, index) => word !== words[index]) ? shown : words
}
