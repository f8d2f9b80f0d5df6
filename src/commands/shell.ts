import { join } from 'node:path'
import { keyLines } from '../../ui/terminal/keys.ts'
import { sessionSummary } from '../../ui/words/notices.ts'
import { Fault } from '../model/fault.ts'
import { parseDuration } from '../config/duration.ts'
import { loadConfig, type Config } from '../config/load.ts'
import { prepareState } from '../config/state.ts'
import { programSize } from '../terminal/compositor.ts'
import { openKept } from '../terminal/kept-pty.ts'
import { parseLeader, type Leader } from '../terminal/leader.ts'
import { runLine } from '../terminal/line.ts'
import { openPty } from '../terminal/pty.ts'
import { recorded } from '../terminal/recorded.ts'
import { launchChild } from './children.ts'
import { say, text, type Command, type Context, type Parsed } from './command.ts'
import { keptSocket, parseKept, type Go } from './kept.ts'
import { findKubectl, programProblem } from './kubectl.ts'
import { defaultLeader, leaderHelp, leaderOption } from './leader-option.ts'
import { connectOrStart, type Link } from './link.ts'
import { tellEvents, uiHelp, uiOption } from './notices.ts'
import { brokerArguments, brokerHelp, brokerOptions, configFlags, reasonOf, sessionOptions } from './shared-options.ts'
import { supervise, type Supervised } from './supervised.ts'

/** Long enough for a connection to come back, short enough that nobody's shell is forgotten. */
const defaultKeep = '15m'
/** A screen smaller than this has no room for a shell and a status line. */
const smallest = { cols: 20, rows: 5 }

export const command: Command = {
  name: 'shell',
  summary: 'Open a supervised shell; kubectl and helm in it go through the broker. The default.',
  usage: 'chaperone [shell] [OPTIONS] [-- CMD…]',
  help: `Your own shell, recorded, with a kubeconfig that leads to the broker. The status line is Chaperone's; Ctrl-] opens
the drawer with what is held, what was asked and decided, and the session.

Options
${brokerHelp}
${uiHelp}
${leaderHelp}
  --reason TEXT        why, for those who review and read the journal
  --keep DURATION      how long the shell lives on when its terminal is gone, for \`chaperone
                       attach\` to take it back; default
                       $CHAPERONE_KEEP, else 15m; 0 ends it at once

Keys
${keyLines(parseLeader(defaultLeader).label)}

Keys in the drawer
${keyLines()}

Examples
  chaperone shell --practice
  chaperone shell --context staging -- bash --norc`,
  options: { ...brokerOptions, ...sessionOptions, ...uiOption, ...leaderOption, keep: { type: 'string' } },
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
    const config = await loadConfig(configFlags(parsed), context.environment)
    const keepMs = parseDuration(text(parsed, 'keep') ?? config.keep ?? defaultKeep, '--keep')
    const leader = parseLeader(text(parsed, 'leader') ?? config.leader ?? defaultLeader)
    const ui = uiOf(context, config.ui)
    if (ui === 'full' && keepMs > 0) return await kept(context, parsed, { config, command, leader, keepMs })
    await using supervised = await supervise(context, parsed, {
      kind: 'shell',
      command,
      cols,
      rows: ui === 'full' ? rows - 1 : rows,
    })
    announce(context, supervised.link)
    const { exitStatus } =
      ui === 'full'
        ? await full(context, supervised, command, leader)
        : await line(context, parsed, supervised, command, ui)
    const session = await supervised.finish(exitStatus)
    say(context, sessionSummary(session.counts))
    return exitStatus
  },
}

interface KeptOptions {
  readonly config: Config
  readonly command: readonly string[]
  readonly leader: Leader
  readonly keepMs: number
}

/**
 * The program runs in a process of its own, which outlives this terminal. That process loads while this one finds the
 * broker and asks what it has to ask, and this one loads the chrome while that one opens the shell.
 */
async function kept(
  context: Context,
  parsed: Parsed,
  { config, command, leader, keepMs }: KeptOptions,
): Promise<number> {
  await findKubectl(context.environment)
  const { run, root } = await prepareState(config.stateFolder, context.environment.uid)
  const format = text(parsed, 'recording-format')
  const reason = reasonOf(parsed)
  const { child, ready } = launchChild({
    args: [
      '__keeper',
      '--until-exit',
      ...brokerArguments(parsed),
      '--yes',
      `--state=${root}`,
      ...(format === undefined ? [] : [`--recording-format=${format}`]),
      ...(reason === '' ? [] : [`--reason=${reason}`]),
      `--keep-ms=${keepMs}`,
      '--',
      ...command,
    ],
    variables: context.environment.variables,
    log: join(run, 'keeper.log'),
    detached: true,
    waits: true,
    what: 'The shell',
  })
  try {
    await using link = await connectOrStart(context, config, parsed)
    announce(context, link)
    const go: Go = { ...programSize(context.stdout), practice: link.info.practice }
    child.stdin?.on('error', () => {})
    child.stdin?.end(`${JSON.stringify(go)}\n`)
    const [{ showKept }, started] = await Promise.all([import('./face.ts'), ready])
    const keeper = parseKept(started.ready)
    const pty = await openKept(keptSocket(join(run, 'sessions', keeper.session.id)))
    return await showKept(context, link, pty, { leader, clipboard: config.clipboard === 'write' })
  } catch (thrown) {
    child.stdin?.destroy()
    throw thrown
  }
}

function uiOf(context: Context, configured: 'full' | 'line' | 'none' | undefined): 'full' | 'line' | 'none' {
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
function announce(context: Context, { info }: Link): void {
  const where = info.practice ? 'the practice cluster (nothing is real)' : `${info.context} (${info.server})`
  say(context, `${where}; mode ${info.mode}; policy ${info.policy.name}`)
}

async function full(
  context: Context,
  supervised: Supervised,
  command: readonly string[],
  leader: Leader,
): Promise<{ exitStatus: number }> {
  const { link, session, recorder, variables } = supervised
  const { showShell } = await import('./face.ts')
  const size = programSize(context.stdout)
  const open = () => recorded(openPty({ command, env: variables, cwd: process.cwd(), ...size }), recorder)
  return await showShell(context, link, {
    session,
    open,
    leader,
    clipboard: supervised.config.clipboard === 'write',
  })
}

async function line(
  context: Context,
  parsed: Parsed,
  supervised: Supervised,
  command: readonly string[],
  ui: 'line' | 'none',
): Promise<{ exitStatus: number }> {
  tellEvents(context, parsed, supervised, { onlyWaiting: ui === 'none' })
  return runLine({
    command: [...command],
    env: { ...supervised.variables },
    cwd: process.cwd(),
    stdin: context.stdin,
    stdout: context.stdout,
    recorder: supervised.recorder,
  })
}
