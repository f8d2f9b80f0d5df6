import { once } from 'node:events'
import type { InputToken } from '../model/chrome.ts'
import type { CastEvent } from '../recording/read.ts'
import { InputTokenizer } from './input.ts'
import { Player } from './player.ts'
import { ScreenClient } from './screen-client.ts'
import { TerminalSeat } from './seat.ts'
import { Timeline } from './timeline.ts'
import { markedLines, Transcript } from './transcript.ts'

/** A lone ESC is the key when nothing follows for this long (milliseconds). */
const escapeMs = 20

export interface PlayOptions {
  /** Size of the recorded terminal in cells; what does not fit is cut at the edge. */
  readonly cols: number
  readonly rows: number
  readonly events: readonly CastEvent[]
  readonly title: string
  /** What is written while it is played; undefined for a recording that has ended. */
  readonly more?: AsyncIterable<readonly CastEvent[]> | undefined
  readonly speed?: number | undefined
  /** Seconds at which to begin. */
  readonly start?: number | undefined
  /** Longest silence that is played, in seconds. */
  readonly idleSeconds?: number | undefined
  readonly stdin: NodeJS.ReadStream
  readonly stdout: NodeJS.WriteStream
}

/** Plays a recording on the alternate screen until the user quits; nothing of it reaches the terminal but cells. */
export async function playRecording(options: PlayOptions): Promise<void> {
  const { cols, rows, events, title, stdin, stdout, more, speed, start } = options
  const terminal = () => ({ cols: stdout.columns, rows: stdout.rows })
  const quit = Promise.withResolvers<void>()
  const model = { modelCols: Math.max(2, cols), modelRows: Math.max(1, rows) }
  await using parts = new AsyncDisposableStack()
  const screen = parts.use(new ScreenClient({ ...terminal(), ...model, purpose: 'player' }, stdout, quit.reject))
  const seat = parts.use(new TerminalSeat(stdin, stdout, screen))
  const timeline = new Timeline(events, options.idleSeconds)
  const player = new Player({
    timeline,
    title,
    cols,
    rows,
    screen,
    terminal,
    isLive: more !== undefined,
    ...(speed === undefined ? {} : { speed }),
    ...(start === undefined ? {} : { start }),
    quit: quit.resolve,
  })
  parts.defer(() => player.stop())
  const tokenizer = new InputTokenizer()
  const press = (tokens: readonly InputToken[]) => {
    for (const token of tokens) for (const name of names(token)) player.key(name)
  }
  let late: NodeJS.Timeout | undefined
  parts.defer(() => clearTimeout(late))
  seat.listen(stdin, 'data', (bytes: Buffer) => {
    clearTimeout(late)
    press(tokenizer.push(bytes))
    if (tokenizer.pending !== 'none') late = setTimeout(() => press(tokenizer.flush()), escapeMs)
  })
  for (const event of ['end', 'error']) seat.listen(stdin, event, () => quit.resolve())
  seat.listen(stdout, 'error', () => quit.resolve())
  seat.listen(process, 'SIGWINCH', () => player.resize())
  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT'] as const) seat.listen(process, signal, () => quit.resolve())
  seat.enter()
  player.start()
  if (more !== undefined) void follow(player, more).catch(quit.reject)
  await quit.promise
  await seat.leave()
}

async function follow(player: Player, more: AsyncIterable<readonly CastEvent[]>): Promise<void> {
  for await (const events of more) player.append(events)
  player.finish()
}

function names(token: InputToken): readonly string[] {
  if (token.kind === 'text') return Array.from(token.text)
  if (token.kind !== 'key') return []
  return [`${token.ctrl ? 'ctrl-' : ''}${token.shift ? 'shift-' : ''}${token.name}`]
}

/**
 * Writes all output at once, as slowly as it is read. `text`: without the sequences that draw. `marked`: the same in
 * lines with their times.
 */
export async function printRecording(options: {
  readonly events: readonly CastEvent[]
  readonly stdout: NodeJS.WriteStream
  readonly as: 'output' | 'text' | 'marked'
}): Promise<void> {
  const { events, stdout, as } = options
  if (as === 'marked') for (const line of markedLines(events)) await write(stdout, `${line}\n`)
  else if (as === 'output') for (const { code, data } of events) if (code === 'o') await write(stdout, data)
  if (as !== 'text') return
  const transcript = new Transcript()
  transcript.append(events, 0)
  await write(stdout, transcript.text)
}

async function write(stdout: NodeJS.WriteStream, text: string): Promise<void> {
  if (!stdout.write(text)) await once(stdout, 'drain')
}
