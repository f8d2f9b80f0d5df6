import stringWidth from 'string-width'

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' })
const ellipsis = '…'

/** Cells that plain text (no escape sequences) takes on a terminal; the rules are those of Ink's layout. */
export function width(text: string): number {
  return stringWidth(text)
}

/** The text in at most `cells` cells; what is cut ends with `…`. Never cuts inside a character. */
export function truncate(text: string, cells: number): string {
  if (cells <= 0) return ''
  if (width(text) <= cells) return text
  return head(text, cells - 1) + ellipsis
}

/** As {@link truncate}, but keeps the end: for what a person is typing. */
export function truncateStart(text: string, cells: number): string {
  if (cells <= 0) return ''
  if (width(text) <= cells) return text
  return ellipsis + tail(text, cells - 1)
}

/** The text and as many spaces as fill `cells`; cut when it is longer. */
export function pad(text: string, cells: number): string {
  const shown = truncate(text, cells)
  return shown + ' '.repeat(Math.max(0, cells - width(shown)))
}

/** Breaks one line into lines of at most `cells` cells, at spaces where there are any. Nothing but spaces is lost. */
export function wrap(text: string, cells: number): string[] {
  const lines: string[] = []
  let rest = text
  while (width(rest) > cells) {
    const whole = head(rest, cells) || firstGrapheme(rest)
    const space = rest[whole.length] === ' ' ? whole.length : whole.lastIndexOf(' ')
    const cut = whole.slice(0, space).trim() === '' ? whole.length : space
    lines.push(rest.slice(0, cut).trimEnd())
    rest = rest.slice(cut).trimStart()
  }
  if (rest !== '' || lines.length === 0) lines.push(rest)
  return lines
}

/** The text without its last character as a person counts them. */
export function dropLast(text: string): string {
  const parts = Array.from(graphemes.segment(text), (part) => part.segment)
  return parts.slice(0, -1).join('')
}

function head(text: string, cells: number): string {
  let taken = 0
  let kept = ''
  for (const { segment } of graphemes.segment(text)) {
    taken += width(segment)
    if (taken > cells) break
    kept += segment
  }
  return kept
}

function tail(text: string, cells: number): string {
  let taken = 0
  let kept = ''
  for (const { segment } of Array.from(graphemes.segment(text)).toReversed()) {
    taken += width(segment)
    if (taken > cells) break
    kept = segment + kept
  }
  return kept
}

function firstGrapheme(text: string): string {
  for (const { segment } of graphemes.segment(text)) return segment
  return text
}
