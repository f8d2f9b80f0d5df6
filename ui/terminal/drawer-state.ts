import type { HeldRequest } from '../../src/model/held.ts'
import { verdictCode } from '../words/code.ts'
import { isCut } from '../words/held.ts'
import { edited, enterCode, settleMs, type CodeEntry } from './entry.ts'
import type { Activity } from './activity.ts'
import { actionOf, tabs, type Action, type Stroke, type Tab } from './keys.ts'
import { isChoice, isMove, moves, stepped, type Move } from './moves.ts'

/** What the drawer is doing: showing, taking a comment, or taking the code of a confirmation. */
export type Dialog =
  | { readonly kind: 'browse' }
  | { readonly kind: 'comment'; readonly id: string; readonly text: string }
  | ({ readonly kind: 'confirm'; readonly id: string; readonly digest: string } & CodeEntry)

export interface DrawerState {
  readonly open: boolean
  /** The part that was chosen; undefined: what is held while something is, else what happened. */
  readonly tab: Tab | undefined
  /** Key of the chosen activity, empty for the newest; and whether its details are shown. */
  readonly activity: { readonly selected: string; readonly open: boolean }
  /** Id of the chosen held request; the first one when it is gone. */
  readonly selected: string
  readonly scroll: number
  readonly dialog: Dialog
  /** What the last action came to, one line. */
  readonly remark: string
}

/** What the drawer asks for. A verdict on somebody's review is not among them: no key here can give one. */
export type Order =
  | { readonly kind: 'confirm'; readonly id: string; readonly digest: string }
  | { readonly kind: 'withdraw'; readonly id: string }
  | { readonly kind: 'comment'; readonly id: string; readonly text: string }

export interface Surroundings {
  /** Held requests that still wait, oldest first. */
  readonly pending: readonly HeldRequest[]
  /** False while the broker does not answer: nothing can be ordered then. */
  readonly isLive: boolean
  /** What happened, newest first. */
  readonly activities: readonly Activity[]
  /** Rows that PgUp and PgDn go. */
  readonly page: number
  /** How far what is shown can scroll. */
  readonly maxScroll: number
  readonly sinceRepaintMs: number
  readonly random: (bytes: number) => Uint8Array
}

export const closedDrawer: DrawerState = {
  open: false,
  tab: undefined,
  activity: { selected: '', open: false },
  selected: '',
  scroll: 0,
  dialog: { kind: 'browse' },
  remark: '',
}

/** One stroke on the open drawer: the next state, and what is to be done. Pure. */
export function press(
  state: DrawerState,
  stroke: Stroke,
  around: Surroundings,
): { state: DrawerState; order?: Order | undefined } {
  switch (state.dialog.kind) {
    case 'browse':
      return browse({ ...state, remark: '' }, stroke, around)
    case 'comment':
      return comment(state, state.dialog, stroke)
    case 'confirm':
      return confirm(state, state.dialog, stroke, around)
  }
}

export function chosen(state: DrawerState, held: readonly HeldRequest[]): HeldRequest | undefined {
  return held.find((one) => one.id === state.selected) ?? held[0]
}

/** The part that is shown. */
export function shownTab({ tab }: DrawerState, pending: readonly HeldRequest[]): Tab {
  return tab ?? (pending.length > 0 ? 'held' : 'activity')
}

/** Where the chosen activity stands; the newest one when it is gone. */
export function chosenActivity({ activity }: DrawerState, activities: readonly Activity[]): number {
  return activity.selected === ''
    ? 0
    : Math.max(
        0,
        activities.findIndex(({ key }) => key === activity.selected),
      )
}

/** A dialog about a request that no longer waits, or is no longer what was shown, ends. */
export function reconcile(state: DrawerState, held: readonly HeldRequest[]): DrawerState {
  const { dialog } = state
  if (dialog.kind === 'browse') return state
  const about = held.find((one) => one.id === dialog.id)
  const same = about !== undefined && (dialog.kind === 'comment' || about.digest === dialog.digest)
  return same ? state : { ...state, dialog: { kind: 'browse' }, remark: 'It no longer waits.' }
}

/** What can be done with a held request from its own session. */
export function actionsFor(held: HeldRequest | undefined): readonly Action[] {
  if (held === undefined) return []
  return held.requirement.kind === 'confirm' && !isCut(held)
    ? ['confirm', 'comment', 'withdraw']
    : ['comment', 'withdraw']
}

function browse(state: DrawerState, stroke: Stroke, around: Surroundings): ReturnType<typeof press> {
  const tab = shownTab(state, around.pending)
  const held = tab === 'held' ? chosen(state, around.pending) : undefined
  const own: Action[] = tab === 'activity' && !state.activity.open ? ['open'] : []
  const action = actionOf(stroke, [
    'back',
    ...moves,
    'next-tab',
    'previous-tab',
    ...tabs,
    ...own,
    ...(around.isLive ? actionsFor(held) : []),
  ])
  const settled = around.sinceRepaintMs >= settleMs
  switch (action) {
    case undefined:
      return { state }
    case 'back':
      return { state: tab === 'activity' && state.activity.open ? details(state, false) : closedDrawer }
    case 'open':
      return { state: opened(state, around) }
    case 'next-tab':
    case 'previous-tab':
      return { state: turned(state, tabs.at((tabs.indexOf(tab) + (action === 'next-tab' ? 1 : -1)) % tabs.length)) }
    case 'held':
    case 'activity':
    case 'session':
    case 'help':
      return { state: turned(state, action) }
    case 'comment':
      return { state: held === undefined ? state : { ...state, dialog: { kind: 'comment', id: held.id, text: '' } } }
    case 'withdraw':
      return held === undefined || !settled ? { state } : { state, order: { kind: 'withdraw', id: held.id } }
    case 'confirm':
      return { state: held === undefined || !settled ? state : asking(state, held, around.random) }
    default:
      return { state: isMove(action) ? moved(state, tab, action, around) : state }
  }
}

/** Another part, from its beginning. */
function turned(state: DrawerState, tab: Tab | undefined): DrawerState {
  return { ...state, tab, scroll: 0, activity: { ...state.activity, open: false } }
}

/** The details of what is chosen; it stays chosen while newer ones come. */
function opened(state: DrawerState, { activities }: Surroundings): DrawerState {
  const key = activities[chosenActivity(state, activities)]?.key
  return key === undefined ? state : details({ ...state, activity: { ...state.activity, selected: key } }, true)
}

function details(state: DrawerState, open: boolean): DrawerState {
  return { ...state, scroll: 0, activity: { ...state.activity, open } }
}

/** In a list another one is chosen; a text scrolls. */
function moved(state: DrawerState, tab: Tab, action: Move, around: Surroundings): DrawerState {
  if (tab === 'activity' && !state.activity.open) {
    const at = chosenActivity(state, around.activities)
    const next = stepped(at, action, around.page, around.activities.length - 1)
    const selected = next === 0 ? '' : (around.activities[next]?.key ?? '')
    return { ...state, activity: { ...state.activity, selected } }
  }
  if (tab === 'held' && isChoice(action) && around.pending.length > 1) return another(state, action, around)
  return { ...state, scroll: stepped(Math.min(state.scroll, around.maxScroll), action, around.page, around.maxScroll) }
}

function asking(state: DrawerState, held: HeldRequest, random: Surroundings['random']): DrawerState {
  const { id, digest } = held
  return { ...state, dialog: { kind: 'confirm', id, digest, code: verdictCode(random), typed: '' } }
}

function comment(
  state: DrawerState,
  dialog: Extract<Dialog, { kind: 'comment' }>,
  stroke: Stroke,
): ReturnType<typeof press> {
  const done: DrawerState = { ...state, dialog: { kind: 'browse' } }
  const action = actionOf(stroke, ['accept', 'back', 'erase', 'erase-all'])
  if (action === 'back') return { state: done }
  if (action === 'accept') {
    const text = dialog.text.trim()
    return text === '' ? { state: done } : { state: done, order: { kind: 'comment', id: dialog.id, text } }
  }
  return { state: { ...state, dialog: { ...dialog, text: edited(dialog.text, action, stroke) } } }
}

function confirm(
  state: DrawerState,
  dialog: Extract<Dialog, { kind: 'confirm' }>,
  stroke: Stroke,
  around: Surroundings,
): ReturnType<typeof press> {
  const back: DrawerState = { ...state, dialog: { kind: 'browse' } }
  if (actionOf(stroke, ['back']) !== undefined) return { state: back }
  const { result, typed } = enterCode(dialog, stroke, around.sinceRepaintMs)
  switch (result) {
    case 'more':
      return { state: { ...state, dialog: { ...dialog, typed } } }
    case 'right':
      return { state: back, order: { kind: 'confirm', id: dialog.id, digest: dialog.digest } }
    case 'wrong':
      return { state: { ...back, remark: 'Those were not the two characters: nothing is confirmed.' } }
  }
}

function another(state: DrawerState, move: Move, { pending }: Surroundings): DrawerState {
  const held = chosen(state, pending)
  const at = pending.findIndex((one) => one.id === held?.id)
  const next = pending[stepped(at, move, 1, pending.length - 1)]
  return next === undefined || next.id === held?.id ? state : { ...state, selected: next.id, scroll: 0 }
}
