import type { ReactNode } from 'react'
import { width } from '../words/width.ts'
import { tabs, type Tab } from './keys.ts'
import { Row, Say } from './parts.tsx'

type Names = Readonly<Record<Tab, string>>
const names: Names = { held: 'Held', activity: 'Activity', session: 'Session', help: 'Help' }
const shortNames: Names = { held: 'Held', activity: 'Act', session: 'Sess', help: '?' }

/** The first row of the drawer: its parts, the shown one in brackets, and where one is in it. */
export function TabBar({
  cols,
  tab,
  waiting,
  aside,
}: {
  readonly cols: number
  readonly tab: Tab
  /** How many requests wait; shown on every part. */
  readonly waiting: number
  /** What else is said at the right; where there is no room for all, the last ones stay. */
  readonly aside: readonly string[]
}): ReactNode {
  const labels = (from: Names) =>
    tabs.map((one) => {
      const label = one === 'held' && waiting > 0 ? `${from.held} ${waiting}` : from[one]
      return one === tab ? `[${label}]` : ` ${label} `
    })
  const needed = width(aside.at(-1) ?? '') + 5
  const all = [labels(names), labels(shortNames)].find((one) => width(one.join('')) + needed <= cols)
  const shown = all ?? labels(names).filter((label) => label.startsWith('['))
  const place = all === undefined ? `${tabs.indexOf(tab) + 1}/${tabs.length}` : ''
  const taken = width(shown.join('')) + 1
  const right = fitting([place, ...aside].filter(Boolean), cols - taken - 4)
  const end = right === '' ? '' : ` ${right} `
  return (
    <Row>
      <Say tone="quiet">─</Say>
      {shown.map((text, index) => (
        <Say key={index} tone={text.startsWith('[') ? 'selected' : index === 0 && waiting > 0 ? 'waiting' : 'strong'}>
          {text}
        </Say>
      ))}
      <Say tone="quiet">{`${'─'.repeat(Math.max(0, cols - taken - width(end) - (end === '' ? 0 : 1)))}${end}${end === '' ? '' : '─'}`}</Say>
    </Row>
  )
}

function fitting(parts: readonly string[], room: number): string {
  const text = parts.join(' · ')
  return width(text) <= room ? text : fitting(parts.slice(1), room)
}
