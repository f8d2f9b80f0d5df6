import type { BrokerInfo } from '../../src/control/contract.ts'
import type { HeldRequest } from '../../src/model/held.ts'
import { verdictCode } from '../words/code.ts'
import { isCut } from '../words/held.ts'
import { edited, enterCode, settleMs, type CodeEntry } from './entry.ts'
import { actionOf, type Action, type Stroke } from './keys.ts'
import { isChoice, isMove, moves, stepped, type Move } from './moves.ts'
import { pending, type Picture } from './picture.ts'

export type ReviewDialog =
  | { readonly kind: 'browse' }
  | ({ readonly kind: 'approve'; readonly id: string; readonly digest: string } & CodeEntry)
  | { readonly kind: 'deny'; readonly id: string; readonly digest: string; readonly text: string }

/** What the review screen shows, apart from what the broker says. */
export interface ReviewState {
  readonly picture: Picture
  readonly selected: string
  readonly scroll: number
  readonly dialog: ReviewDialog
  /** What the last action came to, one line. */
  readonly remark: string
}

export type ReviewOrder =
  | { readonly kind: 'quit' }
  | {
      readonly kind: 'verdict'
      readonly id: string
      readonly digest: string
      readonly verdict: 'approve' | 'deny'
      readonly comment: string
    }

export interface ReviewSurroundings {
  readonly you: BrokerInfo['you']
  readonly maxScroll: number
  /** Rows that PgUp and PgDn go. */
  readonly page: number
  /** Milliseconds since the chosen request, or the dialog, last changed. */
  readonly sinceChangeMs: number
  readonly random: (bytes: number) => Uint8Array
}

type Step = { state: ReviewState; order?: ReviewOrder }

/** One stroke on the review screen: the next state, and what is to be done. Pure. */
export function pressReview(state: ReviewState, stroke: Stroke, around: ReviewSurroundings): Step {
  if (stroke.kind === 'key' && stroke.key === 'ctrl-c') return { state, order: { kind: 'quit' } }
  switch (state.dialog.kind) {
    case 'browse':
      return browse({ ...state, remark: '' }, stroke, around)
    case 'approve':
      return approve(state, state.dialog, stroke, around)
    case 'deny':
      return deny(state, state.dialog, stroke, around)
  }
}

export function selectedOf(state: ReviewState): HeldRequest | undefined {
  const waiting = pending(state.picture)
  return waiting.find((held) => held.id === state.selected) ?? waiting[0]
}

/** Why this reviewer cannot give a verdict on it; empty when they may try (the broker decides). */
export function obstacle(held: HeldRequest, you: BrokerInfo['you'], link: Picture['link']): string {
  if (link === 'refused') return 'The broker does not let you in: no verdict can be given.'
  if (link !== 'live') return 'The broker does not answer: no verdict can be given now.'
  if (held.requirement.kind === 'confirm')
    return 'This waits for the confirmation of the one who asked, not for a review.'
  if ([held.subject.name, held.subject.onBehalfOf].includes(you.name)) {
    return 'This is your own request: another person has to review it.'
  }
  if (held.reviews.some((review) => review.reviewer.name === you.name))
    return 'You have given your verdict; others are needed.'
  return ''
}

/** The verdicts this reviewer can try to give; what is not shown whole can only be denied. */
export function verdictsFor(
  held: HeldRequest | undefined,
  you: BrokerInfo['you'],
  link: Picture['link'],
): readonly Action[] {
  if (held === undefined || obstacle(held, you, link) !== '') return []
  return isCut(held) ? ['deny'] : ['approve', 'deny']
}

/** Keeps the choice on the same request while others come and go, and ends a dialog whose request changed. */
export function reconcileReview(state: ReviewState): ReviewState {
  const held = selectedOf(state)
  const settled = { ...state, selected: held?.id ?? '', scroll: held?.id === state.selected ? state.scroll : 0 }
  const { dialog } = state
  if (dialog.kind === 'browse' || (held?.id === dialog.id && held.digest === dialog.digest)) return settled
  return { ...settled, dialog: { kind: 'browse' }, remark: 'That request no longer waits: no verdict was given.' }
}

/** What must stand still before a verdict: everything the reviewer judges by, and the question itself. */
export function shownKey(state: ReviewState): string {
  return JSON.stringify([selectedOf(state) ?? '', state.dialog.kind, 'code' in state.dialog ? state.dialog.code : ''])
}

function browse(state: ReviewState, stroke: Stroke, around: ReviewSurroundings): Step {
  const held = selectedOf(state)
  const verdicts = around.sinceChangeMs >= settleMs ? verdictsFor(held, around.you, state.picture.link) : []
  const action = actionOf(stroke, ['quit', ...moves, ...verdicts])
  if (isMove(action)) return { state: isChoice(action) ? another(state, action) : moved(state, action, around) }
  switch (action) {
    case 'quit':
      return { state, order: { kind: 'quit' } }
    case 'approve':
      return { state: held === undefined ? state : asking(state, held, around) }
    case 'deny':
      return {
        state:
          held === undefined
            ? state
            : { ...state, dialog: { kind: 'deny', id: held.id, digest: held.digest, text: '' } },
      }
    default:
      return { state }
  }
}

function asking(state: ReviewState, held: HeldRequest, { random }: ReviewSurroundings): ReviewState {
  const { id, digest } = held
  return { ...state, dialog: { kind: 'approve', id, digest, code: verdictCode(random), typed: '' } }
}

function approve(
  state: ReviewState,
  dialog: Extract<ReviewDialog, { kind: 'approve' }>,
  stroke: Stroke,
  around: ReviewSurroundings,
): Step {
  const back: ReviewState = { ...state, dialog: { kind: 'browse' } }
  if (actionOf(stroke, ['back']) !== undefined) return { state: back }
  const { result, typed } = enterCode(dialog, stroke, around.sinceChangeMs)
  const { id, digest } = dialog
  switch (result) {
    case 'more':
      return { state: { ...state, dialog: { ...dialog, typed } } }
    case 'right':
      return { state: back, order: { kind: 'verdict', id, digest, verdict: 'approve', comment: '' } }
    case 'wrong':
      return { state: { ...back, remark: 'Those were not the two characters: nothing is approved.' } }
  }
}

function deny(
  state: ReviewState,
  dialog: Extract<ReviewDialog, { kind: 'deny' }>,
  stroke: Stroke,
  around: ReviewSurroundings,
): Step {
  const back: ReviewState = { ...state, dialog: { kind: 'browse' } }
  const action = actionOf(stroke, ['accept', 'back', 'erase', 'erase-all'])
  if (action === 'back') return { state: back }
  if (action !== 'accept') {
    return { state: { ...state, remark: '', dialog: { ...dialog, text: edited(dialog.text, action, stroke) } } }
  }
  const comment = dialog.text.trim()
  if (comment === '') return { state: { ...state, remark: 'Say why: the one who asked will read it.' } }
  if (around.sinceChangeMs < settleMs) return { state }
  return { state: back, order: { kind: 'verdict', id: dialog.id, digest: dialog.digest, verdict: 'deny', comment } }
}

/** Scrolls the chosen request. */
function moved(state: ReviewState, action: Move, { maxScroll, page }: ReviewSurroundings): ReviewState {
  return { ...state, scroll: stepped(Math.min(state.scroll, maxScroll), action, page, maxScroll) }
}

function another(state: ReviewState, move: Move): ReviewState {
  const waiting = pending(state.picture)
  const at = waiting.findIndex((held) => held.id === selectedOf(state)?.id)
  const next = waiting[stepped(at, move, 1, waiting.length - 1)]
  return next === undefined || next.id === state.selected ? state : { ...state, selected: next.id, scroll: 0 }
}
