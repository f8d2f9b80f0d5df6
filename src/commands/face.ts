import { randomBytes } from 'node:crypto'
import { createChrome } from '../../ui/terminal/chrome.tsx'
import { sessionSummary } from '../../ui/words/notices.ts'
import { Fault, toFault, type FaultCode } from '../model/fault.ts'
import type { Session } from '../model/session.ts'
import { runShell } from '../terminal/compositor.ts'
import { readHistory } from '../terminal/history.ts'
import type { KeptPty } from '../terminal/kept-pty.ts'
import type { Leader } from '../terminal/leader.ts'
import type { ProgramPty } from '../terminal/pty.ts'
import type { Past } from '../terminal/screen-protocol.ts'
import { say, type Context } from './command.ts'
import type { Link } from './link.ts'

/** Shows a program under the chrome until it ends, or is left to its keeper. */
export async function showShell(
  context: Context,
  link: Link,
  options: {
    readonly session: Session
    /** Opens the program's pty, or hands it over; called once, when somebody listens: what it puts out before is lost. */
    readonly open: () => ProgramPty
    readonly leader: Leader
    /** Programs may write the clipboard. */
    readonly clipboard: boolean
    readonly history?: readonly Past[] | undefined
    readonly detach?: () => void
  },
): Promise<{ exitStatus: number }> {
  const { session, open, leader, clipboard, history, detach } = options
  await using client = link.forSession(session.id)
  await using chrome = await createChrome({
    client,
    session,
    info: link.info,
    now: Date.now,
    random: (bytes) => randomBytes(bytes),
    leaderLabel: leader.label,
    color: !context.environment.noColor,
  })
  return await runShell({
    pty: open(),
    stdin: context.stdin,
    stdout: context.stdout,
    chrome,
    leader,
    clipboard,
    asksColours: context.environment.term !== 'linux',
    ...(history === undefined ? {} : { history }),
    ...(detach === undefined ? {} : { detach }),
  })
}

/** Shows a kept shell and says how it went on or ended. Resolves with the exit code. */
export async function showKept(
  context: Context,
  link: Link,
  kept: KeptPty,
  face: { readonly leader: Leader; readonly clipboard: boolean },
): Promise<number> {
  const { session, recording, recordedBytes, hasHistory } = kept.hello
  const history = hasHistory ? await readHistory(recording, recordedBytes) : undefined
  const detach = () => kept.detach()
  const shell = { ...face, session, open: () => kept, history, detach }
  const { exitStatus } = await showShell(context, link, shell).catch((thrown: unknown) => {
    const { code, message } = toFault(thrown)
    throw new Fault(code, message, { advice: `The shell goes on; ${wayBack(session)}`, cause: toFault(thrown).cause })
  })
  const parting = await kept.parting
  switch (parting.kind) {
    case 'exit': {
      const { fault, counts } = parting.exit
      if (fault !== undefined) throw new Fault(fault.code as FaultCode, fault.message, { advice: fault.advice })
      say(context, sessionSummary(counts))
      return exitStatus
    }
    case 'left':
      say(context, `the shell goes on without this terminal; ${wayBack(session)}`)
      return exitStatus
    case 'taken':
      say(context, 'another terminal has taken this shell over')
      return exitStatus
    case 'lost':
      throw new Fault('ERR_TERMINAL', 'What kept this shell has ended without a word, and the shell with it.', {
        advice: `What it showed until then is recorded: \`chaperone replay ${session.id}\``,
      })
  }
}

function wayBack({ id }: Session): string {
  return `take it back with \`chaperone attach ${id}\``
}
