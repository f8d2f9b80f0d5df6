import type { Action } from './keys.ts'

/** Keys that walk through a list or a text. */
export const moves = ['up', 'down', 'page-up', 'page-down', 'first', 'last'] as const
export type Move = (typeof moves)[number]

export function isMove(action: Action | undefined): action is Move {
  return moves.some((move) => move === action)
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
  }
  return Math.max(0, Math.min(last, at + steps[move]))
}
