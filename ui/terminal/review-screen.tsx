import { Box, Text } from 'ink'
import type { ReactNode } from 'react'
import type { BrokerInfo } from '../../src/control/contract.ts'
import type { HeldRequest } from '../../src/model/held.ts'
import { age, clock, timeLeft } from '../words/durations.ts'
import { shortCommand } from '../words/held.ts'
import { historyWords } from '../words/notices.ts'
import { plain } from '../words/plain.ts'
import { listCells, pad, truncate, truncateMiddle, truncateStart, width, wrap } from '../words/width.ts'
import type { FactRow } from './fact-rows.ts'
import { reviewerFacts } from './facts.ts'
import type { Action } from './keys.ts'
import { Facts, Hints, Row, Rule, Say } from './parts.tsx'
import { pending, type Picture } from './picture.ts'
import { obstacle, selectedOf, verdictsFor, type ReviewState } from './review-state.ts'

export interface ReviewScreenProps {
  readonly cols: number
  readonly rows: number
  readonly info: BrokerInfo
  readonly state: ReviewState
  readonly now: number
}

interface ReviewLayout {
  readonly list: number
  readonly facts: readonly FactRow[]
  readonly room: number
  readonly maxScroll: number
  readonly history: readonly HeldRequest[]
}

/** Rows that are always there: header, title of the details, keys. */
const frameRows = 3
/** Narrower screens show the sign for the name. */
const roomForName = 40
/** Screens lower than this show no history: the request itself matters more. */
const roomForHistory = 20

export function layoutReview({ cols, rows, state }: ReviewScreenProps): ReviewLayout {
  const waiting = pending(state.picture)
  const held = selectedOf(state)
  const list = Math.min(waiting.length, Math.max(1, Math.floor(rows / 5)))
  const past = state.picture.held.filter((one) => one.state !== 'pending').toReversed()
  const history = rows < roomForHistory ? [] : past.slice(0, held === undefined ? Math.floor(rows / 2) : 3)
  const historyRows = history.length === 0 ? 0 : history.length + 1
  const facts = held === undefined ? [] : reviewerFacts(held, cols - 1)
  const room = Math.max(0, rows - frameRows - list - historyRows)
  return { list, facts, room, maxScroll: Math.max(0, facts.length - room), history }
}

export function ReviewScreen(props: ReviewScreenProps): ReactNode {
  const { cols, rows, state } = props
  const layout = layoutReview(props)
  const held = selectedOf(state)
  const scroll = Math.min(state.scroll, layout.maxScroll)
  const more = layout.facts.length - layout.room - scroll
  return (
    <Box flexDirection="column" width={cols} height={rows} overflow="hidden">
      <Header {...props} />
      <WaitingList {...props} rows={layout.list} />
      {held === undefined ? (
        <Empty {...props} />
      ) : (
        <Rule
          cols={cols}
          title={plain(held.id)}
          aside={[placeOf(held, state), scroll > 0 ? `↑ ${scroll}` : '', more > 0 ? `↓ ${more} more` : '']
            .filter(Boolean)
            .join(' · ')}
        />
      )}
      <Box flexDirection="column" flexGrow={1} overflow="hidden">
        <Facts rows={layout.facts.slice(scroll, scroll + layout.room)} />
      </Box>
      {layout.history.length > 0 && <Rule cols={cols} title="decided" aside="latest first" />}
      {layout.history.map((one) => (
        <HistoryRow key={one.id} held={one} />
      ))}
      <Bottom {...props} scrolls={layout.maxScroll > 0} />
    </Box>
  )
}

/** Which one of how many, where there are several. */
function placeOf(held: HeldRequest, { picture }: ReviewState): string {
  const waiting = pending(picture)
  return waiting.length > 1 ? `${waiting.indexOf(held) + 1} of ${waiting.length}` : ''
}

function Header({ cols, info, state }: ReviewScreenProps): ReactNode {
  const { link } = state.picture
  const waiting = pending(state.picture).length
  const troubles = {
    connecting: 'connecting …',
    live: '',
    lost: '✗ BROKER LOST, reconnecting',
    refused: '✗ SIGNED OUT',
    ended: '✗ BROKER ENDED',
    expired: '✗ SESSION ENDED',
  }
  const trouble = troubles[link]
  const right = trouble !== '' ? ` ${trouble} ` : waiting === 0 ? ' nothing waits ' : ` ▲ ${waiting} waiting `
  const mark = cols < roomForName ? ' ◆ ' : ' chaperone '
  const room = Math.max(0, cols - width(mark) - width(right))
  return (
    <Row>
      <Say tone="mark">{mark}</Say>
      <Say>{pad(` review as ${plain(info.you.name)}  ${plain(info.context)}`, room)}</Say>
      <Say tone={trouble !== '' ? 'alarm' : waiting === 0 ? 'quiet' : 'waiting'}>{truncate(right, cols)}</Say>
    </Row>
  )
}

function WaitingList({ cols, rows, state, now }: ReviewScreenProps): ReactNode {
  const waiting = pending(state.picture)
  const at = waiting.findIndex((held) => held.id === selectedOf(state)?.id)
  const first = Math.max(0, Math.min(at - Math.floor(rows / 2), waiting.length - rows))
  return waiting.slice(first, first + rows).map((held, index) => (
    <Row key={held.id}>
      <Say tone={first + index === at ? 'selected' : 'plain'}>{listRow(held, first + index === at, cols, now)}</Say>
    </Row>
  ))
}

const ageCells = 9
const nameCells = 14

function listRow(held: HeldRequest, selected: boolean, cols: number, now: number): string {
  const arrow = selected ? ' ▸ ' : '   '
  const left = cols < 60 ? ' ' : `  ${timeLeft(held.expiresAt, now)} `
  const who = cols < 60 ? '' : `${pad(plain(held.subject.name), nameCells)} `
  const lead = `${arrow}${pad(age(held.createdAt, now), ageCells)}${who}`
  const room = Math.max(0, listCells(cols) - width(left))
  return pad(pad(lead + truncateMiddle(shortCommand(held), room - width(lead)), room) + left, cols)
}

function Empty({ cols, rows, state }: ReviewScreenProps): ReactNode {
  return (
    <Box flexDirection="column" paddingTop={rows < roomForHistory ? 1 : 3} paddingBottom={1} flexShrink={0}>
      {wrap(emptyWords(state.picture), Math.max(10, cols - 4)).map((line, index) => (
        <Row key={index}>
          <Say>{' '.repeat(Math.max(1, Math.floor((cols - width(line)) / 2)))}</Say>
          <Say tone="quiet">{line}</Say>
        </Row>
      ))}
    </Box>
  )
}

/** Cells of a cause of failure: the first words tell it. */
const longestTrouble = 160

function emptyWords({ link, since, trouble }: Picture): string {
  const at = clock(new Date(since).toISOString())
  const why = trouble === '' ? '' : ` (${truncate(plain(trouble), longestTrouble)})`
  switch (link) {
    case 'connecting':
      return 'Connecting to the broker …'
    case 'lost':
      return `The broker does not answer since ${at}${why}. Connecting again goes on by itself.`
    case 'refused':
      return `The broker does not let you in since ${at}${why}. Trying again goes on by itself; q leaves.`
    case 'ended':
      return `The broker ended at ${at}${why}. Press q, and review again when it runs.`
    case 'live':
    case 'expired':
      return 'Nothing waits. Chaperone rings when something does.'
  }
}

function HistoryRow({ held }: { readonly held: HeldRequest }): ReactNode {
  const bad = held.state === 'denied' || held.state === 'expired' || held.state === 'withdrawn'
  return (
    <Row>
      <Say tone={bad ? 'bad' : 'good'}>{bad ? ' ✗ ' : ' ✓ '}</Say>
      <Say>{historyWords(held)}</Say>
    </Row>
  )
}

/** More requests than this are not walked through one by one. */
const manyWait = 20

const reasonLabel = ' Deny because: '

function Bottom({ cols, info, state, scrolls }: ReviewScreenProps & { readonly scrolls: boolean }): ReactNode {
  const { dialog, remark } = state
  const held = selectedOf(state)
  if (dialog.kind === 'approve') {
    return (
      <Row>
        {' Type '}
        <Say tone="code">{` ${dialog.code} `}</Say>
        <Say>{' to approve exactly this.'}</Say>
        <Say tone="quiet">{'  Esc goes back'}</Say>
      </Row>
    )
  }
  if (remark !== '') {
    return (
      <Row>
        <Say tone="strong">{` ${truncate(remark, cols - 1)}`}</Say>
      </Row>
    )
  }
  if (dialog.kind === 'deny') {
    return (
      <Row>
        <Say tone="strong">{reasonLabel}</Say>
        <Say>{truncateStart(plain(dialog.text), cols - width(reasonLabel) - 1)}</Say>
        <Say tone="selected"> </Say>
      </Row>
    )
  }
  const blocked = held === undefined ? '' : obstacle(held, info.you, state.picture.link)
  const verdicts = verdictsFor(held, info.you, state.picture.link)
  const waiting = pending(state.picture).length
  const several: Action[] = [
    ...(waiting > 1 ? (['down'] as const) : []),
    ...(waiting > manyWait ? (['ten-on'] as const) : []),
  ]
  const scroll: Action[] = scrolls ? ['page-down'] : []
  return (
    <Box height={1} flexShrink={0}>
      {blocked !== '' && (
        <Text wrap="truncate-end">
          <Say tone="strong">{` ${blocked} `}</Say>
        </Text>
      )}
      <Hints
        cols={cols - width(blocked)}
        actions={[...verdicts, ...several, ...scroll, 'quit']}
        words={{ down: 'next' }}
      />
    </Box>
  )
}
