import type { ReactNode } from 'react'
import { decisionWords, took } from '../words/activity.ts'
import { clockSeconds } from '../words/durations.ts'
import { count } from '../words/notices.ts'
import { plain } from '../words/plain.ts'
import { pad, truncateMiddle, width } from '../words/width.ts'
import { shapes } from './activity-facts.ts'
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
  const { main, decision, requests, masked, durationMs } = activity
  const isWide = cols >= roomForTimes
  const time = isWide ? `${clockSeconds(main.at)} ` : ''
  const words = wordsOf(activity)
  const several = requests.length === 1 ? '' : count(requests.length, 'request')
  const hidden = masked === 0 ? '' : `${masked} masked`
  const lead = `${isChosen ? '▸' : ' '}${time}${shapes[decision]} `
  const aside = [words, hidden, ...(isWide ? [several, took(durationMs)] : [])].filter(Boolean).join(' · ')
  const command = plain(main.command).replace(/^kubectl /, '')
  const free = cols - width(lead) - 1
  const shown = truncateMiddle(aside, Math.max(0, free - Math.min(width(command), Math.ceil(free / 2)) - 2))
  const room = Math.max(0, free - width(shown) - 1)
  return pad(`${lead}${pad(truncateMiddle(command, room), room)} ${shown}`, cols)
}

function wordsOf({ main, decision }: Activity): string {
  const { rule } = main.reason
  return decision === 'deny' && rule !== undefined ? `denied by ${plain(rule)}` : decisionWords(main)
}
