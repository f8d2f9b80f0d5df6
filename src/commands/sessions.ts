import { age } from '../../ui/words/durations.ts'
import { plain } from '../../ui/words/plain.ts'
import { Fault } from '../model/fault.ts'
import type { Session } from '../model/session.ts'
import type { Revocation } from '../control/contract.ts'
import { exitCode, flag, printJson, say, text, type Command, type Parsed } from './command.ts'
import { refuseInsideSession } from './inside.ts'
import { connect, foldersOf } from './link.ts'
import { stateHelp, stateOption } from './shared-options.ts'

export const command: Command = {
  name: 'sessions',
  summary: 'List the sessions of the broker, or end them at once.',
  usage: 'chaperone sessions list [--all] [--json] | revoke ID | revoke --subject NAME | revoke --everyone',
  help: `A session that is revoked is over: its token and its credentials stop working with the next request,
and its watches and streams end within seconds. The token that its caller brought opens no other
session while this broker runs. A caller that can get a new one from its issuer, as a running job
of GitHub can, has to be kept out by policy.

Options
  --all                also those that have ended (list)
  --json               machine-readable
  --subject NAME       all sessions of this subject (revoke)
  --everyone           all sessions (revoke)
${stateHelp}

Examples
  chaperone sessions list
  chaperone sessions revoke --subject github:acme/shop`,
  options: {
    ...stateOption,
    all: { type: 'boolean' },
    json: { type: 'boolean' },
    subject: { type: 'string' },
    everyone: { type: 'boolean' },
  },
  run: async (context, parsed) => {
    const [order = 'list', id] = parsed.positionals
    if (order !== 'list' && order !== 'revoke') throw new Fault('ERR_USAGE', 'Say what to do: list, or revoke.')
    if (order === 'revoke') refuseInsideSession(context, 'Revoking sessions')
    const which = order === 'revoke' ? revocationOf(parsed, id) : undefined
    const folders = foldersOf(text(parsed, 'state'), context)
    await using link = await connect(folders, folders.operatorTokenFile)
    const found = await (which === undefined ? link.client.listSessions() : link.client.revoke(which))
    const shown = which === undefined && !flag(parsed, 'all') ? found.filter(({ endedAt }) => !endedAt) : found
    if (flag(parsed, 'json')) printJson(context, shown)
    else for (const session of shown) context.stdout.write(`${line(session)}\n`)
    if (shown.length === 0) say(context, which === undefined ? 'no session runs' : 'no session had to be ended')
    return exitCode.ok
  },
}

function revocationOf(parsed: Parsed, id: string | undefined): Revocation {
  const subject = text(parsed, 'subject')
  const asked: Revocation[] = [
    ...(id === undefined ? [] : [{ sessionID: id }]),
    ...(subject === undefined ? [] : [{ subject }]),
    ...(flag(parsed, 'everyone') ? [{ all: true } as const] : []),
  ]
  const [which] = asked
  if (which !== undefined && asked.length === 1) return which
  throw new Fault('ERR_USAGE', 'Say which: revoke ID, revoke --subject NAME, or revoke --everyone.')
}

function line({ id, kind, subject, command, startedAt, endedAt, counts }: Session): string {
  const state = endedAt === undefined ? 'running' : 'ended'
  const since = age(startedAt, Date.now())
  return plain([id, state, kind, subject.name, since, `${counts.requests} requests`, command.join(' ')].join('  '))
}
