import { loadConfig } from '../config/load.ts'
import { connectOperator, foldersOf } from './link.ts'
import { Fault } from '../model/fault.ts'
import { openKept } from '../terminal/kept-pty.ts'
import { parseLeader } from '../terminal/leader.ts'
import { say, text, type Command } from './command.ts'
import { showKept } from './face.ts'
import { findKept } from './kept.ts'
import { defaultLeader, leaderHelp, leaderOption } from './leader-option.ts'
import { personConfig } from './person.ts'
import { configFlags, stateHelp, stateOption } from './shared-options.ts'

export const command: Command = {
  name: 'attach',
  summary: 'Take back a shell whose terminal went away.',
  usage: 'chaperone attach [SESSION|latest] [OPTIONS]',
  help: `A shell lives on for a while when its terminal is closed or its connection breaks (see \`chaperone shell --keep\`).
This terminal becomes its terminal; another one that still shows it is let go.

Options
${leaderHelp}
  --config FILE        configuration; default $XDG_CONFIG_HOME/chaperone/chaperone.yaml
${stateHelp}

Examples
  chaperone attach
  chaperone attach s-k3x9ab`,
  options: { ...stateOption, ...leaderOption, config: { type: 'string' } },
  run: async (context, parsed) => {
    const { insideSession } = context.environment
    if (insideSession !== '') {
      throw new Fault('ERR_USAGE', `This is supervised session ${insideSession}; a shell is not attached inside one.`, {
        advice: 'Open another terminal for it.',
      })
    }
    if (!context.stdin.isTTY || !context.stdout.isTTY) {
      throw new Fault('ERR_TERMINAL', 'A shell needs a terminal, and this is not one.')
    }
    const config = await loadConfig(configFlags(parsed), context.environment)
    const leader = parseLeader(text(parsed, 'leader') ?? config.leader ?? defaultLeader)
    const folders = foldersOf(text(parsed, 'state'), context)
    const shell = await findKept(folders, parsed.positionals[0] ?? 'latest', (sentence) => say(context, sentence))
    await using link = await connectOperator(folders, personConfig(config, parsed))
    return await showKept(context, link, await openKept(shell.socket), {
      leader,
      clipboard: config.clipboard === 'write',
    })
  },
}
