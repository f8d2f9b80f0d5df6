import type { Chrome, InputToken } from '../model/chrome.ts'
import type { Leader } from './leader.ts'
import { mouseRow } from './mouse.ts'

/** A second leader this soon (milliseconds) is meant for the program; a later one closes what the first one opened. */
const twiceMs = 700

export interface RouterOptions {
  /** Milliseconds on any steady clock. */
  readonly now: () => number
  readonly chrome: Pick<Chrome, 'frame' | 'leader' | 'input'>
  /** To the program. */
  readonly write: (bytes: Uint8Array) => void
  readonly suspend: () => void
  /** An answer of the real terminal, to what we asked it. */
  readonly reply: (bytes: Uint8Array) => void
  /** Leaves the program to its keeper; absent where nobody keeps it. */
  readonly detach: (() => void) | undefined
  readonly leader: Leader
  /** What the last frame showed. */
  readonly shown: () => {
    readonly drawerTop: number
    readonly bracketedPaste: boolean
    readonly sinceRepaintMs: number
  }
}

/** Decides who gets what the user does: the program, or the drawer while it has the keys. */
export class Router {
  readonly #options: RouterOptions
  /** The leader was the last key: once more, and soon, sends it to the program; z suspends, d detaches. */
  #isAfterLeader = false
  #leaderAt = Number.NEGATIVE_INFINITY

  constructor(options: RouterOptions) {
    this.#options = options
  }

  route(token: InputToken): void {
    const { chrome, suspend, detach, leader, write, shown } = this.#options
    if (token.kind === 'reply') {
      this.#options.reply(token.bytes)
      return
    }
    const isAfterLeader = this.#isAfterLeader
    if (leader.matches(token)) {
      this.#isAfterLeader = !isAfterLeader && !chrome.frame.focused
      chrome.leader()
      const at = this.#options.now()
      if (isAfterLeader && at - this.#leaderAt <= twiceMs) write(token.bytes)
      this.#leaderAt = at
      return
    }
    if (token.kind === 'key' || token.kind === 'text' || token.kind === 'paste') this.#isAfterLeader = false
    if (isAfterLeader && token.kind === 'text' && token.text === 'z') {
      chrome.leader()
      suspend()
    } else if (isAfterLeader && token.kind === 'text' && token.text === 'd' && detach !== undefined) {
      chrome.leader()
      detach()
    } else if (chrome.frame.focused) chrome.input(token, shown().sinceRepaintMs)
    else this.#toProgram(token)
  }

  /** The mouse on our rows is not the program's. */
  #toProgram(token: InputToken): void {
    const { write, shown } = this.#options
    if (token.kind === 'mouse' && (mouseRow(token.bytes) ?? 0) >= shown().drawerTop) return
    if (token.kind === 'paste' && !shown().bracketedPaste) write(Buffer.from(token.bytes).subarray(6, -6))
    else write(token.bytes)
  }
}
