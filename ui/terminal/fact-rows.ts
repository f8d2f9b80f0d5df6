import { pad, wrap } from '../words/width.ts'
import type { Tone } from './theme.ts'

/** One row of the details: what stands before its text (a label on a fact's first row), then its text. Both fit. */
export interface FactRow {
  readonly lead: string
  readonly text: string
  readonly tone: Tone
}

export interface Fact {
  readonly label: string
  readonly lines: readonly string[]
  readonly tone: Tone
}

/** Cells of the label column; the longest label and two spaces. */
const labelWidth = 9

/** Narrower than this, labels stand before the words: a column of them would leave no room. */
const roomForLabels = 36

export function fact(label: string, lines: readonly string[], tone: Tone = 'plain'): Fact {
  return { label, lines, tone }
}

/** Facts as rows of at most `cells` cells; nothing of them is cut. */
export function rows(facts: readonly Fact[], cells: number): FactRow[] {
  const isNarrow = cells < roomForLabels || facts.every(({ label }) => label === '')
  const room = Math.max(1, isNarrow ? cells - 1 : cells - labelWidth)
  return facts.flatMap(({ label, lines, tone }) => {
    const texts = (
      isNarrow ? [label === '' ? (lines[0] ?? '') : `${label}: ${lines[0] ?? ''}`, ...lines.slice(1)] : lines
    ).flatMap((line) => wrap(line, room))
    return texts.map((text, index) => ({
      lead: isNarrow ? ' ' : pad(index === 0 ? ` ${label}` : '', labelWidth),
      text,
      tone,
    }))
  })
}
