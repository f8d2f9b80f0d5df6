/**
 * What the product draws around a shell: a status line, and a drawer above it when there is something to say.
 * The face (Ink) produces frames; the compositor's painter places them. Neither knows the other.
 */
export interface ChromeFrame {
  /** One row of text styled with SGR only, at most `cols` cells wide. */
  readonly statusRow: string
  /** Rows of the drawer from top to bottom, each as `statusRow`; empty = closed. At most half of the screen, or three. */
  readonly drawerRows: readonly string[]
  /** Where the drawer's text cursor stands, relative to the drawer; undefined = hidden. Only used while focused. */
  readonly cursor?: { readonly row: number; readonly col: number }
  /** True while keys go to the drawer instead of the shell. */
  readonly focused: boolean
  /** Counts up when the terminal's bell must ring once. */
  readonly bells: number
}

/** One thing the user did, as the input tokenizer reports it. `bytes` is the exact input. */
export type InputToken =
  | {
      readonly kind: 'key'
      readonly name: string
      readonly ctrl: boolean
      readonly alt: boolean
      readonly shift: boolean
      readonly bytes: Uint8Array
    }
  | { readonly kind: 'text'; readonly text: string; readonly bytes: Uint8Array }
  | { readonly kind: 'paste'; readonly text: string; readonly bytes: Uint8Array }
  | { readonly kind: 'mouse' | 'focus' | 'reply' | 'unknown'; readonly bytes: Uint8Array }

/** What colours stand on, as far as the real terminal has told. */
export type Background = 'light' | 'dark' | 'unknown'

export interface Chrome extends AsyncDisposable {
  /** The frame to show now. */
  readonly frame: ChromeFrame
  /** Calls back after each change of `frame`; returns the unsubscribe function. */
  subscribe(listener: () => void): () => void
  /** Size of the whole terminal in cells; called at start and on every resize. */
  resize(cols: number, rows: number): void
  /** The terminal has told what its background is; until then it is unknown. */
  background?(background: Background): void
  /** The program has put so many bytes into the clipboard. */
  copied?(bytes: number): void
  /** The leader key was pressed: open (and focus) the drawer, or close it. */
  leader(): void
  /** One token while `frame.focused`; `sinceRepaintMs` = time since the drawer's rows last changed on screen. */
  input(token: InputToken, sinceRepaintMs: number): void
}
