import type { Command } from './command.ts'
import { optionsOf } from './manual.ts'

/** What may stand in a place of the command line. */
export type Source =
  | { readonly kind: 'words'; readonly words: readonly string[] }
  | { readonly kind: 'files' }
  | { readonly kind: 'folders' }
  /** Only the running product knows: `chaperone __complete WHAT` prints one a line. */
  | { readonly kind: 'ask'; readonly what: Asked }
  /** Anything, so nothing is offered. */
  | { readonly kind: 'free' }

export const askable = ['contexts', 'decisions', 'held', 'recordings', 'reviewers', 'sessions'] as const
export type Asked = (typeof askable)[number]

export interface OptionWords {
  /** Without the dashes. */
  readonly name: string
  /** Undefined for a flag. */
  readonly value: Source | undefined
  readonly words: string
}

/** Everything that completion knows of one command. */
export interface CommandWords {
  readonly name: string
  readonly summary: string
  readonly options: readonly OptionWords[]
  /** By position. */
  readonly positions: readonly Source[]
}

const files: Source = { kind: 'files' }
const free: Source = { kind: 'free' }
const words = (...all: readonly string[]): Source => ({ kind: 'words', words: all })
const ask = (what: Asked): Source => ({ kind: 'ask', what })

/** An option means the same wherever it stands; what is not here takes anything. */
const values: Readonly<Record<string, Source>> = {
  body: files,
  'ca-file': files,
  config: files,
  context: ask('contexts'),
  decision: words('allow', 'hold', 'deny'),
  for: words('pipeline', 'agent', 'person'),
  held: ask('held'),
  keep: words('0', '15m', '1h'),
  kubeconfig: files,
  'kubeconfig-out': files,
  lifetime: words('1h', '12h', '24h'),
  listen: words('127.0.0.1:0'),
  output: files,
  policy: files,
  'ready-file': files,
  'recording-format': words('v2', 'v3'),
  key: files,
  session: ask('sessions'),
  state: { kind: 'folders' },
  'token-file': files,
  ui: words('full', 'line', 'none'),
  verb: words('get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection'),
  wait: words('0', '30s', '5m', '15m'),
}

const positions: Readonly<Record<string, readonly Source[]>> = {
  attach: [ask('sessions')],
  completion: [words('bash', 'zsh', 'fish')],
  held: [words('list', 'show', 'approve', 'deny', 'confirm'), ask('held')],
  journal: [words('search', 'verify')],
  mask: [words('test'), files],
  policy: [words('check', 'explain', 'test', 'whatif', 'schema'), files],
  recordings: [words('list')],
  replay: [ask('recordings')],
  sessions: [words('list', 'revoke'), ask('sessions')],
  subject: [words('key', 'add', 'list', 'rekey', 'remove'), files],
  upstream: [words('check', 'rbac')],
  reviewer: [words('add', 'list', 'remove'), ask('reviewers')],
  why: [ask('decisions')],
}

/** The words of every command, and of `help`. */
export function completionWords(commands: readonly Command[]): readonly CommandWords[] {
  const names = commands.map(({ name }) => name)
  const help = { name: 'help', summary: 'Explain a command.', options: [], positions: [words(...names, 'exit-codes')] }
  return [...commands.map(wordsOf), help]
}

function wordsOf({ name, summary, help, options }: Command): CommandWords {
  const explained = new Map(optionsOf(help).map(({ label, words: about }) => [optionName(label), about]))
  const own = Object.entries(options).map(([option, { type }]) => ({
    name: option,
    value: type === 'string' ? (values[option] ?? free) : undefined,
    words: explained.get(option) ?? '',
  }))
  return {
    name,
    summary,
    options: [...own, { name: 'help', value: undefined, words: 'explain this command' }],
    positions: positions[name] ?? [],
  }
}

/** `--state DIR` and `--ui=full|line` are options named state and ui. */
function optionName(label: string): string {
  return /^--([\w-]+)/.exec(label)?.[1] ?? label
}
