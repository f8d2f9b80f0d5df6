import type { Command } from './command.ts'
import { wrap } from './wrap.ts'

/** Where the words about an option begin. */
const hang = 23

/** One option of a help page. */
export interface OptionHelp {
  /** As written: `--state DIR`. */
  readonly label: string
  readonly words: string
}

/** `chaperone COMMAND --help`: the usage, what it is for, and its options, in 80 columns. */
export function manual({ usage, summary, help }: Command): string {
  return `Usage: ${wrap(usage, 7, 7).trimStart()}\n\n${wrap(summary, 0, 0)}\n\n${fit(help)}\n`
}

/** Text of a help page in 80 columns: paragraphs and options are wrapped anew, examples and tables stay as they are. */
function fit(help: string): string {
  return blocks(help).map(fitBlock).join('\n\n')
}

/** The options that a help page explains. */
export function optionsOf(help: string): readonly OptionHelp[] {
  return blocks(help).flatMap((block) => (isOptions(block) ? readOptions(block) : []))
}

function blocks(help: string): readonly string[] {
  return help.trim().split(/\n\n+/)
}

function fitBlock(block: string): string {
  const [first = ''] = block.split('\n')
  if (isOptions(block)) return [first, ...readOptions(block).map(fitOption)].join('\n')
  return block.split('\n').some((line) => line.startsWith(' ')) ? block : wrap(block.replaceAll('\n', ' '), 0, 0)
}

function isOptions(block: string): boolean {
  return /^[A-Z]\w*\n {2}-/.test(block)
}

function readOptions(block: string): readonly OptionHelp[] {
  const found: { label: string; words: string }[] = []
  for (const line of block.split('\n').slice(1)) {
    const [, label, words = ''] = /^ {2}(-\S*(?: \S+)*)(?: {2,}(.*))?$/.exec(line) ?? []
    const last = found.at(-1)
    if (label !== undefined) found.push({ label, words })
    else if (last !== undefined) last.words = `${last.words} ${line.trim()}`.trim()
  }
  return found
}

function fitOption({ label, words }: OptionHelp): string {
  const body = wrap(words, hang, hang)
  return label.length + 2 < hang - 1 ? `  ${label}`.padEnd(hang) + body.trimStart() : `  ${label}\n${body}`
}
