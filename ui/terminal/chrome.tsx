import { renderToString } from 'ink'
import type { ReactNode } from 'react'
import type { BrokerInfo, ClientEvent, ControlClient, RequestNote } from '../../src/control/contract.ts'
import type { Background, Chrome, ChromeFrame, InputToken } from '../../src/model/chrome.ts'
import type { HeldRequest } from '../../src/model/held.ts'
import type { Session } from '../../src/model/session.ts'
import { denialWords } from '../words/activity.ts'
import { count, verdictWords } from '../words/notices.ts'
import { problemSentence } from '../words/problems.ts'
import { closedDrawer, press, reconcile, type DrawerState, type Order } from './drawer-state.ts'
import { drawerCursor, layoutDrawer, type DrawerProps } from './drawer-layout.ts'
import { Drawer } from './drawer.tsx'
import { strokeOf } from './keys.ts'
import { emptyPicture, fold, pending, type News, type Picture } from './picture.ts'
import { StatusLine, type Notice } from './status-line.tsx'
import { createTheme, ThemeProvider, type Theme } from './theme.ts'

export interface ChromeOptions {
  readonly client: ControlClient
  readonly session: Session
  readonly info: BrokerInfo
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly random: (bytes: number) => Uint8Array
  /** The leader key as people read it, `Ctrl-]`. */
  readonly leaderLabel: string
  readonly color: boolean
}

/** Events that come faster than this (milliseconds) share a frame: a busy kubectl must not cost the shell its time. */
const frameMs = 100
/** A drawer of fewer rows says too little; on a small screen it may take more than half for that. */
const leastRows = 3
/** How often a countdown moves. */
const tickMs = 1000
/** How long a verdict stays in the status line. */
const noticeMs = 8000

/** The product's face around a shell: follows the broker's events, draws with Ink, gives no review. */
export async function createChrome(options: ChromeOptions): Promise<Chrome> {
  return Promise.resolve(new ShellChrome(options))
}

class ShellChrome implements Chrome {
  readonly #options: ChromeOptions
  #theme: Theme
  readonly #stop = new AbortController()
  readonly #following: Promise<void>
  readonly #listeners = new Set<() => void>()
  readonly #ticker: NodeJS.Timeout
  #later: NodeJS.Timeout | undefined
  #size = { cols: 80, rows: 24 }
  #picture: Picture
  #drawer: DrawerState = closedDrawer
  #notice: (Notice & { readonly until: number }) | undefined
  /** Told once nothing else is to be told: what waits must not be hidden by what a program does. */
  #copied: (Notice & { readonly until: number }) | undefined
  #bells = 0
  /** When events last made a frame. */
  #toldAt = 0
  /** When the drawer's rows last changed here; the terminal may not have painted them yet. */
  #changedAt = 0
  #frame: ChromeFrame

  constructor(options: ChromeOptions) {
    this.#options = options
    this.#theme = createTheme({ color: options.color })
    this.#picture = emptyPicture(options.session.counts)
    this.#frame = this.#draw()
    this.#following = this.#follow()
    this.#ticker = setInterval(() => this.#tick(), tickMs).unref()
  }

  get frame(): ChromeFrame {
    return this.#frame
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  resize(cols: number, rows: number): void {
    this.#size = { cols, rows }
    this.#update()
  }

  background(background: Background): void {
    this.#theme = createTheme({ color: this.#options.color, background })
    this.#update()
  }

  copied(bytes: number): void {
    const text = `clipboard set by a program (${count(bytes, 'byte')})`
    this.#copied = { tone: 'plain', text, until: this.#options.now() + noticeMs }
    this.#updateSoon()
  }

  leader(): void {
    this.#drawer = this.#drawer.open ? closedDrawer : { ...closedDrawer, open: true }
    this.#update()
  }

  input(token: InputToken, sinceRepaintMs: number): void {
    if (!this.#drawer.open) return
    const stroke = strokeOf(token)
    if (stroke === undefined) return
    this.#update()
    const { activities, maxScroll, page } = layoutDrawer(this.#drawerProps())
    const { state, order } = press(this.#drawer, stroke, {
      pending: pending(this.#picture),
      isLive: this.#picture.link === 'live',
      activities,
      maxScroll,
      page,
      sinceRepaintMs: Math.min(sinceRepaintMs, this.#options.now() - this.#changedAt),
      random: this.#options.random,
    })
    this.#drawer = state
    if (order !== undefined) void this.#obey(order)
    this.#update()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#ticker)
    clearTimeout(this.#later)
    this.#stop.abort()
    this.#listeners.clear()
    await this.#following
  }

  async #follow(): Promise<void> {
    try {
      for await (const event of this.#options.client.events(this.#stop.signal)) this.#take(event)
    } catch (thrown) {
      if (!this.#stop.signal.aborted) this.#take({ type: 'lost', reason: problemSentence(thrown) })
    }
  }

  #take(event: ClientEvent): void {
    const { picture, news } = fold(this.#picture, event, this.#options.now(), this.#options.session.id)
    this.#picture = picture
    this.#drawer = reconcile(this.#drawer, pending(picture))
    for (const one of news) this.#tell(one)
    if (event.type === 'request' && event.note.sessionID === this.#options.session.id) this.#tellDenial(event.note)
    this.#updateSoon()
  }

  #tell({ kind, held }: News): void {
    if (kind === 'asked') {
      this.#notice = undefined
      this.#bells += 1
      return
    }
    this.#notice = { ...noticeOf(held), until: this.#options.now() + noticeMs }
    const ownDoing = held.state === 'withdrawn' || (held.state === 'approved' && held.reviews.length === 0)
    if (!ownDoing) this.#bells += 1
  }

  /** A denial is told where nothing waits: what waits must not be hidden by it. */
  #tellDenial(note: RequestNote): void {
    if (note.decision !== 'deny' || pending(this.#picture).length > 0) return
    this.#notice = { tone: 'bad', text: `✗ ${denialWords(note)}`, until: this.#options.now() + noticeMs }
  }

  /** What was shown is what is confirmed: only a request that still waits, as it was shown, and that may be confirmed. */
  async #obey(order: Order): Promise<void> {
    const { client } = this.#options
    try {
      switch (order.kind) {
        case 'comment':
          await client.comment(order.id, order.text)
          return
        case 'withdraw':
          await client.withdraw(order.id)
          return
        case 'confirm': {
          const held = pending(this.#picture).find((one) => one.id === order.id)
          if (held?.requirement.kind !== 'confirm' || held.digest !== order.digest) return
          await client.confirm(order.id, order.digest)
          return
        }
      }
    } catch (thrown) {
      this.#drawer = { ...this.#drawer, remark: problemSentence(thrown) }
      this.#update()
    }
  }

  #tick(): void {
    const { open } = this.#drawer
    const isStill = !open && this.#notice === undefined && this.#copied === undefined && this.#picture.link === 'live'
    // Drawing for nothing would make the next key wait.
    if (isStill && pending(this.#picture).length === 0) return
    const now = this.#options.now()
    const copied = this.#copied
    if (copied !== undefined && this.#shownNotice !== copied) this.#copied = { ...copied, until: now + noticeMs }
    else if (copied !== undefined && now >= copied.until) this.#copied = undefined
    if (this.#notice !== undefined && now >= this.#notice.until) this.#notice = undefined
    this.#update()
  }

  #updateSoon(): void {
    const wait = this.#toldAt + frameMs - performance.now()
    if (wait <= 0) this.#updateNow()
    else this.#later ??= setTimeout(() => this.#updateNow(), wait).unref()
  }

  #updateNow(): void {
    this.#toldAt = performance.now()
    this.#update()
  }

  #update(): void {
    clearTimeout(this.#later)
    this.#later = undefined
    const next = this.#draw()
    if (sameFrame(this.#frame, next)) return
    if (!sameRows(this.#frame.drawerRows, next.drawerRows)) this.#changedAt = this.#options.now()
    this.#frame = next
    for (const listener of this.#listeners) listener()
  }

  #draw(): ChromeFrame {
    const { open } = this.#drawer
    const props = this.#drawerProps()
    const cursor = open ? drawerCursor(props) : undefined
    return {
      statusRow: this.#rows(this.#status())[0] ?? '',
      drawerRows: open && props.maxRows > 0 ? this.#rows(<Drawer {...props} />) : [],
      ...(cursor === undefined ? {} : { cursor }),
      focused: open,
      bells: this.#bells,
    }
  }

  get #shownNotice(): Notice | undefined {
    const isCalm = this.#picture.link === 'live' && pending(this.#picture).length === 0
    return this.#notice ?? (isCalm ? this.#copied : undefined)
  }

  #status(): ReactNode {
    const { info, leaderLabel, now } = this.#options
    return (
      <StatusLine
        cols={this.#size.cols}
        info={info}
        picture={this.#picture}
        notice={this.#shownNotice}
        open={this.#drawer.open}
        leader={leaderLabel}
        now={now()}
      />
    )
  }

  #drawerProps(): DrawerProps {
    const { session, info, leaderLabel, now } = this.#options
    return {
      cols: this.#size.cols,
      maxRows: Math.max(Math.floor(this.#size.rows / 2), Math.min(leastRows, this.#size.rows - 2)),
      picture: this.#picture,
      state: this.#drawer,
      session,
      info,
      leader: leaderLabel,
      now: now(),
    }
  }

  #rows(node: ReactNode): string[] {
    const drawn = renderToString(<ThemeProvider value={this.#theme}>{node}</ThemeProvider>, {
      columns: this.#size.cols,
    })
    return drawn.split('\n')
  }
}

function noticeOf(held: HeldRequest): Notice {
  const good = ['approved', 'executing', 'completed'].includes(held.state)
  const tone = good ? 'good' : held.state === 'withdrawn' ? 'quiet' : 'bad'
  return { tone, text: `${good ? '✓' : '✗'} ${verdictWords(good ? { ...held, state: 'approved' } : held)}` }
}

function sameFrame(a: ChromeFrame, b: ChromeFrame): boolean {
  return (
    a.statusRow === b.statusRow &&
    a.focused === b.focused &&
    a.bells === b.bells &&
    a.cursor?.row === b.cursor?.row &&
    a.cursor?.col === b.cursor?.col &&
    sameRows(a.drawerRows, b.drawerRows)
  )
}

function sameRows(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((row, index) => row === b[index])
}
