import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Outer } from './outer.ts'

/** One way to run a program in a terminal. */
export interface Contender {
  readonly name: 'none' | 'script' | 'tmux' | 'chaperone'
  /** Processes besides those below the outer pty whose CPU and memory it costs. */
  others(): number[]
  open(command: readonly string[]): Outer
  close(outer: Outer): Promise<void>
}

export interface Places {
  /** Holds the state, sockets and recordings of one run. */
  readonly folder: string
  /** The built `main.js`. */
  readonly main: string
}

/** All contenders of one run; Chaperone records, and `script` writes its typescript, both to the same disk. */
export function contenders({ folder, main }: Places): readonly Contender[] {
  const env = environment(folder)
  const state = join(folder, 'state')
  const socket = join(folder, 'tmux')
  const plain = (name: Contender['name'], wrap: (command: readonly string[]) => string[]): Contender => ({
    name,
    others: () => [],
    open: (command) => new Outer(wrap(command), env, folder),
    close: (outer) => outer[Symbol.asyncDispose](),
  })
  return [
    plain('none', (command) => [...command]),
    plain('script', (command) => ['script', '-q', '-c', command.map(quoted).join(' '), join(folder, 'typescript')]),
    {
      ...plain('tmux', (command) => ['tmux', '-S', socket, '-f', '/dev/null', 'new-session', ...command]),
      others: () => [Number(tmux(socket, env, 'display-message', '-p', '#{pid}'))],
      close: async (outer) => {
        tmux(socket, env, 'kill-server')
        await outer[Symbol.asyncDispose]()
      },
    },
    {
      ...plain('chaperone', (command) => [
        ...[process.execPath, main, 'shell', '--keep=1s', '--practice', '--state', state, '--', ...command],
      ]),
      others: () => [brokerPid(state)],
      // A terminal that is closed would leave the shell to its keeper.
      close: (outer) => outer.end('SIGTERM'),
    },
  ]
}

/** Process id of the broker of a state folder. */
export function brokerPid(state: string): number {
  return (JSON.parse(readFileSync(join(state, 'run', 'broker.json'), 'utf8')) as { pid: number }).pid
}

function environment(folder: string): Record<string, string> {
  const path = process.env['PATH'] ?? ''
  return { PATH: path, HOME: folder, SHELL: '/bin/bash', TERM: 'xterm-256color', LANG: 'C.UTF-8' }
}

function tmux(socket: string, env: Record<string, string>, ...args: string[]): string {
  return execFileSync('tmux', ['-S', socket, ...args], { env, encoding: 'utf8' }).trim()
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`
}
