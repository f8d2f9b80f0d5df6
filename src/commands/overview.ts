import { createRequire } from 'node:module'
import type { Command } from './command.ts'
import { wrap } from './wrap.ts'

/** The version in package.json, which lies two levels above the built file. */
export function version(): string {
  const { version: found } = createRequire(import.meta.url)('../../../package.json') as { version: string }
  return found
}

/** What scripts may rely on; also `chaperone help exit-codes`. */
export const exitCodes = `Exit codes
  0    done
  1    failed
  2    wrong usage
  120  the last request is still held: run the same command again after approval
  121  the last request was denied, by a rule or a reviewer
  122  the last request was held, and nobody decided in time
  125  Chaperone itself failed (run)
  126  the command cannot be run
  127  there is no such command
  128+ the command was ended by this signal, like 143 by SIGTERM
\`run\` and \`shell\` otherwise give the exit code of their command. 120 to 122
are given by \`run\` in place of a failure of its command, never of a success.`

/** `chaperone --help`: one page that a newcomer can act on. */
export function overview(commands: readonly Command[]): string {
  const width = Math.max(...commands.map(({ name }) => name.length)) + 4
  const rows = commands.map(({ name, summary }) => `  ${name}`.padEnd(width) + wrap(summary, width, width).trimStart())
  return `chaperone — the supervised way to Kubernetes for people and AI agents

Usage: chaperone [COMMAND] [OPTIONS]
       chaperone run [OPTIONS] -- CMD…

Commands
${rows.join('\n')}

First steps
  chaperone shell --practice      a supervised shell on the practice cluster
  chaperone review --practice     in a second terminal: the practice reviewer
  chaperone replay latest         see what happened
  chaperone why last              why the last request passed, waited or failed
  chaperone doctor                what is missing, and what to do

More help
  chaperone COMMAND --help        options and examples of one command
  chaperone help exit-codes       what scripts may rely on
  chaperone completion --help     completions for bash, zsh and fish

Environment
  CHAPERONE_STATE                 state folder, as --state
  CHAPERONE_REVIEWER_TOKEN_FILE   reviewer token, as --token-file
  KUBECONFIG                      kubeconfig files, as for kubectl
  NO_COLOR                        no colours in Chaperone's own screens

Machine output goes to stdout, talk to stderr.
`
}
