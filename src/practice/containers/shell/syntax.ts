/** A piece of a word: text as it is, or something to put in its place. */
export type Part =
  | { readonly kind: 'text'; readonly text: string; readonly quoted: boolean }
  | { readonly kind: 'variable'; readonly name: string; readonly quoted: boolean; readonly otherwise?: string }
  | { readonly kind: 'command'; readonly script: string; readonly quoted: boolean }
  | { readonly kind: 'sum'; readonly expression: string; readonly quoted: boolean }

export type Word = readonly Part[]

export type Token =
  | { readonly kind: 'word'; readonly word: Word; readonly raw: string }
  | { readonly kind: 'operator'; readonly text: string }

/** What the shell cannot read, in its own words. */
export class ShellSyntaxError extends Error {
  override readonly name = 'ShellSyntaxError'
}

const operators = [
  '&&',
  '||',
  ';;',
  '>>',
  '2>&1',
  '1>&2',
  '>&2',
  '&>',
  '2>>',
  '2>',
  '>',
  '<',
  ';',
  '&',
  '|',
  '(',
  ')',
  '\n',
]

/** Splits a script into words and operators (POSIX.1-2017 Shell Command Language, section 2.3). */
export function tokens(script: string): Token[] {
  const found: Token[] = []
  const reader = new Reader(script)
  while (!reader.atEnd) {
    if (reader.skipBlank()) continue
    const operator = reader.operator()
    if (operator !== undefined) found.push({ kind: 'operator', text: operator })
    else found.push(reader.word())
  }
  return found
}

class Reader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  get atEnd(): boolean {
    return this.#at >= this.#text.length
  }

  /** Blanks, comments and joined lines. */
  skipBlank(): boolean {
    const blank = /[ \t\r]+|#[^\n]*|\\\n/y
    blank.lastIndex = this.#at
    const match = blank.exec(this.#text)
    if (match === null) return false
    this.#at += match[0].length
    return true
  }

  operator(): string | undefined {
    const next = operators.find((one) => this.#text.startsWith(one, this.#at))
    if (next !== undefined) this.#at += next.length
    return next
  }

  word(): Token {
    const from = this.#at
    const word: Part[] = []
    while (!this.atEnd && !/[\s;&|<>()]/.test(this.#char)) word.push(...this.#piece())
    return { kind: 'word', word, raw: this.#text.slice(from, this.#at) }
  }

  get #char(): string {
    return this.#text[this.#at] ?? ''
  }

  #piece(): Part[] {
    switch (this.#char) {
      case "'":
        return [{ kind: 'text', text: this.#until("'"), quoted: true }]
      case '"':
        return this.#doubleQuoted()
      case '\\':
        this.#at += 2
        return [{ kind: 'text', text: this.#text[this.#at - 1] ?? '', quoted: true }]
      case '$':
      case '`':
        return [this.#expansion(false)]
      default: {
        const plain = /[^\s;&|<>()'"\\$`]+/y
        plain.lastIndex = this.#at
        const text = plain.exec(this.#text)?.[0] ?? this.#char
        this.#at += text.length
        return [{ kind: 'text', text, quoted: false }]
      }
    }
  }

  /** What stands up to the closing mark; both marks are passed. */
  #until(mark: string): string {
    const end = this.#text.indexOf(mark, this.#at + 1)
    if (end < 0) throw new ShellSyntaxError('unterminated quoted string')
    const text = this.#text.slice(this.#at + 1, end)
    this.#at = end + 1
    return text
  }

  #doubleQuoted(): Part[] {
    const parts: Part[] = [{ kind: 'text', text: '', quoted: true }]
    this.#at += 1
    while (this.#char !== '"') {
      if (this.atEnd) throw new ShellSyntaxError('unterminated quoted string')
      if (this.#char === '$' || this.#char === '`') {
        parts.push(this.#expansion(true))
        continue
      }
      const escaped = this.#char === '\\' && '"\\$`\n'.includes(this.#text[this.#at + 1] ?? ' ')
      if (escaped) this.#at += 1
      parts.push({ kind: 'text', text: this.#char, quoted: true })
      this.#at += 1
    }
    this.#at += 1
    return parts
  }

  #expansion(quoted: boolean): Part {
    if (this.#char === '`') return { kind: 'command', script: this.#until('`'), quoted }
    this.#at += 1
    if (this.#text.startsWith('((', this.#at)) {
      const end = this.#text.indexOf('))', this.#at)
      if (end < 0) throw new ShellSyntaxError('missing "))"')
      const expression = this.#text.slice(this.#at + 2, end)
      this.#at = end + 2
      return { kind: 'sum', expression, quoted }
    }
    if (this.#char === '(') return { kind: 'command', script: this.#parenthesised(), quoted }
    if (this.#char === '{') {
      const [name = '', ...otherwise] = this.#until('}').split(':-')
      return { kind: 'variable', name, quoted, ...(otherwise.length === 0 ? {} : { otherwise: otherwise.join(':-') }) }
    }
    const named = /[A-Za-z_][A-Za-z0-9_]*|[0-9?$#@*!-]/y
    named.lastIndex = this.#at
    const name = named.exec(this.#text)?.[0]
    if (name === undefined) return { kind: 'text', text: '$', quoted }
    this.#at += name.length
    return { kind: 'variable', name, quoted }
  }

  #parenthesised(): string {
    const from = this.#at + 1
    let depth = 0
    for (; this.#at < this.#text.length; this.#at += 1) {
      if (this.#char === "'" || this.#char === '"') this.#at = this.#text.indexOf(this.#char, this.#at + 1)
      if (this.#at < 0) break
      if (this.#char === '(') depth += 1
      if (this.#char === ')') depth -= 1
      if (depth === 0) {
        this.#at += 1
        return this.#text.slice(from, this.#at - 1)
      }
    }
    throw new ShellSyntaxError('missing ")"')
  }
}
