import { paletteColour } from './colours.ts'

/** Bits of colour a terminal shows: 24 for any, 8 for the palette of 256, 4 for the first 16. */
export type ColourDepth = 4 | 8 | 24

/** Reduced looks that are remembered; a ramp of colours has no end of them. */
const looksKept = 4_096

/** What Node found out about a terminal's colours; where it advises against colour they stay the program's business. */
export function colourDepth(bits: number): ColourDepth {
  return bits === 4 || bits === 8 ? bits : 24
}

/** Brings the looks of cells (SGR parameters, see `Cell`) down to what the terminal can show. */
export class Looks {
  readonly depth: ColourDepth
  readonly #known = new Map<string, string>()

  constructor(depth: ColourDepth) {
    this.depth = depth
  }

  of(style: string): string {
    if (this.depth === 24 || style === '') return style
    const known = this.#known.get(style)
    if (known !== undefined) return known
    if (this.#known.size >= looksKept) this.#known.clear()
    const look = reduce(style, this.depth)
    this.#known.set(style, look)
    return look
  }
}

function reduce(style: string, depth: 4 | 8): string {
  const [ordinary = '', underline] = style.split('m\x1b[')
  const colours = ordinary.replaceAll(
    /\b([34])8;(?:2;(\d+);(\d+);(\d+)|5;(\d+))/g,
    (_, ground: string, red = '0', green = '0', blue = '0', index?: string) => {
      const place = index === undefined ? nearest(Number(red), Number(green), Number(blue), depth) : Number(index)
      if (depth === 8) return `${ground}8;5;${place}`
      const rgb = paletteColour(place)
      const basic = place < 16 ? place : nearest(rgb >> 16, (rgb >> 8) & 255, rgb & 255, 4)
      return String(basic < 8 ? Number(ground) * 10 + basic : Number(ground) * 10 + 52 + basic)
    },
  )
  // Terminals of 16 colours know no underlines but the plain one.
  if (underline === undefined || depth === 4) return colours
  return `${colours}m\x1b[${underline.replace(/58:2::(\d+):(\d+):(\d+)/, (_, ...rgb: string[]) => `58:5:${nearest(Number(rgb[0]), Number(rgb[1]), Number(rgb[2]), 8)}`)}`
}

/** The place in the palette nearest to a colour. Of 256, the first 16 are left out: they look different everywhere. */
function nearest(red: number, green: number, blue: number, depth: 4 | 8): number {
  const [from, to] = depth === 4 ? [0, 16] : [16, 256]
  let best = from
  let least = Infinity
  for (let place = from; place < to; place += 1) {
    const colour = paletteColour(place)
    const distance = (red - (colour >> 16)) ** 2 + (green - ((colour >> 8) & 255)) ** 2 + (blue - (colour & 255)) ** 2
    if (distance < least) {
      least = distance
      best = place
    }
  }
  return best
}
