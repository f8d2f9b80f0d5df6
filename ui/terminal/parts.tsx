import { Box, Text } from 'ink'
import type { ReactNode } from 'react'
import { width } from '../words/width.ts'
import type { FactRow } from './fact-rows.ts'
import { bindings, type Action } from './keys.ts'
import { useTheme, type Tone } from './theme.ts'

/** Text with a meaning. The text must be harmless already (ui/words/plain). */
export function Say({ tone = 'plain', children }: { readonly tone?: Tone; readonly children: string }): ReactNode {
  return <Text>{useTheme().paint(tone, children)}</Text>
}

/** One row that never wraps: what does not fit is cut with `…`. */
export function Row({ children }: { readonly children: ReactNode }): ReactNode {
  return (
    <Box height={1} flexShrink={0}>
      <Text wrap="truncate-end">{children}</Text>
    </Box>
  )
}

/** `── title ─────────── aside ──` over the whole width. */
export function Rule({
  cols,
  title,
  aside = '',
}: {
  readonly cols: number
  readonly title: string
  readonly aside?: string
}): ReactNode {
  const left = `── ${title} `
  const right = aside === '' ? '──' : ` ${aside} ──`
  const line = '─'.repeat(Math.max(0, cols - width(left) - width(right)))
  return (
    <Row>
      <Say tone="quiet">── </Say>
      <Say tone="strong">{title}</Say>
      <Say tone="quiet">{` ${line}${right}`}</Say>
    </Row>
  )
}

export function Facts({ rows }: { readonly rows: readonly FactRow[] }): ReactNode {
  return rows.map((row, index) => (
    <Row key={index}>
      <Say tone="quiet">{row.lead}</Say>
      <Say tone={row.tone}>{row.text}</Say>
    </Row>
  ))
}

/**
 * The keys that do something now, from the key table; where they do not all fit, the last one stays. `words` replaces
 * the table's own.
 */
export function Hints({
  cols,
  actions,
  words = {},
}: {
  readonly cols: number
  readonly actions: readonly Action[]
  readonly words?: Partial<Readonly<Record<Action, string>>>
}): ReactNode {
  const texts = actions.map((action) => [bindings[action].shown, words[action] ?? bindings[action].words] as const)
  return (
    <Row>
      {fitting(texts, cols).map(([shown, meaning], index) => (
        <Text key={shown}>
          {index === 0 ? ' ' : '   '}
          <Say tone="strong">{shown}</Say>
          <Say tone="quiet">{` ${meaning}`}</Say>
        </Text>
      ))}
    </Row>
  )
}

type HintText = readonly [shown: string, meaning: string]

function fitting(texts: readonly HintText[], cols: number): readonly HintText[] {
  const taken = texts.reduce((sum, [shown, meaning]) => sum + width(shown) + width(meaning) + 4, 0)
  if (taken - 2 <= cols || texts.length < 2) return texts
  return fitting([...texts.slice(0, -2), ...texts.slice(-1)], cols)
}
