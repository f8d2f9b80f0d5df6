import { once } from 'node:events'
import type { InputToken } from '../model/chrome.ts'
import type { CastEvent } from '../recording/read.ts'
import { InputTokenizer } from './input.ts'
import { Player } from './player.ts'
import { ScreenClient } from './screen-client.ts'
import { TerminalSeat } from './seat.ts'
import { Timeline } from './timeline.ts'

export interface PlayOptions {
  /** Size of the recorded terminal in cells; what does not fit is cut at the edge. */
  readonly cols: number
  readonly rows: number
  readonly events: readonly CastEvent[]
  readonly title: string
  readonly stdin: NodeJS.ReadStream
  readonly stdout: NodeJS.WriteStream
}

/** Plays a recording on the alternate screen until the user quits; nothing of it reaches the terminal but cells. */
export async function playRecording(options: PlayOptions): Promise<void> {
  const { cols, rows, events, title, stdin, stdout } = options
  const terminal = () => ({ cols: stdout.columns, rows: stdout.rows })
  const quit = Promise.withResolvers<void>()
  const model = { modelCols: Math.max(2, cols), modelRows: Math.max(1, rows) }
  await using parts = new AsyncDisposableStack()
  const screen = parts.use(new ScreenClient({ ...terminal(), ...model, purpose: 'player' }, stdout, quit.reject))
  const seat = parts.use(new TerminalSeat(stdin, stdout, screen))
  const timeline = new Timeline(events)
  const player = new Player({ timeline, title, cols, rows, screen, terminal, quit: quit.resolve })
  parts.defer(() => player.stop())
  const tokenizer = new InputTokenizer()
  seat.listen(stdin, 'data', (bytes: Buffer) => {
    for (const token of tokenizer.push(bytes)) for (const name of names(token)) player.key(name)
  })
  for (const event of ['end', 'error']) seat.listen(stdin, event, () => quit.resolve())
  seat.listen(stdout, 'error', () => quit.resolve())
  seat.listen(process, 'SIGWINCH', () => player.resize())
  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT'] as const) seat.listen(process, signal, () => quit.resolve())
  seat.enter()
  player.start()
  await quit.promise
  await seat.leave()
}

function names(token: InputToken): readonly string[] {
  if (token.kind === 'text') return Array.from(token.text)
  if (token.kind !== 'key') return []
  return [token.ctrl ? `ctrl-${token.name}` : token.name]
}

/** Writes all output at once, as slowly as it is read. */
export async function printRecording(options: {
  readonly events: readonly CastEvent[]
  readonly stdout: NodeJS.WriteStream
}): Promise<void> {
  for (const { code, data } of options.events) {
    if (code === 'o' && !options.stdout.write(data)) await once(options.stdout, 'drain')
  }
}
