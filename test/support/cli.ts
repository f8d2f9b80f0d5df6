import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { watch } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { personsEnvironment } from './environment.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** The Node.js that the lockfile pins. */
export const pinnedNode = `${root}node_modules/.bin/node`
/** The built program; only the journeys project of vitest.config.ts makes sure that it is fresh. */
export const builtMain = `${root}dist/src/main.js`

export interface CliOptions {
  readonly cwd?: string
  /** Added to a person's environment. */
  readonly env?: Readonly<Record<string, string>>
  /** All of standard input; empty when absent. */
  readonly input?: string
}

export interface CliResult {
  readonly stdout: string
  readonly stderr: string
  /** The exit code, or null when a signal ended it. */
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** Runs `chaperone ARGS…` without a terminal until it ends. */
export async function runCli(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  return await launch(args, options).result
}

/** A running `chaperone serve` or `chaperone practice` that has said where it is. */
export interface RunningCli<Ready> extends AsyncDisposable {
  readonly pid: number
  /** What its ready file says. */
  readonly ready: Ready
  /** Asks it to end with SIGTERM, or another signal, and gives what it left. */
  stop(signal?: NodeJS.Signals): Promise<CliResult>
  /** How it ended, whoever ended it. */
  readonly result: Promise<CliResult>
}

/**
 * Starts `chaperone ARGS… --ready-file FILE` and waits for the file to hold JSON. Rejects with what it said on stderr when it
 * ends before that. Disposal stops it, and kills it when it has not ended after ten seconds.
 */
export async function startCli<Ready>(
  args: readonly string[],
  readyFile: string,
  options: CliOptions = {},
): Promise<RunningCli<Ready>> {
  const { child, result } = launch([...args, '--ready-file', readyFile], options)
  const stop = async (signal: NodeJS.Signals = 'SIGTERM') => {
    child.kill(signal)
    const timer = setTimeout(() => child.kill('SIGKILL'), 10_000)
    return await result.finally(() => clearTimeout(timer))
  }
  const watching = new AbortController()
  try {
    const ready = await Promise.race([readWhenWritten<Ready>(readyFile, watching.signal), endedEarly(args, result)])
    return { pid: child.pid ?? 0, ready, stop, result, [Symbol.asyncDispose]: async () => void (await stop()) }
  } finally {
    watching.abort()
  }
}

function launch(args: readonly string[], options: CliOptions) {
  const child = spawn(pinnedNode, [builtMain, ...args], {
    env: personsEnvironment(options.env),
    stdio: 'pipe',
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  })
  // A program that ends without reading its input is no failure of the test.
  child.stdin.on('error', () => child.stdin.destroy())
  child.stdin.end(options.input ?? '')
  return { child, result: resultOf(child) }
}

async function resultOf(child: ChildProcessByStdio<Writable, Readable, Readable>): Promise<CliResult> {
  const exited = new Promise<Pick<CliResult, 'code' | 'signal'>>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => resolve({ code, signal }))
  })
  const [stdout, stderr, end] = await Promise.all([text(child.stdout), text(child.stderr), exited])
  return { stdout, stderr, ...end }
}

async function endedEarly(args: readonly string[], result: Promise<CliResult>): Promise<never> {
  const early = await result
  throw new Error(`chaperone ${args.join(' ')} ended (${early.code ?? early.signal}): ${early.stderr}`)
}

/** The JSON in a file as soon as another process has put it there; the folder must exist. */
function readWhenWritten<T>(path: string, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const look = async () => {
      const content = await readFile(path, 'utf8').catch(emptyWhenMissing)
      // An empty file is one still being written; its next change comes.
      if (content !== '') resolve(JSON.parse(content) as T)
    }
    watch(dirname(path), { signal }, (_event, name) => {
      if (name === basename(path)) look().catch(reject)
    })
    look().catch(reject)
  })
}

function emptyWhenMissing(error: unknown): '' {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return ''
  throw error
}
