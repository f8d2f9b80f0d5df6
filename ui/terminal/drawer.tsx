import { Box } from 'ink'
import type { ReactNode } from 'react'
import type { HeldRequest } from '../../src/model/held.ts'
import { clock } from '../words/durations.ts'
import { shortCommand } from '../words/held.ts'
import { plain } from '../words/plain.ts'
import { listCells, pad, truncate, truncateMiddle, width } from '../words/width.ts'
import { ActivityList } from './activity-list.tsx'
import {
  codeLabel,
  commentLabel,
  fieldText,
  layoutDrawer,
  type DrawerLayout,
  type DrawerProps,
} from './drawer-layout.ts'
import { actionsFor } from './drawer-state.ts'
import type { Action } from './keys.ts'
import { Facts, Hints, Row, Say } from './parts.tsx'
import { TabBar } from './tab-bar.tsx'

/** The drawer: its parts, the shown one, and the keys that do something there. */
export function Drawer(props: DrawerProps): ReactNode {
  const { cols, state } = props
  const layout = layoutDrawer(props)
  const { tab, waiting, list, at, facts, room, maxScroll } = layout
  const scroll = Math.min(state.scroll, maxScroll)
  return (
    <Box flexDirection="column" width={cols} height={layout.rows} overflow="hidden">
      <TabBar cols={cols} tab={tab} waiting={waiting.length} aside={asideOf(layout, props, scroll)} />
      {tab === 'held' && list > 0 && <HeldList cols={cols} waiting={waiting} at={at} rows={list} />}
      {tab === 'activity' && list > 0 && (
        <ActivityList cols={cols} activities={layout.activities} at={at} rows={list} />
      )}
      <Facts rows={facts.slice(scroll, scroll + room)} />
      {layout.hasBottom && <Bottom {...props} layout={layout} />}
    </Box>
  )
}

/** Narrower rows say only how many rows are below. */
const roomForWords = 30

/** Which one of how many, and how much is above and below. */
function asideOf(layout: DrawerLayout, { picture: { link, since }, cols }: DrawerProps, scroll: number): string[] {
  const { tab, held, waiting, activities, at, facts, list, room } = layout
  const parts: string[] = []
  if (link === 'lost' || link === 'refused') parts.push(`✗ no broker since ${clock(new Date(since).toISOString())}`)
  if (held !== undefined) {
    parts.push(plain(held.id))
    if (waiting.length > 1) parts.push(`${at + 1} of ${waiting.length}`)
  }
  if (tab === 'activity' && activities.length > 0) {
    parts.push(at === 0 && list > 0 ? 'latest first' : `${at + 1} of ${activities.length}`)
  }
  const below = facts.length - room - scroll
  if (scroll > 0) parts.push(`↑ ${scroll}`)
  if (below > 0) parts.push(`↓ ${below}${cols < roomForWords ? '' : ' more'}`)
  return parts
}

function HeldList({
  cols,
  waiting,
  at,
  rows,
}: {
  readonly cols: number
  readonly waiting: readonly HeldRequest[]
  readonly at: number
  readonly rows: number
}): ReactNode {
  const first = Math.max(0, Math.min(at - Math.floor(rows / 2), waiting.length - rows))
  return (
    <>
      {waiting.slice(first, first + rows).map((held, index) => (
        <Row key={held.id}>
          <Say tone={first + index === at ? 'selected' : 'plain'}>{heldRow(held, first + index === at, cols)}</Say>
        </Row>
      ))}
      <Row>
        <Say tone="quiet">{'╌'.repeat(cols)}</Say>
      </Row>
    </>
  )
}

function heldRow(held: HeldRequest, isChosen: boolean, cols: number): string {
  const until = ` ${clock(held.expiresAt)} `
  const lead = `${isChosen ? ' ▸ ' : '   '}${plain(held.id)}  `
  const room = Math.max(0, listCells(cols) - width(until))
  return pad(pad(lead + truncateMiddle(shortCommand(held), room - width(lead)), room) + until, cols)
}

function Bottom({ cols, state, picture, layout }: DrawerProps & { readonly layout: DrawerLayout }): ReactNode {
  const { dialog } = state
  if (dialog.kind === 'comment') {
    return (
      <Row>
        <Say tone="strong">{commentLabel}</Say>
        <Say>{fieldText(dialog.text, cols)}</Say>
      </Row>
    )
  }
  if (dialog.kind === 'confirm') {
    return (
      <Row>
        {codeLabel}
        <Say tone="code">{` ${dialog.code} `}</Say>
        <Say>{' to run exactly this.'}</Say>
        <Say tone="quiet">{'  Esc goes back'}</Say>
      </Row>
    )
  }
  if (state.remark !== '') {
    return (
      <Row>
        <Say tone="strong">{` ${truncate(state.remark, cols - 1)}`}</Say>
      </Row>
    )
  }
  return (
    <Hints
      cols={cols}
      actions={hintsFor(layout, state.activity.open, picture.link === 'live')}
      words={hintWords(layout, state.activity.open)}
    />
  )
}

function hintsFor(
  { tab, held, waiting, activities, list, maxScroll }: DrawerLayout,
  isOpen: boolean,
  isLive: boolean,
): Action[] {
  const scroll: Action[] = maxScroll > 0 ? ['page-down'] : []
  const isList = tab === 'activity' && list > 0
  const several: Action[] =
    (isList ? activities.length : waiting.length) > 1 && (isList || held !== undefined) ? ['down'] : []
  const open: Action[] = isList ? ['open'] : []
  const turn: Action[] = isOpen && tab === 'activity' ? [] : ['next-tab']
  return [...(isLive ? actionsFor(held) : []), ...open, ...several, ...scroll, ...turn, 'back']
}

function hintWords({ tab, list }: DrawerLayout, isOpen: boolean): Partial<Readonly<Record<Action, string>>> {
  const isDetail = tab === 'activity' && isOpen && list === 0
  return { down: 'next', ...(isDetail ? { back: 'back to the list' } : {}) }
}
