import { changeModes, ordinaryModes, type Modes } from './modes.ts'

/** Longest title handed on, in characters. */
const titleLength = 120

/**
 * Makes room: what the user had on the screen goes to the scrollback by line feeds, nothing is overwritten. Bracketed
 * paste is always on, so that the leader inside a paste is data; wrapping is off, so that no row spills into another.
 */
export function takeTerminal({
  rows,
  purpose,
}: {
  readonly rows: number
  readonly purpose: 'shell' | 'player'
}): string {
  const room = purpose === 'shell' ? `\x1b[22;2t\r${'\n'.repeat(rows)}` : ''
  return `${room}\x1b[?2004h\x1b[?7l`
}

export interface Taken {
  readonly modes: Modes
  readonly isAlternate: boolean
  /** Row (0-based) where the caller's shell goes on, all below it cleared; undefined = where it was before us. */
  readonly freshRow: number | undefined
}

/** The way back from {@link takeTerminal} and everything a frame may have set. */
export function giveBackTerminal({ modes, isAlternate, freshRow }: Taken): string {
  const screen = isAlternate ? '\x1b[?1049l' : ''
  const own = `\x1b[?2026l\x1b[0m\x1b[?2004l\x1b[?7h${changeModes({ ...modes, cursorVisible: false }, ordinaryModes)}`
  return own + screen + (freshRow === undefined ? '' : `\x1b[${freshRow + 1};1H\x1b[J\x1b[23;2t`)
}

/** Turns everything off that a program can have turned on; for the way out when nobody knows what was. */
export function giveBackUnknown(freshRow: number | undefined): string {
  const off = [9, 1000, 1002, 1003, 1006, 1015, 1004, 1].map((mode) => `\x1b[?${mode}l`).join('')
  return `${off}\x1b>\x1b[0 q${giveBackTerminal({ modes: ordinaryModes, isAlternate: true, freshRow })}`
}

/** OSC 2 with a title that says whose it is; controls and direction marks cannot hide in it. */
export function setTitle(title: string): string {
  const clean = title.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '').slice(0, titleLength)
  return `\x1b]2;chaperone: ${clean}\x07`
}
