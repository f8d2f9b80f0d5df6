import { heldNotice, verdictNotice } from '../../ui/words/notices.ts'
import type { HeldRequest } from '../model/held.ts'
import { say, text, type Context, type Parsed } from './command.ts'
import type { SessionEvent } from './session-events.ts'
import type { Supervised } from './supervised.ts'

export const uiOption = { ui: { type: 'string' } } as const

export const uiHelp = `  --ui=full|line|none  full: status line and drawer; line: plain terminal, notices on
                       stderr; none: only what waits. Default full, line where TERM=dumb
  --recording-format v2|v3
                       asciicast version of the recording; default v3`

/** Tells the events of a session on stderr: all of them, or with --ui=none only what waits, and what to do about it. */
export function tellEvents(
  context: Context,
  parsed: Parsed,
  supervised: Supervised,
  options: { readonly onlyWaiting: boolean; readonly gaveUp?: boolean },
): void {
  supervised.subscribe((event) => {
    const isWaiting = event.type === 'held' && event.held.state === 'pending'
    if (options.onlyWaiting && !isWaiting) return
    const told = options.gaveUp === true ? withoutWaiting(event) : event
    tell(context, told)
    if (told.type === 'held' && isWaiting) tellWayOut(context, parsed, supervised, told.held)
  })
}

/** With --wait=0 nobody waits, whatever the request looked like when it came in. */
function withoutWaiting(event: SessionEvent): SessionEvent {
  return event.type === 'held' ? { type: 'held', held: { ...event.held, waiting: false } } : event
}

const backWithoutSession = 'a broker is back, but this session ended with the old one: its requests are refused'

/** One line for what a person must know while nothing else shows it. */
function tell(context: Context, event: SessionEvent): void {
  // What runs and succeeds shows in the command's own output.
  if (event.type === 'held' && !['executing', 'completed'].includes(event.held.state)) {
    say(context, event.held.state === 'pending' ? heldNotice(event.held) : verdictNotice(event.held))
  }
  if (event.type === 'lost') say(context, `the broker is lost (${event.reason}); connecting again goes on by itself`)
  if (event.type === 'back') say(context, event.known ? 'the broker is back' : backWithoutSession)
  if (event.type === 'ended') say(context, `the broker has ended: ${event.reason}`)
}

/** What to do about a held request that nothing else shows: a command that waits must not look hung. */
function tellWayOut(context: Context, parsed: Parsed, { link }: Supervised, held: HeldRequest): void {
  const state = text(parsed, 'state')
  const where = state === undefined ? '' : ` --state ${state}`
  // Who confirms has to be whoever asked, and the configuration says how people sign in.
  const config = text(parsed, 'config')
  const as = config === undefined ? '' : ` --config ${config}`
  const who = link.info.practice ? ' --practice' : ''
  const answer =
    held.requirement.kind === 'confirm'
      ? `You confirm it with \`chaperone held confirm ${held.id}${where}${as}\` in another terminal.`
      : `A reviewer answers with \`chaperone review${who}${where}\` or \`chaperone held approve ${held.id}${who}${where}\`.`
  say(context, held.waiting ? answer : `${answer} Then run the same command again.`)
}
