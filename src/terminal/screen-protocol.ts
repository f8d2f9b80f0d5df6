import type { ChromeFrame } from '../model/chrome.ts'
import type { ColourDepth } from './looks.ts'

/** How a screen is set up. */
export interface ScreenOptions {
  /** Size of the real terminal in cells. */
  readonly cols: number
  readonly rows: number
  /** Size of the screen the program sees. */
  readonly modelCols: number
  readonly modelRows: number
  /**
   * `shell`: the program's modes, title, bell and departing lines reach the real terminal. `player`: nothing but cells
   * does, on the alternate screen.
   */
  readonly purpose: 'shell' | 'player'
  /** Colours of the real terminal; unless said, it has all. */
  readonly depth?: ColourDepth
  /**
   * The program that has the keys may write the clipboard (OSC 52); unless said, it may not. It can never read it.
   */
  readonly clipboard?: boolean
}

/** One piece of what a program put out before there was this screen, or the size that its screen then had. */
export type Past = { readonly bytes: Uint8Array } | { readonly cols: number; readonly rows: number }

/** Here the model is to be kept under this number, so that it can be brought back to it. */
export interface Keep {
  readonly keep: number
}

/** Messages to a screen, in order. */
export type ToScreen =
  /** Output of the program. No frame comes of it before `rest`, so that what came together is not painted in parts. */
  | { readonly type: 'output'; readonly bytes: Uint8Array }
  /** So much output for now. `echo`: the user has just typed, paint at once. */
  | { readonly type: 'rest'; readonly echo: boolean }
  | {
      readonly type: 'resize'
      readonly cols: number
      readonly rows: number
      readonly modelCols: number
      readonly modelRows: number
    }
  | { readonly type: 'chrome'; readonly frame: ChromeFrame }
  /** The real terminal has taken everything: one more frame may come. */
  | { readonly type: 'drained' }
  /** Take the terminal; it is as a shell would leave it. Answered by a frame. */
  | { readonly type: 'enter' }
  /** Give the terminal back once all output so far is parsed; answered by `left`. No frame comes until `enter`. */
  | { readonly type: 'leave' }
  /** Bring the model to where this leads. Nothing of it is answered, rung or fed into the scrollback. */
  | { readonly type: 'past'; readonly past: readonly (Past | Keep)[] }
  /** What the real terminal answered when asked for its colours (OSC 4, 10, 11, 12); other bytes are passed over. */
  | { readonly type: 'colours'; readonly replies: string }
  /** The model is again as it was kept under this number. */
  | { readonly type: 'recall'; readonly kept: number }
  /** These will not be recalled. */
  | { readonly type: 'forget'; readonly kept: readonly number[] }

/** Messages of a screen. */
export type FromScreen =
  | {
      readonly type: 'frame'
      readonly text: string
      /** True when cells of the drawer changed. */
      readonly drawerChanged: boolean
      /** Row of the drawer's top (0-based); the rows above show the program. */
      readonly drawerTop: number
      /** The program asked for bracketed paste. */
      readonly bracketedPaste: boolean
      /** So many bytes the program has put into the clipboard; mostly 0. */
      readonly copied: number
      /** First row below what the program wrote (0-based), where a shell may go on; undefined for a player. */
      readonly freshRow: number | undefined
    }
  /** The model answers a query of the program. */
  | { readonly type: 'reply'; readonly data: string }
  /** The model was kept under this number, or could not be: it was inside an escape sequence. */
  | { readonly type: 'kept'; readonly kept: number; readonly isKept: boolean }
  /** So many bytes of output were parsed. */
  | { readonly type: 'parsed'; readonly bytes: number }
  /** Write this and the terminal is as it was found. */
  | { readonly type: 'left'; readonly text: string }
