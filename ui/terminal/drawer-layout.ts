import type { BrokerInfo } from '../../src/control/contract.ts'
import type { HeldRequest } from '../../src/model/held.ts'
import type { Session } from '../../src/model/session.ts'
import { plain } from '../words/plain.ts'
import { truncateStart, width } from '../words/width.ts'
import { activitiesOf, type Activity } from './activity.ts'
import { activityFacts } from './activity-facts.ts'
import { chosen, chosenActivity, shownTab, type DrawerState } from './drawer-state.ts'
import { emptyFacts } from './empty.ts'
import type { FactRow } from './fact-rows.ts'
import { initiatorFacts } from './facts.ts'
import type { Tab } from './keys.ts'
import { pending, type Picture } from './picture.ts'
import { helpFacts, sessionFacts } from './session-facts.ts'

export interface DrawerProps {
  readonly cols: number
  /** Most rows the drawer may take. */
  readonly maxRows: number
  readonly picture: Picture
  readonly state: DrawerState
  readonly session: Session
  readonly info: BrokerInfo
  readonly leader: string
  /** Milliseconds since the epoch. */
  readonly now: number
}

/** A drawer as laid out: Ink draws `rows` rows of it, a list above a text. */
export interface DrawerLayout {
  readonly tab: Tab
  readonly rows: number
  /** Rows of the list; 0 = no list. */
  readonly list: number
  readonly waiting: readonly HeldRequest[]
  readonly held: HeldRequest | undefined
  readonly activities: readonly Activity[]
  /** Which one of the list is chosen. */
  readonly at: number
  readonly facts: readonly FactRow[]
  /** Rows of the text that are seen. */
  readonly room: number
  readonly maxScroll: number
  /** Rows that PgUp and PgDn go. */
  readonly page: number
  /** The row of keys, or of what is typed. */
  readonly hasBottom: boolean
}

/** A list of more rows than this would leave no room for the request itself. */
const longestList = 4
/** Fewer rows of details than this are worth more than a list. */
const leastDetails = 6
/** A drawer lower than this leaves its keys out: what it is about matters more. */
const roomForKeys = 4

export function layoutDrawer(props: DrawerProps): DrawerLayout {
  const { cols, maxRows, picture, state, session, info, leader, now } = props
  const waiting = pending(picture)
  const activities = activitiesOf(picture.notes)
  const tab = shownTab(state, waiting)
  const hasBottom = maxRows >= roomForKeys || state.dialog.kind !== 'browse' || state.remark !== ''
  const room = Math.max(0, maxRows - 1 - (hasBottom ? 1 : 0))
  const base = { tab, waiting, activities, hasBottom, held: undefined, at: 0 }
  switch (tab) {
    case 'held': {
      const held = chosen(state, waiting)
      if (held === undefined) return text(base, emptyFacts('held', picture, cols - 1), room)
      const facts = initiatorFacts(held, cols - 1, { practice: info.practice, now })
      const wanted = waiting.length > 1 ? Math.min(longestList, waiting.length) : 0
      const list = room - wanted - 1 >= leastDetails ? wanted : 0
      return text({ ...base, held, at: waiting.indexOf(held) }, facts, room, list)
    }
    case 'activity': {
      const at = chosenActivity(state, activities)
      const activity = activities[at]
      if (activity === undefined) return text(base, emptyFacts('activity', picture, cols - 1), room)
      if (state.activity.open) {
        return text({ ...base, at }, activityFacts(activity, cols - 1, session.subject.name, picture.held), room)
      }
      const list = Math.min(room, activities.length)
      const rows = 1 + list + (hasBottom ? 1 : 0)
      return { ...base, at, rows, list, facts: [], room: 0, maxScroll: 0, page: Math.max(1, room - 1) }
    }
    case 'session':
      return text(base, sessionFacts({ picture, session, info, now }, cols - 1), room)
    case 'help':
      return text(base, helpFacts(leader, cols - 1), room)
  }
}

type Base = Pick<DrawerLayout, 'tab' | 'waiting' | 'activities' | 'hasBottom' | 'held' | 'at'>

function text(base: Base, facts: readonly FactRow[], room: number, list = 0): DrawerLayout {
  const listRows = list === 0 ? 0 : list + 1
  const shown = Math.min(Math.max(0, room - listRows), facts.length)
  return {
    ...base,
    list,
    facts,
    room: shown,
    rows: 1 + listRows + shown + (base.hasBottom ? 1 : 0),
    maxScroll: facts.length - shown,
    page: Math.max(1, shown - 1),
  }
}

export const codeLabel = ' Type '
export const commentLabel = ' Comment: '

/** What is typed into a comment, as far as it fits; its end is what matters. */
export function fieldText(typed: string, cols: number): string {
  return truncateStart(plain(typed), cols - width(commentLabel) - 1)
}

/** Where the cursor stands on the last row while something is typed. */
export function drawerCursor(props: DrawerProps): { readonly row: number; readonly col: number } | undefined {
  const { dialog } = props.state
  if (dialog.kind === 'browse') return undefined
  const row = layoutDrawer(props).rows - 1
  const before =
    dialog.kind === 'comment'
      ? width(commentLabel) + width(fieldText(dialog.text, props.cols))
      : width(codeLabel) + 1 + dialog.typed.length
  return { row, col: Math.max(0, Math.min(props.cols - 1, before)) }
}
