/** What of a text is no JSON, and where. */
export class JsonSyntaxError extends Error {
  override readonly name = 'JsonSyntaxError'
}

/**
 * JSON as Kubernetes reads it into typed objects: of a key that comes twice, objects are merged and else the last value
 * counts; each such key is noted with its path.
 *
 * @throws JsonSyntaxError
 */
export function parseMerging(text: string, duplicate: (path: string) => void): unknown {
  const reader = new Reader(text, duplicate)
  const value = reader.value('')
  reader.end()
  return value
}

class Reader {
  readonly #text: string
  readonly #duplicate: (path: string) => void
  #at = 0

  constructor(text: string, duplicate: (path: string) => void) {
    this.#text = text
    this.#duplicate = duplicate
  }

  end(): void {
    this.#blank()
    if (this.#at < this.#text.length) throw this.#unexpected('after top-level value')
  }

  value(path: string): unknown {
    this.#blank()
    const char = this.#text[this.#at]
    if (char === '{') return this.#object(path)
    if (char === '[') return this.#list(path)
    return this.#scalar()
  }

  #object(path: string): Record<string, unknown> {
    const object: Record<string, unknown> = {}
    this.#at += 1
    if (this.#take('}')) return object
    do {
      this.#blank()
      if (this.#text[this.#at] !== '"') throw this.#unexpected('looking for beginning of object key string')
      const key = String(this.#scalar())
      if (!this.#take(':')) throw this.#unexpected('after object key')
      const inner = path === '' ? key : `${path}.${key}`
      const value = this.value(inner)
      if (Object.hasOwn(object, key)) this.#duplicate(inner)
      set(object, key, Object.hasOwn(object, key) ? merged(object[key], value) : value)
    } while (this.#take(','))
    if (!this.#take('}')) throw this.#unexpected('after object key:value pair')
    return object
  }

  #list(path: string): unknown[] {
    const list: unknown[] = []
    this.#at += 1
    if (this.#take(']')) return list
    do list.push(this.value(`${path}[${list.length}]`))
    while (this.#take(','))
    if (!this.#take(']')) throw this.#unexpected('after array element')
    return list
  }

  #scalar(): unknown {
    const grammar = /"(?:[^"\\\u0000-\u001f]|\\.)*"|-?\d[\d.eE+-]*|true|false|null/y
    grammar.lastIndex = this.#at
    const found = grammar.exec(this.#text)?.[0]
    if (found === undefined) throw this.#unexpected('looking for beginning of value')
    this.#at += found.length
    try {
      return JSON.parse(found) as unknown
    } catch {
      throw this.#unexpected('in a value')
    }
  }

  #take(char: string): boolean {
    this.#blank()
    if (this.#text[this.#at] !== char) return false
    this.#at += 1
    return true
  }

  #blank(): void {
    while (/[ \t\r\n]/.test(this.#text[this.#at] ?? '')) this.#at += 1
  }

  #unexpected(where: string): JsonSyntaxError {
    const char = this.#text[this.#at]
    if (char === undefined) return new JsonSyntaxError('unexpected end of JSON input')
    return new JsonSyntaxError(`invalid character '${char}' ${where}`)
  }
}

function set(object: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true })
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The second value read into the first, as Go reads it. */
function merged(first: unknown, second: unknown): unknown {
  if (!isObject(first) || !isObject(second)) return second
  const all = { ...first }
  for (const [key, value] of Object.entries(second)) {
    set(all, key, Object.hasOwn(first, key) ? merged(first[key], value) : value)
  }
  return all
}
