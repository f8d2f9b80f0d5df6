import { badRequest, pathNotFound } from '../failure.ts'

/** A request target as Go's net/http reads it. */
export interface Target {
  /** Decoded path without a trailing slash; `%2f` has become a slash, as upstream. */
  readonly path: string
  readonly query: Query
}

/** Query parameters; of repeated ones the first value wins. */
export class Query {
  readonly #values = new Map<string, string[]>()

  constructor(text: string) {
    for (const pair of text.split('&')) this.#add(pair)
  }

  first(name: string): string {
    return this.#values.get(name)?.[0] ?? ''
  }

  all(name: string): readonly string[] {
    return this.#values.get(name) ?? []
  }

  has(name: string): boolean {
    return this.#values.has(name)
  }

  /** A boolean as Kubernetes converts it: absent, `false` and `0` are false, anything else is true. */
  flag(name: string): boolean {
    return this.has(name) && !['false', '0'].includes(this.first(name).toLowerCase())
  }

  /** A whole number, 0 when absent or empty; 400 when it is none. */
  number(name: string): number {
    const text = this.first(name)
    if (text === '') return 0
    if (!/^-?[0-9]{1,15}$/.test(text)) throw badRequest(`invalid value for ${name}: ${JSON.stringify(text)}`)
    return Number(text)
  }

  /** Pairs with `;` or a broken escape are dropped, as Go's url.ParseQuery does. */
  #add(pair: string): void {
    if (pair === '' || pair.includes(';')) return
    const at = pair.indexOf('=')
    const name = unescaped(at < 0 ? pair : pair.slice(0, at))
    const value = unescaped(at < 0 ? '' : pair.slice(at + 1))
    if (name === undefined || value === undefined) return
    const values = this.#values.get(name) ?? []
    this.#values.set(name, [...values, value])
  }
}

function unescaped(text: string): string | undefined {
  return decoded(text.replaceAll('+', ' '))
}

function decoded(text: string): string | undefined {
  if (/%(?![0-9a-fA-F]{2})/.test(text)) return undefined
  const bytes = Buffer.from(
    text.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))),
    'latin1',
  )
  return /[^\0-\xff]/.test(text) ? undefined : bytes.toString('utf8')
}

/** Splits and decodes the raw request target; paths the API server would not route are a 404. */
export function parseTarget(raw: string): Target {
  const origin = raw.replace(/^https?:\/\/[^/?#]*/i, '')
  const at = origin.indexOf('?')
  const path = decoded(at < 0 ? origin : origin.slice(0, at))
  if (path === undefined) throw badRequest('invalid URL escape')
  const trimmed = path.length > 1 ? path.replace(/\/$/, '') : path
  const strange = trimmed
    .split('/')
    .slice(1)
    .some((part) => part === '.' || part === '..' || part === '')
  if (!trimmed.startsWith('/') || (strange && trimmed !== '/')) throw pathNotFound()
  return { path: trimmed, query: new Query(at < 0 ? '' : origin.slice(at + 1)) }
}
