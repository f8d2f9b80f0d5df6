import type { HeldRequest } from '../../src/model/held.ts'
import { verdictCode } from '../words/code.ts'
import { edited, enterCode, settleMs, type CodeEntry } from './entry.ts'
import { actionOf, type Action, type Stroke } from './keys.ts'

/** What the drawer is doing: showing, taking a comment, or taking the code of a confirmation. */
export type Dialog =
  | { readonly kind: 'browse' }
  | { readonly kind: 'comment'; readonly id: string; readonly text: string }
  | ({ readonly kind: 'confirm'; readonly id: string; readonly digest: string } & CodeEntry)

export interface DrawerState {
  readonly open: boolean
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
  /** How far the details can scroll. */
  readonly maxScroll: number
  readonly sinceRepaintMs: number
  readonly random: (bytes: number) => Uint8Array
}

export const closedDrawer: DrawerState = {
  open: false,
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
  return held.requirement.kind === 'confirm' ? ['confirm', 'comment', 'withdraw'] : ['comment', 'withdraw']
}

function browse(state: DrawerState, stroke: Stroke, around: Surroundings): ReturnType<typeof press> {
  const held = chosen(state, around.pending)
  const action = actionOf(stroke, ['back', 'up', 'down', 'page-up', 'page-down', ...actionsFor(held)])
  const settled = around.sinceRepaintMs >= settleMs
  switch (action) {
    case 'back':
      return { state: closedDrawer }
    case 'up':
    case 'down':
      return { state: move(state, action === 'up' ? -1 : 1, around) }
    case 'page-up':
      return { state: scrolled(state, -5, around) }
    case 'page-down':
      return { state: scrolled(state, 5, around) }
    case 'comment':
      return { state: held === undefined ? state : { ...state, dialog: { kind: 'comment', id: held.id, text: '' } } }
    case 'withdraw':
      return held === undefined || !settled ? { state } : { state, order: { kind: 'withdraw', id: held.id } }
    case 'confirm':
      return { state: held === undefined || !settled ? state : asking(state, held, around.random) }
    default:
      return { state }
  }
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

function move(state: DrawerState, by: number, around: Surroundings): DrawerState {
  if (around.pending.length < 2) return scrolled(state, by, around)
  const held = chosen(state, around.pending)
  const at = around.pending.findIndex((one) => one.id === held?.id) + by
  const next = around.pending[Math.max(0, Math.min(around.pending.length - 1, at))]
  return next === undefined || next.id === held?.id ? state : { ...state, selected: next.id, scroll: 0 }
}

function scrolled(state: DrawerState, by: number, { maxScroll }: Surroundings): DrawerState {
  return { ...state, scroll: Math.max(0, Math.min(maxScroll, state.scroll + by)) }
}
