import type { ReactNode } from 'react'
import { decisionWords, took } from '../words/activity.ts'
import { clockSeconds } from '../words/durations.ts'
import { count } from '../words/notices.ts'
import { plain } from '../words/plain.ts'
import { listCells, pad, truncateMiddle, width } from '../words/width.ts'
import { shapeOf } from './activity-facts.ts'
import type { Activity } from './activity.ts'
import { Row, Say } from './parts.tsx'
import type { Tone } from './theme.ts'

const tones: Readonly<Record<Activity['decision'], Tone>> = { allow: 'plain', hold: 'plain', deny: 'bad' }

/** Narrower rows leave out the time and how long it took. */
const roomForTimes = 64

/** The commands of a session, newest first: only the rows that are seen are made. */
export function ActivityList({
  cols,
  rows: room,
  activities,
  at,
}: {
  readonly cols: number
  readonly rows: number
  readonly activities: readonly Activity[]
  readonly at: number
}): ReactNode {
  const first = Math.max(0, Math.min(at - Math.floor(room / 2), activities.length - room))
  return activities.slice(first, first + room).map((activity, index) => {
    const isChosen = first + index === at
    return (
      <Row key={activity.key}>
        <Say tone={isChosen ? 'selected' : tones[activity.decision]}>{listRow(activity, isChosen, cols)}</Say>
      </Row>
    )
  })
}

function listRow(activity: Activity, isChosen: boolean, cols: number): string {
  const { main } = activity
  const time = cols >= roomForTimes ? `${clockSeconds(main.at)} ` : ''
  const lead = `${isChosen ? '▸' : ' '} ${time}${shapeOf(main)} `
  const command = plain(main.command).replace(/^kubectl /, '')
  const free = Math.max(0, listCells(cols) - width(lead) - 1)
  const aside = asideOf(activity, free - Math.min(width(command), Math.ceil(free / 2)) - 1, cols >= roomForTimes)
  const room = Math.max(0, free - width(aside) - 1)
  return pad(`${lead}${pad(truncateMiddle(command, room), room)} ${aside}`, cols)
}

/** As much as fits, what was decided first. */
function asideOf(activity: Activity, room: number, isWide: boolean): string {
  const { requests, masked, durationMs } = activity
  const masks = masked === 0 ? [] : [`${masked} masked`]
  const several = requests.length === 1 ? [] : [count(requests.length, 'request')]
  const parts = [wordsOf(activity), ...masks, ...(isWide ? [...several, took(durationMs)] : [])]
  while (parts.length > 1 && width(parts.join(' · ')) > room) parts.pop()
  return truncateMiddle(parts.join(' · '), Math.max(0, room))
}

function wordsOf({ main, decision }: Activity): string {
  const { rule } = main.reason
  return decision === 'deny' && rule !== undefined ? `denied by ${plain(rule)}` : decisionWords(main)
}
