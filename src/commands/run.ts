import { parseDuration } from '../config/duration.ts'
import { Fault, toFault } from '../model/fault.ts'
import type { SessionCounts } from '../model/session.ts'
import { runLine } from '../terminal/line.ts'
import { runPiped } from '../terminal/piped.ts'
import { exitCode, say, text, type Command, type Context, type Parsed } from './command.ts'
import { sessionSummary } from '../../ui/words/notices.ts'
import { plain } from '../../ui/words/plain.ts'
import { programProblem } from './kubectl.ts'
import { refusalCode } from './refusal-code.ts'
import { tellEvents, uiHelp, uiOption } from './notices.ts'
import { brokerHelp, brokerOptions, sessionOptions } from './shared-options.ts'
import { supervise, type Supervised } from './supervised.ts'

/** Shorter than the ten seconds after which most runners kill what they asked to end. */
const tidyUpMs = 5_000

export const command: Command = {
  name: 'run',
  summary: 'Run one command under supervision, for scripts and pipelines.',
  usage: 'chaperone run [OPTIONS] -- CMD…',
  help: `Runs CMD with a kubeconfig that leads to the broker, and records it. While a request
is held, a line on stderr says so: for whom it waits, until when, and what to do.

Gives the exit code of CMD. When CMD failed because of its last request:
  120  it is still held: run the same command again after approval
  121  it was denied, by a rule or a reviewer
  122  nobody decided in time

Options
${brokerHelp}
${uiHelp}
  --reason TEXT        why, for those who review and read the journal
  --wait DURATION      how long a held request keeps CMD waiting, like 90s or 15m; 0 gives
                       up at once. Default: until the request expires. What is still held
                       stays open for review

Examples
  chaperone run --practice -- kubectl get pods -A
  chaperone run --wait=0 -- kubectl delete namespace shop-staging`,
  options: { ...brokerOptions, ...sessionOptions, ...uiOption, wait: { type: 'string' } },
  faultCode: exitCode.chaperone,
  run: async (context, parsed) => {
    const cmd = commandOf(parsed)
    const wait = text(parsed, 'wait')
    const terminal = context.stdin.isTTY && context.stdout.isTTY
    await using supervised = await supervise(context, parsed, {
      kind: 'run',
      command: cmd,
      cols: context.stdout.columns ?? 80,
      rows: context.stdout.rows ?? 24,
      ...(wait === undefined ? {} : { waitMs: parseDuration(wait, '--wait') }),
    })
    const ui = text(parsed, 'ui') ?? supervised.config.ui
    const seen = new Set<string>()
    supervised.subscribe((event) => void (event.type === 'held' && seen.add(event.held.id)))
    tellEvents(context, parsed, supervised, { onlyWaiting: ui === 'none', gaveUp: wait === '0' })
    const problem = await programProblem(cmd[0] ?? '', supervised.variables['PATH'] ?? '')
    if (problem !== undefined) {
      const code = problem === 'missing' ? exitCode.notFound : exitCode.notExecutable
      say(
        context,
        `${plain(cmd[0] ?? '')}: ${problem === 'missing' ? 'there is no such program' : 'it cannot be run'}.`,
      )
      await supervised.finish(code)
      return code
    }
    const options = {
      command: [...cmd],
      env: { ...supervised.variables },
      cwd: process.cwd(),
      recorder: supervised.recorder,
    }
    using _lateEnd = endLate(context, supervised)
    const { exitStatus } = terminal
      ? await runLine({ ...options, stdin: context.stdin, stdout: context.stdout })
      : await runPiped({ ...options, stdin: context.stdin, stdout: context.stdout, stderr: context.stderr })
    const session = await supervised.finish(exitStatus)
    const counts = withHeld(session.counts, seen.size)
    if (ui !== 'none' && counts.requests > 0) say(context, sessionSummary(counts))
    return exitStatus === 0 ? 0 : (refusalCode(session.lastReason) ?? exitStatus)
  },
}

/**
 * Told to end, the command gets the signal and time to tidy up through the broker. What it leaves behind, as a shell leaves
 * a kubectl that waits for a review, loses its session after that, and this process is not kept waiting.
 */
function endLate(context: Context, { link, session }: Supervised): Disposable {
  const signals = ['SIGTERM', 'SIGHUP'] as const
  let timer: NodeJS.Timeout | undefined
  const begin = (signal: NodeJS.Signals) => {
    if (timer !== undefined) return
    say(
      context,
      `${signal}: the command was told to end; its session ends in ${tidyUpMs / 1000} seconds at the latest.`,
    )
    timer = setTimeout(() => {
      link.client.endSession(session.id).catch((thrown: unknown) => say(context, toFault(thrown).sentence))
    }, tidyUpMs)
  }
  for (const signal of signals) process.on(signal, begin)
  return {
    [Symbol.dispose]: () => {
      clearTimeout(timer)
      for (const signal of signals) process.off(signal, begin)
    },
  }
}

function commandOf(parsed: Parsed): readonly string[] {
  const [program] = parsed.rest
  if (program === undefined || parsed.positionals.length > 0) {
    throw new Fault('ERR_USAGE', 'Say what to run, after two dashes: chaperone run -- kubectl get pods')
  }
  return parsed.rest
}

/** A request is counted when it has ended; one whose client was just stopped with Ctrl-C may not have been yet. */
function withHeld(counts: SessionCounts, held: number): SessionCounts {
  const missing = Math.max(0, held - counts.held)
  return { ...counts, requests: counts.requests + missing, held: counts.held + missing }
}
