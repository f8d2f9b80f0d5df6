import { Fault } from '../model/fault.ts'
import { prepareState } from '../config/state.ts'
import { addReviewer } from '../identity/reviewers.ts'
import { reviewersGroup } from '../identity/local.ts'
import { reviewerFiles } from '../identity/reviewer-files.ts'
import { exitCode, flag, list, printJson, say, text, type Command } from './command.ts'
import { refuseInsideSession } from './inside.ts'
import { stateHelp, stateOption } from './shared-options.ts'

export const command: Command = {
  name: 'reviewer',
  summary: 'Add, list or remove the people who may review held requests.',
  usage: 'chaperone reviewer add NAME [--group GROUP]… | list [--json] | remove NAME',
  help: `A reviewer signs in with a token. It is printed once by \`add\`; only its hash is kept. Give it to the person
over a channel you trust; they use it with \`chaperone review --token-file FILE\`.

Options
  --group GROUP        group of the reviewer, may be repeated; default ${reviewersGroup}
  --json               machine-readable list
${stateHelp}

Examples
  chaperone reviewer add bob > bob.token
  chaperone reviewer add carol --group platform-leads > carol.token`,
  options: { ...stateOption, group: { type: 'string', multiple: true }, json: { type: 'boolean' } },
  run: async (context, parsed) => {
    refuseInsideSession(context, 'Managing reviewers')
    const [order, name] = parsed.positionals
    const folders = await prepareState(
      text(parsed, 'state') ?? context.environment.stateFolder,
      context.environment.uid,
    )
    const store = reviewerFiles(folders.reviewers)
    if (order === 'list') {
      const known = (await store.list()).map(({ name: who, groups, createdAt }) => ({ name: who, groups, createdAt }))
      if (flag(parsed, 'json')) printJson(context, known)
      else for (const one of known) context.stdout.write(`${one.name}\t${one.groups.join(',')}\t${one.createdAt}\n`)
      return exitCode.ok
    }
    if (name === undefined || (order !== 'add' && order !== 'remove')) {
      throw new Fault('ERR_USAGE', 'Say what to do: add NAME, list, or remove NAME.')
    }
    if (order === 'add') {
      const groups = list(parsed, 'group')
      const token = await addReviewer(
        store,
        { name, groups: groups.length > 0 ? groups : [reviewersGroup] },
        new Date(),
      )
      context.stdout.write(`${token}\n`)
      say(context, `${name} may review from now on; this token is shown only once.`)
      return exitCode.ok
    }
    if (!(await store.remove(name))) throw new Fault('ERR_NOT_FOUND', `There is no reviewer ${name}.`)
    say(context, `${name} may not review any more.`)
    return exitCode.ok
  },
}
