import { heldNotice, verdictNotice } from '../../ui/words/notices.ts'
import { say, type Context } from './command.ts'
import type { SessionEvent } from './supervised.ts'

export const uiOption = { ui: { type: 'string' } } as const

export const uiHelp = `  --ui=full|line|none  full: status line and drawer; line: plain terminal, notices on
                       stderr; none: no notices. Default full, line where TERM=dumb
  --recording-format v2|v3
                       asciicast version of the recording; default v3`

/** One line on stderr for what a person must know while nothing else shows it. */
export function tell(context: Context, event: SessionEvent): void {
  // What runs and succeeds shows in the command's own output.
  if (event.type === 'held' && !['executing', 'completed'].includes(event.held.state)) {
    say(context, event.held.state === 'pending' ? heldNotice(event.held) : verdictNotice(event.held))
  }
  if (event.type === 'lost') say(context, `the broker does not answer: ${event.reason}`)
  if (event.type === 'ended') say(context, `the broker has ended: ${event.reason}`)
}
