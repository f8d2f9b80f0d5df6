import stringWidth from 'string-width'

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' })
const ellipsis = '…'
const printableAscii = /^[ -~]*$/

/** Cells that plain text (no escape sequences) takes on a terminal; the rules are those of Ink's layout. */
export function width(text: string): number {
  return printableAscii.test(text) ? text.length : stringWidth(text)
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

/** As {@link truncate}, but keeps both ends: names often differ at their end. */
export function truncateMiddle(text: string, cells: number): string {
  if (cells <= 0) return ''
  if (width(text) <= cells) return text
  const end = Math.floor((cells - 1) / 2)
  return head(text, cells - 1 - end) + ellipsis + tail(text, end)
}

/** Cells of a row of a list: in wider ones the eye would lose the row on its way from the left to the right. */
export function listCells(cols: number): number {
  return Math.min(cols, 132)
}

/** The text and as many spaces as fill `cells`; cut when it is longer. */
export function pad(text: string, cells: number): string {
  const shown = truncate(text, cells)
  return shown + ' '.repeat(Math.max(0, cells - width(shown)))
}

/** Breaks one line into lines of at most `cells` cells, at spaces where there are any. Nothing but spaces is lost. */
export function wrap(text: string, cells: number): string[] {
  const lines: string[] = []
  let line = ''
  let taken = 0
  const add = (part: string, partWidth: number) => {
    line += part
    taken += partWidth
  }
  const breakLine = () => {
    lines.push(line.trimEnd())
    line = ''
    taken = 0
  }
  for (const word of text.match(/ +|[^ ]+/g) ?? []) {
    const wordWidth = width(word)
    if (taken + wordWidth <= cells) add(word, wordWidth)
    else if (word.startsWith(' ')) breakLine()
    else {
      if (wordWidth <= cells && line.trim() !== '') breakLine()
      for (const { segment } of graphemes.segment(word)) {
        const segmentWidth = width(segment)
        if (taken + segmentWidth > cells && line !== '') breakLine()
        add(segment, segmentWidth)
      }
    }
  }
  if (line !== '' || lines.length === 0) lines.push(line)
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
