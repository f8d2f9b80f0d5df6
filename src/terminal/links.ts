import type { Terminal } from '@xterm/headless'

/** Most links remembered; the oldest unused is forgotten and its cells become plain text. */
const linksKept = 2_048
/** Longest address in characters; terminals take hardly more, and a program may not fill the memory. */
const uriLength = 2_083

/** xterm's own store of links: it keeps a marker for each, without bound while a program stays on one line. */
interface LinkService {
  registerLink(link: { readonly id?: string; readonly uri: string }): number
  addLineToLink(id: number, line: number): void
  getLinkData(id: number): { readonly uri: string } | undefined
}
/** Private in xterm 6.0.0, so the version is pinned and a test follows a link from the program to the terminal. */
interface Internals {
  readonly _core: { readonly _inputHandler: { _oscLinkService: LinkService } }
}

/** The program's hyperlinks (OSC 8) by the number their cells carry; takes the place of xterm's store. */
export class Links implements LinkService {
  #next = 1
  readonly #numbers = new Map<string, number>()
  readonly #uris = new Map<number, string>()

  /** Takes over the links of `terminal`. */
  static of(terminal: Terminal): Links {
    const links = new Links()
    ;(terminal as unknown as Internals)._core._inputHandler._oscLinkService = links
    return links
  }

  /** Zero, no link, for an address that is too long or hides control characters. */
  registerLink({ id, uri }: { readonly id?: string; readonly uri: string }): number {
    if (uri.length > uriLength || /\p{Cc}/u.test(uri)) return 0
    const key = `${id?.slice(0, uriLength) ?? ''};${uri}`
    const known = this.#numbers.get(key)
    const number = known ?? this.#next++
    this.#numbers.delete(key)
    this.#numbers.set(key, number)
    this.#uris.set(number, uri)
    if (this.#numbers.size > linksKept) this.#forgetOldest()
    return number
  }

  addLineToLink(): void {
    // xterm asks for lines to know when a link is gone; here the bound alone decides.
  }

  getLinkData(number: number): { readonly uri: string } | undefined {
    const uri = this.#uris.get(number)
    return uri === undefined ? undefined : { uri }
  }

  /** What stands between `OSC 8 ;` and its end. The id joins the parts of a link that are painted one by one. */
  parameters(number: number): string {
    const uri = this.#uris.get(number)
    return uri === undefined ? '' : `id=chaperone-${number};${uri}`
  }

  #forgetOldest(): void {
    for (const [key, number] of this.#numbers) {
      this.#numbers.delete(key)
      this.#uris.delete(number)
      return
    }
  }
}
