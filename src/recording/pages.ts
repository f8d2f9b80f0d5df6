/**
 * The kernel copies a write page by page, and a process that is killed can stop only between two pages. So no line
 * crosses a multiple of this many bytes (larger pages are multiples of it), and a killed recorder leaves whole lines.
 */
const pageBytes = 4096
/** Room smaller than this holds no filler line: the line before is padded up to the page's end instead. */
const minRoom = 64
/** A piece of output smaller than this is not worth a line of its own. */
const minPiece = 256

/** How an event's line begins and ends around its data, all ASCII. */
export interface LineFrame {
  readonly head: string
  readonly tail: string
}

export interface PlacedEvent {
  /** Frame of the first line. */
  readonly first: LineFrame
  /** Frame of what follows when the data is split. */
  readonly rest: LineFrame
  /** JSON text of the data, without its quotes. */
  readonly body: string
  readonly splittable: boolean
  /** A line that means nothing; spaces go between its head and its tail. At most `minRoom` bytes. */
  readonly filler: LineFrame
}

/** Places lines in pages by padding with spaces, which JSON ignores, and by splitting output. */
export class PageLayout {
  #offset = 0
  readonly #scratch = new Uint8Array(pageBytes)
  readonly #encoder = new TextEncoder()

  /** The header line, newline included; it may be longer than a page. */
  placeHeader(line: string): string {
    return this.#take(line, Buffer.byteLength(line))
  }

  /** One event as whole lines, newlines included. Only what cannot be split and is longer than a page crosses one. */
  place(event: PlacedEvent): string {
    let lines = ''
    let { body } = event
    let frame = event.first
    for (;;) {
      const frameBytes = frame.head.length + frame.tail.length + 1
      const bytes = frameBytes + Buffer.byteLength(body)
      const room = this.#room()
      const isWholePage = room === pageBytes
      if (bytes <= room || (isWholePage && !event.splittable)) {
        return lines + this.#take(`${frame.head}${body}${frame.tail}\n`, bytes)
      }
      if (event.splittable && room - frameBytes >= minPiece) {
        const cut = this.#fit(body, room - frameBytes)
        const piece = `${frame.head}${body.slice(0, cut)}${frame.tail}\n`
        lines += this.#take(piece, Buffer.byteLength(piece))
        body = body.slice(cut)
        frame = event.rest
      } else {
        lines += this.#fill(event.filler, room)
      }
    }
  }

  #room(): number {
    return pageBytes - (this.#offset % pageBytes)
  }

  #take(line: string, bytes: number): string {
    this.#offset += bytes
    const left = this.#room()
    if (left >= minRoom) return line
    this.#offset += left
    return `${line.slice(0, -1)}${' '.repeat(left)}\n`
  }

  #fill({ head, tail }: LineFrame, bytes: number): string {
    this.#offset += bytes
    return `${head}${' '.repeat(bytes - head.length - tail.length - 1)}${tail}\n`
  }

  /** Length of the longest start of `body` that takes at most `bytes` and ends between two characters or escapes. */
  #fit(body: string, bytes: number): number {
    const { read } = this.#encoder.encodeInto(body, this.#scratch.subarray(0, bytes))
    for (let at = read - 1; at >= Math.max(0, read - 6); at--) {
      if (body[at] !== '\\' || !startsEscape(body, at)) continue
      return at + (body[at + 1] === 'u' ? 6 : 2) > read ? at : read
    }
    return read
  }
}

/** Of a run of backslashes every second one is escaped by the one before it. */
function startsEscape(body: string, at: number): boolean {
  let before = at
  while (before > 0 && body[before - 1] === '\\') before--
  return (at - before) % 2 === 0
}
