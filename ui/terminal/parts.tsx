import { Box, Text } from 'ink'
import type { ReactNode } from 'react'
import { pad, width } from '../words/width.ts'
import { labelWidth, type FactRow } from './facts.ts'
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
      <Say tone="quiet">{pad(` ${row.label}`, labelWidth)}</Say>
      <Say tone={row.tone}>{row.text}</Say>
    </Row>
  ))
}

/** The keys that do something now, from the key table. `words` replaces the table's own. */
export function Hints({
  actions,
  words = {},
}: {
  readonly actions: readonly Action[]
  readonly words?: Partial<Readonly<Record<Action, string>>>
}): ReactNode {
  return (
    <Row>
      {actions.map((action) => (
        <Text key={action}>
          {' '}
          <Say tone="strong">{bindings[action].shown}</Say>
          <Say tone="quiet">{` ${words[action] ?? bindings[action].words}  `}</Say>
        </Text>
      ))}
    </Row>
  )
}
