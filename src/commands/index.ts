import { readEnvironment } from '../config/environment.ts'
import { toFault } from '../model/fault.ts'
import { childFault, isChild } from './children.ts'
import { exitCode, say, type Command, type Context } from './command.ts'
import { manual } from './manual.ts'
import { exitCodes, overview, version } from './overview.ts'
import { parseUsage, unknownCommand } from './usage.ts'

/** Verbs load on demand, so that `chaperone why` does not pay for Ink. */
const verbs: Readonly<Record<string, () => Promise<{ command: Command }>>> = {
  shell: () => import('./shell.ts'),
  attach: () => import('./attach.ts'),
  run: () => import('./run.ts'),
  review: () => import('./review.ts'),
  reveal: () => import('./reveal.ts'),
  replay: () => import('./replay.ts'),
  recordings: () => import('./recordings.ts'),
  held: () => import('./held.ts'),
  status: () => import('./status.ts'),
  why: () => import('./why.ts'),
  journal: () => import('./journal.ts'),
  policy: () => import('./policy.ts'),
  mask: () => import('./mask.ts'),
  serve: () => import('./serve.ts'),
  practice: () => import('./practice.ts'),
  reviewer: () => import('./reviewer.ts'),
  login: () => import('./login.ts'),
  logout: () => import('./logout.ts'),
  whoami: () => import('./whoami.ts'),
  subject: () => import('./subject.ts'),
  kubeconfig: () => import('./kubeconfig.ts'),
  token: () => import('./token.ts'),
  sessions: () => import('./sessions.ts'),
  upstream: () => import('./upstream.ts'),
  doctor: () => import('./doctor.ts'),
  completion: async () => {
    const { completionCommand } = await import('./completion.ts')
    return { command: completionCommand(allCommands) }
  },
}

async function allCommands(): Promise<readonly Command[]> {
  return (await Promise.all(Object.values(verbs).map((load) => load()))).map(({ command }) => command)
}

/** Runs what argv asks for and sets the exit code; every failure is one sentence on stderr. */
export async function runCommandLine(): Promise<void> {
  const context: Context = {
    environment: readEnvironment(),
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
  }
  quietBrokenPipe(context)
  process.exitCode = await dispatch(context, process.argv.slice(2))
}

async function dispatch(context: Context, argv: readonly string[]): Promise<number> {
  const [first = 'shell', ...others] = argv
  if (['--help', '-h', 'help'].includes(first)) return help(context, others[0])
  if (first === '--version' || first === 'version') {
    context.stdout.write(`chaperone ${version()}\n`)
    return exitCode.ok
  }
  if (first === '__complete') {
    const { complete } = await import('./complete.ts')
    return complete(context, others)
  }
  if (first === '__keeper') return runVerb(context, (await import('./keeper.ts')).command, others)
  const isVerb = !first.startsWith('-')
  const name = isVerb ? first : 'shell'
  const load = verbs[name]
  if (load === undefined) {
    say(context, unknownCommand(name, [...Object.keys(verbs), 'help', 'version']))
    return exitCode.usage
  }
  const { command } = await load()
  return runVerb(context, command, isVerb ? others : argv)
}

async function runVerb(context: Context, command: Command, args: readonly string[]): Promise<number> {
  try {
    const parsed = parseUsage(command, args)
    if (parsed.values['help'] === true) return await help(context, command.name)
    return await command.run(context, parsed)
  } catch (thrown) {
    const fault = toFault(thrown)
    if (isChild(args)) context.stdout.write(childFault(fault))
    say(context, fault.sentence)
    if (fault.code === 'ERR_INTERNAL' && fault.cause instanceof Error) context.stderr.write(`${fault.cause.stack}\n`)
    if (fault.code === 'ERR_USAGE') return command.faultCode ?? exitCode.usage
    return command.faultCode ?? exitCode.failed
  }
}

async function help(context: Context, name: string | undefined): Promise<number> {
  if (name === undefined || name.startsWith('-')) {
    context.stdout.write(overview(await allCommands()))
    return exitCode.ok
  }
  if (name === 'exit-codes') {
    context.stdout.write(`${exitCodes}\n`)
    return exitCode.ok
  }
  const load = verbs[name]
  if (load === undefined) {
    say(context, unknownCommand(name, [...Object.keys(verbs), 'exit-codes']))
    return exitCode.usage
  }
  const { command } = await load()
  context.stdout.write(manual(command))
  return exitCode.ok
}

/** `chaperone journal search | head` must end quietly. */
function quietBrokenPipe(context: Context): void {
  for (const stream of [context.stdout, context.stderr]) {
    stream.on('error', (failure: NodeJS.ErrnoException) => {
      if (failure.code === 'EPIPE') process.exit(exitCode.ok)
      throw failure
    })
  }
}
