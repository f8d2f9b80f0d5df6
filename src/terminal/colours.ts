/** xterm's own 16 colours, which most terminals come near. */
const first16 =
  '000000 cd0000 00cd00 cdcd00 0000ee cd00cd 00cdcd e5e5e5 7f7f7f ff0000 00ff00 ffff00 5c5cff ff00ff 00ffff ffffff'
    .split(' ')
    .map((hex) => Number.parseInt(hex, 16))
/** Steps of the colour cube in the palette's places 16 to 231. */
const cube = [0, 95, 135, 175, 215, 255]
const paletteSize = 256

/** The colour (0xRRGGBB) at a place of the standard palette: 16 colours, a cube of 6×6×6, 24 greys. */
export function paletteColour(index: number): number {
  const first = first16[index]
  if (first !== undefined) return first
  const grey = 8 + (index - 232) * 10
  if (index >= 232) return (grey << 16) | (grey << 8) | grey
  const [red, green, blue] = [36, 6, 1].map((step) => cube[Math.floor((index - 16) / step) % 6] ?? 0)
  return ((red ?? 0) << 16) | ((green ?? 0) << 8) | (blue ?? 0)
}

/**
 * What a program is told about colours: those of the real terminal, as far as it answered, and over them those the
 * program set itself. These are remembered and never carried out, for with them a program could blot out our row.
 * Names are what stands in the sequence before the colour: `10`, `11`, `12` or `4;` and the place in the palette.
 */
export class TerminalColours {
  readonly #real = new Map<string, string>()
  readonly #set = new Map<string, string>()

  /** In the form `rgb:rrrr/gggg/bbbb`; undefined when it is not known. */
  get(name: string): string | undefined {
    return this.#set.get(name) ?? this.#real.get(name) ?? standard(name)
  }

  set(name: string, text: string): void {
    const colour = parseColour(text)
    if (colour !== undefined && isName(name)) this.#set.set(name, colour)
  }

  reset(name: string): void {
    this.#set.delete(name)
  }

  resetPalette(): void {
    for (const name of this.#set.keys()) if (name.startsWith('4;')) this.#set.delete(name)
  }

  /** Takes replies of the real terminal to OSC 4, 10, 11 and 12 questions; anything else is passed over. */
  learn(replies: string): void {
    for (const [, name = '', text = ''] of replies.matchAll(
      /\x1b\](1[012]|4;\d{1,3});([^\x07\x1b]{1,40})(?:\x07|\x1b\\)/g,
    )) {
      const colour = parseColour(text)
      if (colour !== undefined && isName(name)) this.#real.set(name, colour)
    }
  }
}

function isName(name: string): boolean {
  return /^1[012]$/.test(name) || (/^4;\d{1,3}$/.test(name) && Number(name.slice(2)) < paletteSize)
}

function standard(name: string): string | undefined {
  if (!name.startsWith('4;') || !isName(name)) return undefined
  return parseColour(
    `#${paletteColour(Number(name.slice(2)))
      .toString(16)
      .padStart(6, '0')}`,
  )
}

/** X11's `rgb:r/g/b` with one to four hexadecimal digits each, and `#rgb` with one to four each (XParseColor). */
function parseColour(text: string): string | undefined {
  const device = /^rgb:([\da-f]{1,4})\/([\da-f]{1,4})\/([\da-f]{1,4})$/i.exec(text)?.slice(1)
  if (device !== undefined) return `rgb:${device.map((part) => scaled(part)).join('/')}`
  const hex = /^#((?:[\da-f]{3}){1,4})$/i.exec(text)?.[1]
  if (hex === undefined) return undefined
  const digits = hex.length / 3
  const parts = [0, 1, 2].map((part) => hex.slice(part * digits, (part + 1) * digits))
  return `rgb:${parts.map((part) => (digits === 2 ? scaled(part) : part.padEnd(4, '0'))).join('/')}`
}

function scaled(part: string): string {
  const value = (Number.parseInt(part, 16) * 0xffff) / (16 ** part.length - 1)
  return Math.round(value).toString(16).padStart(4, '0')
}
