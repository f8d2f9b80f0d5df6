import type { Files } from './files.ts'
import type { Sink, Source } from './pipe.ts'

/** What one program of a container has. */
export interface Io {
  /** Its name and its arguments. */
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  readonly stdin: Source
  readonly stdout: Sink
  readonly stderr: Sink
  readonly machine: Machine
  /** Aborts when the program is to end; the reason is the exit code. */
  readonly signal: AbortSignal
}

/** Resolves with the exit code. */
export type Program = (io: Io) => Promise<number>

/** What all programs of one container share. */
export interface Machine {
  readonly files: Files
  readonly hostname: string
  readonly now: () => Date
  /** Size of the terminal of the program that asks; undefined without one. */
  readonly terminal?: () => { readonly columns: number; readonly rows: number }
  /** Takes connections to a port of the pod until the signal aborts. */
  listen(port: number, serve: (connection: Connection) => void, signal: AbortSignal): void
  /** A connection to a name and port of the cluster's network; undefined when nobody listens. */
  dial(host: string, port: number): Connection | undefined
}

/** One end of a connection inside the cluster. */
export interface Connection {
  readonly input: Source
  readonly output: Sink & { end(): void }
  close(): void
}

/** Exit codes as shells give them. */
export const exit = {
  ok: 0,
  failed: 1,
  misuse: 2,
  notExecutable: 126,
  notFound: 127,
  interrupted: 130,
  killed: 137,
} as const

/** Resolves after the time, or at once when the program is to end. */
export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  if (signal.aborted) resolve()
  const timer = setTimeout(resolve, milliseconds)
  signal.addEventListener('abort', () => resolve(), { once: true })
  return promise.finally(() => clearTimeout(timer))
}

/** What a program that is ended from outside ends with. */
export function endCode({ signal }: Io): number {
  return typeof signal.reason === 'number' ? signal.reason : exit.killed
}
