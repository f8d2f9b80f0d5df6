import { parseArgs, type ParseArgsOptionsConfig } from 'node:util'
import { Fault } from '../model/fault.ts'
import { didYouMean } from '../policy/suggest.ts'
import type { Command, Parsed } from './command.ts'

/** Commands that take words besides their options, and how many; `shell` and `run` say themselves where theirs belong. */
const words: Readonly<Record<string, number>> = {
  attach: 1,
  completion: 1,
  held: 2,
  journal: 2,
  mask: 2,
  policy: Number.POSITIVE_INFINITY,
  recordings: 1,
  replay: 1,
  reveal: 2,
  reviewer: 2,
  run: Number.POSITIVE_INFINITY,
  sessions: 2,
  shell: Number.POSITIVE_INFINITY,
  subject: 2,
  upstream: 1,
  why: 1,
}

/** The command's arguments; what follows `--` is kept apart. Throws ERR_USAGE that suggests what may have been meant. */
export function parseUsage(command: Command, args: readonly string[]): Parsed {
  const end = args.indexOf('--')
  const own = end === -1 ? args : args.slice(0, end)
  const options: ParseArgsOptionsConfig = { ...command.options, help: { type: 'boolean', short: 'h' } }
  const advice = `See \`chaperone ${command.name} --help\`.`
  try {
    const { values, positionals } = parseArgs({ args: [...own], options, allowPositionals: true, strict: true })
    const extra = positionals[words[command.name] ?? 0]
    if (extra === undefined) return { values, positionals, rest: end === -1 ? [] : args.slice(end + 1) }
    throw new Fault('ERR_USAGE', `\`chaperone ${command.name}\` does not take ${JSON.stringify(extra)}.`, { advice })
  } catch (thrown) {
    if (thrown instanceof Fault) throw thrown
    throw new Fault('ERR_USAGE', problem(command, thrown as NodeJS.ErrnoException, Object.keys(options)), {
      advice,
      cause: thrown,
    })
  }
}

/** What people run under supervision, and easily put where a command of ours belongs. */
const programs: ReadonlySet<string> = new Set(['kubectl', 'helm', 'k9s', 'kustomize', 'flux', 'argocd', 'oc', 'stern'])

/** A word that is no command, with the nearest one. */
export function unknownCommand(name: string, known: readonly string[]): string {
  if (programs.has(name)) return `Programs are run after two dashes: \`chaperone run -- ${name} …\``
  return `There is no command ${JSON.stringify(name)}.${didYouMean(name, known)} See \`chaperone --help\`.`
}

/** Node names the option in its message, in single quotes, and nowhere else. */
function problem(command: Command, { code, message }: NodeJS.ErrnoException, known: readonly string[]): string {
  const option = /'(?:-\w, )?(--?[^\s'=]+)/.exec(message)?.[1] ?? 'An option'
  if (code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION') {
    const flags = known.map((name) => `--${name}`)
    return `\`chaperone ${command.name}\` has no option ${option}.${didYouMean(option, flags)}`
  }
  if (message.includes('ambiguous'))
    return `${option} needs a value; one that begins with a dash is written ${option}=VALUE.`
  if (message.includes('does not take')) return `${option} takes no value.`
  return `${option} needs a value.`
}
