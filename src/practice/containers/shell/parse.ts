import { ShellSyntaxError, tokens, type Token, type Word } from './syntax.ts'

export interface Redirect {
  readonly operator: string
  readonly target: Word
}

/** A command of a script (POSIX.1-2017 Shell Command Language, section 2.9). */
export type Command =
  | { readonly kind: 'simple'; readonly words: readonly Word[]; readonly raw: readonly string[] }
  | { readonly kind: 'if'; readonly branches: readonly Branch[]; readonly otherwise?: List }
  | { readonly kind: 'loop'; readonly until: boolean; readonly condition: List; readonly body: List }
  | { readonly kind: 'for'; readonly name: string; readonly words: readonly Word[]; readonly body: List }
  | { readonly kind: 'group'; readonly own: boolean; readonly body: List }

interface Branch {
  readonly condition: List
  readonly body: List
}

export interface Stage {
  readonly command: Command
  readonly redirects: readonly Redirect[]
}

export interface Pipeline {
  readonly stages: readonly Stage[]
  readonly negated: boolean
  /** How it is joined to what stands before it. */
  readonly after: ';' | '&&' | '||'
  readonly background: boolean
}

export type List = readonly Pipeline[]

const closers = new Set(['then', 'elif', 'else', 'fi', 'do', 'done', '}'])

/** @throws ShellSyntaxError */
export function parse(script: string): List {
  const parser = new Parser(tokens(script))
  const list = parser.list()
  parser.expectEnd()
  return list
}

class Parser {
  readonly #tokens: readonly Token[]
  #at = 0

  constructor(all: readonly Token[]) {
    this.#tokens = all
  }

  expectEnd(): void {
    const token = this.#tokens[this.#at]
    if (token !== undefined)
      throw new ShellSyntaxError(`unexpected "${token.kind === 'word' ? token.raw : token.text}"`)
  }

  list(): List {
    const pipelines: Pipeline[] = []
    let after: Pipeline['after'] = ';'
    for (;;) {
      while (this.#operator(';') || this.#operator('\n')) after = ';'
      if (this.#endsList()) return pipelines
      const pipeline = { ...this.#pipeline(), after }
      const background = this.#operator('&')
      pipelines.push({ ...pipeline, background })
      if (this.#operator('&&')) after = '&&'
      else if (this.#operator('||')) after = '||'
      else if (background || this.#peekOperator(';') || this.#peekOperator('\n')) after = ';'
      else return pipelines
      while (after !== ';' && this.#operator('\n'));
    }
  }

  #endsList(): boolean {
    const token = this.#tokens[this.#at]
    if (token === undefined) return true
    return token.kind === 'operator' ? token.text === ')' : closers.has(token.raw)
  }

  #pipeline() {
    const negated = this.#keyword('!')
    const stages = [this.#stage()]
    while (this.#operator('|')) {
      while (this.#operator('\n'));
      stages.push(this.#stage())
    }
    return { stages, negated, background: false }
  }

  #stage(): Stage {
    const redirects: Redirect[] = []
    const command = this.#compound() ?? this.#simple(redirects)
    for (let next = this.#redirect(); next !== undefined; next = this.#redirect()) redirects.push(next)
    return { command, redirects }
  }

  #compound(): Command | undefined {
    if (this.#operator('(')) {
      const body = this.list()
      this.#need(this.#operator(')'), ')')
      return { kind: 'group', own: true, body }
    }
    if (this.#keyword('{')) {
      const body = this.list()
      this.#need(this.#keyword('}'), '}')
      return { kind: 'group', own: false, body }
    }
    if (this.#keyword('if')) return this.#if()
    if (this.#keyword('while')) return this.#loop(false)
    if (this.#keyword('until')) return this.#loop(true)
    return this.#keyword('for') ? this.#for() : undefined
  }

  #if(): Command {
    const branches: Branch[] = []
    do {
      const condition = this.list()
      this.#need(this.#keyword('then'), 'then')
      branches.push({ condition, body: this.list() })
    } while (this.#keyword('elif'))
    const otherwise = this.#keyword('else') ? this.list() : undefined
    this.#need(this.#keyword('fi'), 'fi')
    return { kind: 'if', branches, ...(otherwise === undefined ? {} : { otherwise }) }
  }

  #loop(until: boolean): Command {
    const condition = this.list()
    return { kind: 'loop', until, condition, body: this.#body() }
  }

  #for(): Command {
    const token = this.#tokens[this.#at++]
    const name = token?.kind === 'word' ? token.raw : ''
    if (!/^[A-Za-z_]\w*$/.test(name)) throw new ShellSyntaxError('bad for loop variable')
    const words: Word[] = []
    if (this.#keyword('in')) for (let word = this.#word(); word !== undefined; word = this.#word()) words.push(word)
    while (this.#operator(';') || this.#operator('\n'));
    return { kind: 'for', name, words, body: this.#body() }
  }

  #body(): List {
    this.#need(this.#keyword('do'), 'do')
    const body = this.list()
    this.#need(this.#keyword('done'), 'done')
    return body
  }

  #simple(redirects: Redirect[]): Command {
    const words: Word[] = []
    const raw: string[] = []
    for (;;) {
      const redirect = this.#redirect()
      if (redirect !== undefined) {
        redirects.push(redirect)
        continue
      }
      const token = this.#tokens[this.#at]
      if (token?.kind !== 'word') break
      raw.push(token.raw)
      words.push(token.word)
      this.#at += 1
    }
    if (words.length === 0 && redirects.length === 0) {
      const token = this.#tokens[this.#at]
      throw new ShellSyntaxError(token?.kind === 'operator' ? `unexpected "${token.text}"` : 'unexpected end of file')
    }
    return { kind: 'simple', words, raw }
  }

  #redirect(): Redirect | undefined {
    const token = this.#tokens[this.#at]
    if (token?.kind !== 'operator' || !/[<>]/.test(token.text)) return undefined
    this.#at += 1
    if (token.text.includes('>&')) return { operator: token.text, target: [] }
    const target = this.#word()
    if (target === undefined) throw new ShellSyntaxError('redirection without a file')
    return { operator: token.text, target }
  }

  #word(): Word | undefined {
    const token = this.#tokens[this.#at]
    if (token?.kind !== 'word') return undefined
    this.#at += 1
    return token.word
  }

  #peekOperator(text: string): boolean {
    const token = this.#tokens[this.#at]
    return token?.kind === 'operator' && token.text === text
  }

  #operator(text: string): boolean {
    const found = this.#peekOperator(text)
    if (found) this.#at += 1
    return found
  }

  #keyword(text: string): boolean {
    const token = this.#tokens[this.#at]
    const found = token?.kind === 'word' && token.raw === text
    if (found) this.#at += 1
    return found
  }

  #need(found: boolean, what: string): void {
    if (!found) throw new ShellSyntaxError(`expecting "${what}"`)
  }
}
