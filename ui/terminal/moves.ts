import type { Action } from './keys.ts'

/** Keys that walk through a list or a text. */
export const moves = ['up', 'down', 'page-up', 'page-down', 'first', 'last', 'ten-back', 'ten-on'] as const
export type Move = (typeof moves)[number]

/** Those that choose another one where a list stands beside a text; the others scroll the text. */
const choices: ReadonlySet<Action> = new Set<Move>(['up', 'down', 'ten-back', 'ten-on'])

export function isMove(action: Action | undefined): action is Move {
  return moves.some((move) => move === action)
}

export function isChoice(move: Move): boolean {
  return choices.has(move)
}

/** Where a move leads from `at`, in a list or text that ends at `last`; pages are `page` rows. */
export function stepped(at: number, move: Move, page: number, last: number): number {
  const steps: Readonly<Record<Move, number>> = {
    up: -1,
    down: 1,
    'page-up': -page,
    'page-down': page,
    first: -Infinity,
    last: Infinity,
    'ten-back': -10,
    'ten-on': 10,
  }
  return Math.max(0, Math.min(last, at + steps[move]))
}
