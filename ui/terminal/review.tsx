import { render, useInput, usePaste, useWindowSize, type Key } from 'ink'
import { useSyncExternalStore, type ReactNode } from 'react'
import type { BrokerInfo, ClientEvent, ControlClient } from '../../src/control/contract.ts'
import { verdictNotice } from '../words/notices.ts'
import { problemSentence } from '../words/problems.ts'
import type { Stroke } from './keys.ts'
import { emptyPicture, fold } from './picture.ts'
import { layoutReview, ReviewScreen } from './review-screen.tsx'
import {
  pressReview,
  reconcileReview,
  shownKey,
  type ReviewOrder,
  type ReviewState,
  type ReviewSurroundings,
} from './review-state.ts'
import { createTheme, ThemeProvider, type Theme } from './theme.ts'

export interface ReviewOptions {
  readonly client: ControlClient
  readonly stdin: NodeJS.ReadStream
  readonly stdout: NodeJS.WriteStream
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly random: (bytes: number) => Uint8Array
  readonly color: boolean
  /** Leave after the first verdict. */
  readonly once?: boolean
}

/** How often ages and countdowns move, in milliseconds. */
const tickMs = 1000

/**
 * The reviewer's full screen, until they quit; resolves with the exit code. The terminal is given back as it was.
 *
 * @throws Fault when the broker does not answer at the start.
 */
export async function runReview(options: ReviewOptions): Promise<number> {
  const info = await options.client.info()
  const desk = new ReviewDesk(options, info)
  const theme = createTheme({ color: options.color })
  const screen = render(<ReviewApp desk={desk} theme={theme} />, {
    stdout: options.stdout,
    stdin: options.stdin,
    alternateScreen: true,
    interactive: true,
    exitOnCtrlC: false,
    patchConsole: false,
    incrementalRendering: true,
    maxFps: 20,
  })
  desk.onQuit(() => screen.unmount())
  try {
    await screen.waitUntilExit()
  } finally {
    await desk.close()
  }
  return 0
}

function ReviewApp({ desk, theme }: { readonly desk: ReviewDesk; readonly theme: Theme }): ReactNode {
  const { state, now } = useSyncExternalStore(desk.subscribe, desk.snapshot)
  const { columns: cols, rows } = useWindowSize()
  const props = { cols, rows, info: desk.info, state, now }
  const { maxScroll, room } = layoutReview(props)
  const reach = { maxScroll, page: Math.max(1, room - 1) }
  useInput((input, key) => {
    const stroke = strokeOfKey(input, key)
    if (stroke !== undefined) desk.press(stroke, reach)
  })
  usePaste((text) => desk.press({ kind: 'text', text }, reach))
  return (
    <ThemeProvider value={theme}>
      <ReviewScreen {...props} />
    </ThemeProvider>
  )
}

/** State of the review screen, fed by the broker and the keyboard. */
class ReviewDesk {
  readonly info: BrokerInfo
  readonly #options: ReviewOptions
  readonly #stop = new AbortController()
  readonly #following: Promise<void>
  readonly #ticker: NodeJS.Timeout
  readonly #listeners = new Set<() => void>()
  /** Requests this reviewer decided: what becomes of them is told. */
  readonly #decided = new Set<string>()
  #quit: () => void = () => {}
  #shown: { readonly state: ReviewState; readonly now: number }
  #changedAt: number

  constructor(options: ReviewOptions, info: BrokerInfo) {
    this.#options = options
    this.info = info
    const picture = emptyPicture({ requests: 0, held: 0, denied: 0, masked: 0 })
    const state: ReviewState = { picture, selected: '', scroll: 0, dialog: { kind: 'browse' }, remark: '' }
    this.#shown = { state, now: options.now() }
    this.#changedAt = options.now()
    this.#following = this.#follow()
    this.#ticker = setInterval(() => this.#show(this.#shown.state), tickMs)
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  readonly snapshot = (): { readonly state: ReviewState; readonly now: number } => this.#shown

  onQuit(quit: () => void): void {
    this.#quit = quit
  }

  press(stroke: Stroke, reach: Pick<ReviewSurroundings, 'maxScroll' | 'page'>): void {
    const { state, order } = pressReview(this.#shown.state, stroke, {
      you: this.info.you,
      ...reach,
      sinceChangeMs: this.#options.now() - this.#changedAt,
      random: this.#options.random,
    })
    this.#show(state)
    if (order !== undefined) void this.#obey(order)
  }

  async close(): Promise<void> {
    clearInterval(this.#ticker)
    this.#stop.abort()
    this.#listeners.clear()
    await this.#following
  }

  async #obey(order: ReviewOrder): Promise<void> {
    if (order.kind === 'quit') {
      this.#quit()
      return
    }
    const { id, digest, verdict, comment } = order
    this.#decided.add(id)
    try {
      const held = await this.#options.client.review(id, { verdict, digest, comment })
      if (held.state === 'pending') this.#remark(`Your verdict on ${held.id} is in; it needs more reviews.`)
      else this.#remark(verdictNotice(held))
      if (this.#options.once === true) this.#quit()
    } catch (thrown) {
      this.#remark(problemSentence(thrown))
    }
  }

  async #follow(): Promise<void> {
    try {
      for await (const event of this.#options.client.events(this.#stop.signal)) this.#take(event)
    } catch (thrown) {
      if (!this.#stop.signal.aborted) this.#take({ type: 'lost', reason: problemSentence(thrown) })
    }
  }

  #take(event: ClientEvent): void {
    const { picture, news } = fold(this.#shown.state.picture, event, this.#options.now())
    if (news.some((one) => one.kind === 'asked')) this.#options.stdout.write('\u0007')
    const ended = event.type === 'held' && this.#decided.has(event.held.id) && event.held.state !== 'pending'
    const remark = ended ? verdictNotice(event.held) : this.#shown.state.remark
    this.#show(reconcileReview({ ...this.#shown.state, picture, remark }))
  }

  #remark(remark: string): void {
    this.#show({ ...this.#shown.state, remark })
  }

  #show(state: ReviewState): void {
    const now = this.#options.now()
    if (shownKey(state) !== shownKey(this.#shown.state)) this.#changedAt = now
    this.#shown = { state, now }
    for (const listener of this.#listeners) listener()
  }
}

function strokeOfKey(input: string, key: Key): Stroke | undefined {
  if (key.meta && !key.escape) return undefined
  const named = nameOf(key)
  if (named !== undefined) return { kind: 'key', key: named }
  if (input === '') return undefined
  if (key.ctrl) return { kind: 'key', key: `ctrl-${input}` }
  return Array.from(input).length === 1 ? { kind: 'key', key: input } : { kind: 'text', text: input }
}

function nameOf(key: Key): string | undefined {
  if (key.upArrow) return 'up'
  if (key.downArrow) return 'down'
  if (key.pageUp) return 'pageup'
  if (key.pageDown) return 'pagedown'
  if (key.home) return 'home'
  if (key.end) return 'end'
  if (key.return) return 'enter'
  if (key.escape) return 'escape'
  return key.backspace || key.delete ? 'backspace' : undefined
}
