import { Fault } from '../model/fault.ts'
import { listRecordings } from '../recording/library.ts'
import { exitCode, flag, printJson, say, text, type Command } from './command.ts'
import { foldersOf } from './link.ts'
import { stateHelp, stateOption } from './shared-options.ts'
import { duration } from '../../ui/words/durations.ts'
import { plain } from '../../ui/words/plain.ts'

export const command: Command = {
  name: 'recordings',
  summary: 'List what was recorded.',
  usage: 'chaperone recordings list [--json] [--state DIR]',
  help: `Newest first. Recordings are asciicast files, readable by asciinema and its player.

Options
  --json               machine-readable list
${stateHelp}

Examples
  chaperone recordings list
  chaperone recordings list --json | head`,
  options: { ...stateOption, json: { type: 'boolean' } },
  run: async (context, parsed) => {
    if ((parsed.positionals[0] ?? 'list') !== 'list') {
      throw new Fault('ERR_USAGE', 'Recordings can be listed: chaperone recordings list.')
    }
    const { recordings } = foldersOf(text(parsed, 'state'), context)
    const found = await listRecordings(recordings)
    if (flag(parsed, 'json')) printJson(context, found)
    else if (found.length === 0) say(context, 'nothing is recorded yet')
    for (const one of flag(parsed, 'json') ? [] : found) {
      const exit = one.exitStatus === undefined ? 'open' : `exit ${one.exitStatus}`
      const row = [one.sessionID, one.startedAt, duration(one.durationSeconds * 1000), exit, plain(one.command)]
      context.stdout.write(`${row.join('\t')}\n`)
    }
    return exitCode.ok
  },
}
