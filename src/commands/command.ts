import type { ParseArgsOptionsConfig } from 'node:util'
import type { Environment } from '../config/environment.ts'
import { prose } from './wrap.ts'

/** Exit codes of Chaperone's own, kept clear of those of common programs; documented in `chaperone --help`. */
export const exitCode = {
  ok: 0,
  failed: 1,
  usage: 2,
  held: 120,
  denied: 121,
  expired: 122,
  chaperone: 125,
  notExecutable: 126,
  notFound: 127,
} as const

export interface Context {
  readonly environment: Environment
  readonly stdin: NodeJS.ReadStream
  readonly stdout: NodeJS.WriteStream
  readonly stderr: NodeJS.WriteStream
}

export interface Parsed {
  readonly values: Readonly<Record<string, string | boolean | readonly (string | boolean)[] | undefined>>
  readonly positionals: readonly string[]
  /** Everything after `--`. */
  readonly rest: readonly string[]
}

/** One verb of the command line. `run` returns the exit code; a Fault it throws becomes one sentence on stderr. */
export interface Command {
  readonly name: string
  readonly summary: string
  readonly usage: string
  /** Options and examples, as shown by `--help`. */
  readonly help: string
  readonly options: ParseArgsOptionsConfig
  /** Exit code of a Fault, where it is not 1: `run` must not look like its command. */
  readonly faultCode?: number
  run(context: Context, parsed: Parsed): Promise<number>
}

/** A string option's last value, or undefined. */
export function text(parsed: Parsed, name: string): string | undefined {
  const value = parsed.values[name]
  return typeof value === 'string' ? value : undefined
}

export function flag(parsed: Parsed, name: string): boolean {
  return parsed.values[name] === true
}

export function list(parsed: Parsed, name: string): readonly string[] {
  const value = parsed.values[name]
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}

/** One JSON document on stdout, for scripts. */
export function printJson(context: Context, value: unknown): void {
  context.stdout.write(`${JSON.stringify(value, undefined, 2)}\n`)
}

/** Talk for people, on stderr so that stdout stays for data. */
export function say(context: Context, sentence: string): void {
  context.stderr.write(`${prose(`chaperone: ${sentence}`, context.stderr, 2)}\n`)
}
