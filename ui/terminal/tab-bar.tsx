import type { ReactNode } from 'react'
import { width } from '../words/width.ts'
import { tabs, type Tab } from './keys.ts'
import { Row, Say } from './parts.tsx'

const names: Readonly<Record<Tab, string>> = { held: 'Held', activity: 'Activity', session: 'Session', help: 'Help' }

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
  readonly aside: string
}): ReactNode {
  const label = (one: Tab) => (one === 'held' && waiting > 0 ? `${names.held} ${waiting}` : names[one])
  const full = tabs.map((one) => (one === tab ? `[${label(one)}]` : ` ${label(one)} `))
  const isNarrow = width(full.join('')) + 2 > cols
  const shown = isNarrow ? [`[${label(tab)}]`] : full
  const place = isNarrow ? `${tabs.indexOf(tab) + 1}/${tabs.length}` : ''
  const taken = width(shown.join('')) + 1
  const right = [aside, place].find((one) => one !== '' && width(one) + 4 + taken <= cols) ?? ''
  const end = right === '' ? '' : ` ${right} `
  return (
    <Row>
      <Say tone="quiet">─</Say>
      {shown.map((text, index) => (
        <Say
          key={index}
          tone={text.startsWith('[') ? 'selected' : isUrgent(tabs[index], waiting) ? 'waiting' : 'strong'}
        >
          {text}
        </Say>
      ))}
      <Say tone="quiet">{`${'─'.repeat(Math.max(0, cols - taken - width(end) - (end === '' ? 0 : 1)))}${end}${end === '' ? '' : '─'}`}</Say>
    </Row>
  )
}

/** Something waits, and another part is shown. */
function isUrgent(tab: Tab | undefined, waiting: number): boolean {
  return tab === 'held' && waiting > 0
}
