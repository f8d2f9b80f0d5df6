import stringWidth from 'string-width'

export interface BarState {
  readonly state: 'playing' | 'paused' | 'live'
  /** Seconds. */
  readonly position: number
  readonly duration: number
  readonly speed: number
  /** Seconds of each marker. */
  readonly markers: readonly number[]
  /** The marker at the position, or another short notice; empty for none. */
  readonly note: string
  readonly title: string
}

const signs = { playing: '▶', paused: '‖', live: '●' } as const
/** Cells of the bar itself: below the first it says nothing, above the second it says no more. */
const narrowest = 10
const widest = 60

/** The last row of a replay, `cols` cells wide: where it is, what is there, and how to get help. */
export function seekBar(bar: BarState, cols: number): string {
  const { state, position, duration, speed, note, title } = bar
  const left = ` ${signs[state]} ${clock(position)} `
  const right = ` ${state === 'live' ? 'live' : clock(duration)}  ${speed}×`
  const help = '  ? help  q quit '
  const words = [note === '' ? '' : `  ◆ ${note}`, title === '' ? '' : `  ${title}`].map(oneLine)
  const fixed = stringWidth(left + right + help)
  const wanted = Math.max(narrowest, Math.min(widest, Math.floor((cols - fixed) / 2)))
  const track = cols - fixed >= narrowest ? trackOf(bar, wanted) : ''
  const room = cols - stringWidth(left + track + right + help)
  // The help makes room for a note that would be cut, and comes back after it.
  const end = stringWidth(words[0] ?? '') > room ? '' : help
  const middle = fit(words.join(''), Math.max(0, room + help.length - end.length))
  const row = room < 0 ? `${left}/${right}` : left + track + right + middle + end
  return `\x1b[7m${fit(row, cols)}\x1b[0m`
}

function trackOf({ position, duration, markers }: BarState, cells: number): string {
  const place = (seconds: number) => Math.min(cells - 1, Math.floor((seconds / Math.max(duration, 1e-9)) * cells))
  const marked = new Set(markers.map(place))
  const here = place(position)
  return Array.from({ length: cells }, (_, cell) => {
    if (cell === here) return '█'
    if (marked.has(cell)) return '◆'
    return cell < here ? '━' : '─'
  }).join('')
}

/** Minutes and seconds, with hours where there are any. */
export function clock(seconds: number): string {
  const whole = Math.floor(seconds)
  const two = (count: number) => String(count).padStart(2, '0')
  const hours = Math.floor(whole / 3600)
  return `${hours > 0 ? `${hours}:` : ''}${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`
}

/** Seconds of `90`, `1:30` or `1:02:03`; undefined for anything else. */
export function parseClock(text: string): number | undefined {
  if (!/^\d+(:[0-5]?\d){0,2}$/.test(text.trim())) return undefined
  return text
    .trim()
    .split(':')
    .reduce((total, part) => total * 60 + Number(part), 0)
}

/** Exactly `cells` wide: cut with an ellipsis, or filled up. */
export function fit(text: string, cells: number): string {
  if (stringWidth(text) <= cells) return text + ' '.repeat(cells - stringWidth(text))
  let cut = ''
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    if (stringWidth(cut + segment) > cells - 1) break
    cut += segment
  }
  const short = cells > 0 ? `${cut}…` : ''
  return short + ' '.repeat(Math.max(0, cells - stringWidth(short)))
}

/** Markers quote commands: nothing of them may move a cursor or turn the direction of text. */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, ' ')
}
