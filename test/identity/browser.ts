import { Agent, request } from 'undici'

/** More pages than any sign-in has. */
const MAX_PAGES = 30

/** A browser as far as a provider's plain pages need one: cookies, redirects, forms. */
export class Browser {
  readonly #agent: Agent
  readonly #cookies = new Map<string, string>()
  readonly #fields: Readonly<Record<string, string>>
  readonly #visited: string[] = []

  /** `fields` are entered wherever a form has them. */
  constructor(caPem: string, fields: Readonly<Record<string, string>>) {
    this.#agent = new Agent({ connect: { ca: caPem } })
    this.#fields = fields
  }

  /** Opens the address and fills in forms until a page has none; returns that page. */
  async open(url: string): Promise<string> {
    return (await this.#go(url, () => false)).page
  }

  /** The same, but stops before an address with that path is opened, and returns the address. */
  async until(url: string, path: string): Promise<string> {
    return (await this.#go(url, (next) => new URL(next).pathname.startsWith(path))).url
  }

  async #go(url: string, ends: (url: string) => boolean): Promise<{ page: string; url: string }> {
    let next: Step | undefined = { url, method: 'GET' }
    let page = ''
    while (next !== undefined) {
      const at: string = next.url
      if (ends(at)) return { page, url: at }
      if (this.#visited.length > MAX_PAGES) throw new Error(`The pages never end: ${this.#visited.join(' ')}`)
      const answer = await this.#load(next)
      page = answer.page
      next = answer.location === undefined ? this.#form(page, at) : { url: answer.location, method: 'GET' }
    }
    return { page, url: this.#visited.at(-1) ?? '' }
  }

  async #load({ url, method, body }: Step): Promise<{ page: string; location?: string }> {
    this.#visited.push(url)
    const isForm = body === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }
    const cookie = Array.from(this.#cookies, ([name, value]) => `${name}=${value}`).join('; ')
    const { headers, body: text } = await request(url, {
      method,
      dispatcher: this.#agent,
      headers: { ...isForm, ...(cookie === '' ? {} : { cookie }), accept: 'text/html' },
      ...(body === undefined ? {} : { body }),
    })
    for (const one of [headers['set-cookie'] ?? []].flat()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(one) ?? []
      if (value === '') this.#cookies.delete(name)
      else this.#cookies.set(name, value)
    }
    const page = await text.text()
    const { location } = headers
    return { page, ...(typeof location === 'string' ? { location: new URL(location, url).href } : {}) }
  }

  /** The first form of the page, filled in; undefined when there is none. */
  #form(page: string, at: string): Step | undefined {
    const [, attributes = '', inside = ''] = /<form([^>]*)>([\s\S]*?)<\/form>/.exec(page) ?? []
    if (attributes === '') return undefined
    const action = attribute(attributes, 'action').replaceAll('&amp;', '&')
    const fields = new URLSearchParams()
    for (const [, input = ''] of inside.matchAll(/<input([^>]*)>/g)) {
      const name = attribute(input, 'name')
      if (name !== '') fields.set(name, this.#fields[name] ?? attribute(input, 'value'))
    }
    return { url: new URL(action, at).href, method: 'POST', body: fields.toString() }
  }
}

interface Step {
  readonly url: string
  readonly method: 'GET' | 'POST'
  readonly body?: string
}

function attribute(tag: string, name: string): string {
  return new RegExp(`\\b${name}="([^"]*)"`).exec(tag)?.[1] ?? ''
}
