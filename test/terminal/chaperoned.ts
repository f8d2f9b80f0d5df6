/** Runs a command in the compositor under a small chrome: `node chaperoned.ts FOLDER COMMAND…`. */
import type { Chrome, ChromeFrame, InputToken } from '../../src/model/chrome.ts'
import { openRecording } from '../../src/recording/writer.ts'
import { programSize, runShell } from '../../src/terminal/compositor.ts'
import { parseLeader } from '../../src/terminal/leader.ts'
import { openPty } from '../../src/terminal/pty.ts'
import { recorded } from '../../src/terminal/recorded.ts'

class SmallChrome implements Chrome {
  frame: ChromeFrame = { statusRow: '', drawerRows: [], focused: false, bells: 0 }
  readonly #listeners = new Set<() => void>()
  #last = ''

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  resize(cols: number, rows: number): void {
    this.#show({ statusRow: `\x1b[7mSTATUS ${cols}x${rows}\x1b[0m` })
  }

  leader(): void {
    const focused = !this.frame.focused
    this.#show({ focused, drawerRows: focused ? this.#drawer() : [] })
  }

  input(token: InputToken, sinceRepaintMs: number): void {
    this.#last = `${token.kind} ${JSON.stringify(Buffer.from(token.bytes).toString())} ${sinceRepaintMs >= 0}`
    this.#show({ drawerRows: this.#drawer() })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listeners.clear()
  }

  #drawer(): string[] {
    return ['\x1b[1m-- drawer --\x1b[0m', `last: ${this.#last}`, '-- end --']
  }

  #show(change: Partial<ChromeFrame>): void {
    this.frame = { ...this.frame, ...change }
    for (const listener of this.#listeners) listener()
  }
}

const [folder = '', ...command] = process.argv.slice(2)
const { stdin, stdout } = process
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => name !== 'NODE_OPTIONS'))
const recorder = await openRecording({
  folder,
  sessionID: 'story',
  version: 2,
  cols: stdout.columns,
  rows: stdout.rows - 1,
  command: command.join(' '),
  title: 'story',
  termType: 'xterm-256color',
  shell: 'sh',
})
const size = programSize(stdout)
const pty = openPty({ command, env: env as Record<string, string>, cwd: process.cwd(), ...size })
const { exitStatus } = await runShell({
  pty: recorded(pty, recorder),
  stdin,
  stdout,
  chrome: new SmallChrome(),
  leader: parseLeader('ctrl-]'),
  asksColours: true,
})
await recorder.end(exitStatus)
process.exitCode = exitStatus
