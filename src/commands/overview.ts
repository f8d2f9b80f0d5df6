import { createRequire } from 'node:module'
import type { Command } from './command.ts'

/** The version in package.json, which lies two levels above the built file. */
export function version(): string {
  const { version: found } = createRequire(import.meta.url)('../../../package.json') as { version: string }
  return found
}

/** `chaperone --help`: one page that a newcomer can act on. */
export function overview(commands: readonly Command[]): string {
  const width = Math.max(...commands.map(({ name }) => name.length)) + 2
  const rows = commands.map(({ name, summary }) => `  ${name.padEnd(width)}${summary}`)
  return `chaperone — the supervised way to Kubernetes for people and AI agents

Usage: chaperone [COMMAND] [OPTIONS]
       chaperone run [OPTIONS] -- CMD…

Commands (\`chaperone COMMAND --help\` explains each; the default is shell)
${rows.join('\n')}

First steps
  chaperone shell --practice      a supervised shell on the practice cluster
  chaperone review --practice     in a second terminal: the practice reviewer
  chaperone replay latest         see what happened
  chaperone why last              why the last request was allowed, held or denied

Exit codes
  0    done                       121  a request was denied
  1    failed                     122  a held request expired
  2    wrong usage                125  Chaperone itself failed (run)
  120  a request is still held    126, 127  the command cannot be run, or is not there
  \`run\` and \`shell\` otherwise give the exit code of their command; 120 to 122 replace
  a failure of the command when its last request was held, denied or expired.

Environment
  CHAPERONE_STATE                 state folder, as --state
  CHAPERONE_REVIEWER_TOKEN_FILE   reviewer token, as --token-file
  KUBECONFIG                      kubeconfig files, as for kubectl
  NO_COLOR                        no colours in Chaperone's own screens

Machine output goes to stdout, talk to stderr.
`
}
