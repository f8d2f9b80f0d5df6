import { codeLength } from '../words/code.ts'
import { dropLast } from '../words/width.ts'
import { typedText, type Action, type Stroke } from './keys.ts'

/**
 * A verdict that comes sooner than this after a change of what is shown was meant for what was shown before.
 * Milliseconds; longer than a person needs to stop typing.
 */
export const settleMs = 500

/** Longest text a person may add; the control contract refuses longer ones. */
const longestText = 2000

/** Characters of a code typed so far. The code is not echoed: nothing on the screen changes while it is typed. */
export interface CodeEntry {
  readonly code: string
  readonly typed: string
}

/** One stroke on a code: only single keys count, and only after what is shown has stood for a while. */
export function enterCode(
  entry: CodeEntry,
  stroke: Stroke,
  sinceChangeMs: number,
): { readonly result: 'more' | 'right' | 'wrong'; readonly typed: string } {
  if (sinceChangeMs < settleMs || stroke.kind === 'text') return { result: 'more', typed: entry.typed }
  const typed = entry.typed + typedText(stroke)
  if (typed.length < codeLength) return { result: 'more', typed }
  return { result: typed === entry.code ? 'right' : 'wrong', typed }
}

/** A text field after one stroke. */
export function edited(text: string, action: Action | undefined, stroke: Stroke): string {
  if (action === 'erase') return dropLast(text)
  if (action === 'erase-all') return ''
  return (text + typedText(stroke)).slice(0, longestText).toWellFormed()
}
