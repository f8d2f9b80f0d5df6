import { plain } from '../../ui/words/plain.ts'
import { loadConfig } from '../config/load.ts'
import { localSubject } from '../identity/local.ts'
import type { Subject } from '../model/subject.ts'
import { exitCode, flag, printJson, type Command, type Context, type Parsed } from './command.ts'
import { idTokenOf, personConfig, personHelp, personOptions, verifierOf } from './person.ts'
import { configFlags } from './shared-options.ts'

export const command: Command = {
  name: 'whoami',
  summary: 'Say who you are to the broker.',
  usage: 'chaperone whoami [--json] [OPTIONS]',
  help: `The person who signed in, as the configuration makes a subject of what the provider says. Without a
provider in the configuration: the user of this system.

Options
  --json               machine-readable
${personHelp}

Examples
  chaperone whoami
  chaperone whoami --json`,
  options: { ...personOptions, json: { type: 'boolean' } },
  run: async (context, parsed) => {
    const { name, groups, ...rest } = await look(context, parsed)
    if (flag(parsed, 'json')) printJson(context, { name, groups, ...rest })
    else {
      const rows = [
        ['name', name],
        ['groups', groups.join(', ') || 'none'],
        ['by', rest.issuer ?? 'the system: nobody signs in here'],
        ...(rest.until === undefined ? [] : [['until', `${rest.until}, then it is refreshed`]]),
      ] as const
      for (const [title = '', words = ''] of rows) context.stdout.write(`${title.padEnd(8)}${plain(words)}\n`)
    }
    return exitCode.ok
  },
}

interface Found extends Pick<Subject, 'name' | 'uid' | 'groups'> {
  readonly issuer?: string
  /** RFC 3339. */
  readonly until?: string
}

async function look(context: Context, parsed: Parsed): Promise<Found> {
  const person = personConfig(await loadConfig(configFlags(parsed), context.environment), parsed)
  if (person === undefined) {
    const { name, uid, groups } = localSubject({ name: context.environment.user, uid: context.environment.uid })
    return { name, uid, groups }
  }
  const { subject, until } = await verifierOf(person)(await idTokenOf(person))
  const { name, uid, groups } = subject
  return {
    name,
    uid,
    groups,
    issuer: person.by.kind === 'provider' ? person.by.people.issuer : person.by.file,
    until: new Date(until).toISOString(),
  }
}
