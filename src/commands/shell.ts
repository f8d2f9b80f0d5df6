import { randomBytes } from 'node:crypto'
import { createChrome } from '../../ui/terminal/chrome.tsx'
import { sessionSummary } from '../../ui/words/notices.ts'
import { Fault } from '../model/fault.ts'
import { runShell } from '../terminal/compositor.ts'
import { runLine } from '../terminal/line.ts'
import { say, text, type Command, type Context, type Parsed } from './command.ts'
import { programProblem } from './kubectl.ts'
import { tell, uiHelp, uiOption } from './notices.ts'
import { brokerHelp, brokerOptions, recordingOptions } from './shared-options.ts'
import { supervise, type Supervised } from './supervised.ts'

/** A screen smaller than this has no room for a shell and a status line. */
const smallest = { cols: 20, rows: 5 }

export const command: Command = {
  name: 'shell',
  summary: 'Open a supervised shell; kubectl and helm in it go through the broker. The default.',
  usage: 'chaperone [shell] [OPTIONS] [-- CMD…]',
  help: `Your own shell, recorded, with a kubeconfig that leads to the broker. The status line is Chaperone's; Ctrl-] opens
the drawer with what is held, Ctrl-] twice sends a Ctrl-] to the program.

Options
${brokerHelp}
${uiHelp}

Example
  chaperone shell --practice
  chaperone shell --context staging -- bash --norc`,
  options: { ...brokerOptions, ...recordingOptions, ...uiOption },
  run: async (context, parsed) => {
    if (context.environment.insideSession !== '') {
      throw new Fault('ERR_USAGE', `This is already supervised session ${context.environment.insideSession}.`, {
        advice: 'Leave it first with `exit`.',
      })
    }
    if (!context.stdin.isTTY || !context.stdout.isTTY) {
      throw new Fault('ERR_TERMINAL', 'A shell needs a terminal, and this is not one.', {
        advice: 'In scripts and pipelines use `chaperone run -- CMD`.',
      })
    }
    const { columns: cols, rows } = context.stdout
    if (cols < smallest.cols || rows < smallest.rows) {
      throw new Fault(
        'ERR_TERMINAL',
        `This terminal is ${cols}×${rows}; a shell needs ${smallest.cols}×${smallest.rows}.`,
        {
          advice: 'Make the window larger, or use `chaperone run -- CMD`.',
        },
      )
    }
    if (parsed.positionals.length > 0) {
      throw new Fault('ERR_USAGE', 'Put -- before the command to run in the shell.')
    }
    const command = await shellCommand(context, parsed)
    await using supervised = await supervise(context, parsed, {
      kind: 'shell',
      command,
      cols,
      rows: uiOf(context, parsed, undefined) === 'full' ? rows - 1 : rows,
    })
    const ui = uiOf(context, parsed, supervised.config.ui)
    announce(context, supervised)
    const { exitStatus } =
      ui === 'full' ? await full(context, supervised, command) : await line(context, supervised, command, ui)
    const session = await supervised.finish(exitStatus)
    say(context, sessionSummary(session.counts))
    return exitStatus
  },
}

function uiOf(
  context: Context,
  parsed: Parsed,
  configured: 'full' | 'line' | 'none' | undefined,
): 'full' | 'line' | 'none' {
  const given = text(parsed, 'ui')
  if (given === 'full' || given === 'line' || given === 'none') return given
  return configured ?? (['dumb', ''].includes(context.environment.term) ? 'line' : 'full')
}

async function shellCommand(context: Context, parsed: Parsed): Promise<readonly string[]> {
  const asked = parsed.rest.length > 0 ? parsed.rest : [context.environment.shell]
  const program = asked[0] ?? ''
  if ((await programProblem(program, context.environment.path.join(':'))) === undefined) return asked
  throw new Fault('ERR_ENVIRONMENT', `There is no program ${JSON.stringify(program)}.`, {
    advice: 'Set SHELL, or name a shell: chaperone shell -- bash',
  })
}

/** Says what this shell leads to before it opens: nobody should find out later which cluster they are on. */
function announce(context: Context, { link: { info } }: Supervised): void {
  const where = info.practice ? 'the practice cluster (nothing is real)' : `${info.context} (${info.server})`
  say(context, `${where}; mode ${info.mode}; policy ${info.policy.name}`)
}

async function full(
  context: Context,
  supervised: Supervised,
  command: readonly string[],
): Promise<{ exitStatus: number }> {
  await using chrome = await createChrome({
    client: supervised.client,
    session: supervised.session,
    info: supervised.link.info,
    now: Date.now,
    random: (bytes) => randomBytes(bytes),
    leaderLabel: 'Ctrl-]',
    color: !context.environment.noColor,
  })
  return await runShell({
    command: [...command],
    env: { ...supervised.variables },
    cwd: process.cwd(),
    stdin: context.stdin,
    stdout: context.stdout,
    chrome,
    recorder: supervised.recorder,
  })
}

async function line(
  context: Context,
  supervised: Supervised,
  command: readonly string[],
  ui: 'line' | 'none',
): Promise<{ exitStatus: number }> {
  if (ui === 'line') supervised.subscribe((event) => tell(context, event))
  return runLine({
    command: [...command],
    env: { ...supervised.variables },
    cwd: process.cwd(),
    stdin: context.stdin,
    stdout: context.stdout,
    recorder: supervised.recorder,
  })
}
