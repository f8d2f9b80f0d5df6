import type { JournalPort } from '../journal/port.ts'
import { annotation, type AuditEvent } from '../model/audit.ts'
import type { Decision, ReasonCode } from '../model/decision.ts'
import type { RequestNote } from './contract.ts'

/** A journal that also tells of each request of a session when its last line is written, or could not be. */
export function tellingOf(journal: JournalPort, tell: (note: RequestNote) => void): JournalPort {
  return {
    append(event, durability) {
      const written = journal.append(event, durability)
      const note = noteOf(event)
      return note === undefined ? written : written.finally(() => tell(note))
    },
  }
}

/** What screens learn of an ended request; undefined for every other line. Values of masks are in neither. */
function noteOf(event: AuditEvent): RequestNote | undefined {
  const { annotations, auditID, requestReceivedTimestamp: at } = event
  const text = (name: keyof typeof annotation) => annotations[annotation[name]] ?? ''
  const sessionID = text('session')
  if (event.stage !== 'ResponseComplete' || sessionID === '') return undefined
  const rules = list(text('rules'))
  const [rule] = rules
  return {
    sessionID,
    auditID,
    at,
    durationMs: Math.max(0, Date.parse(event.stageTimestamp) - Date.parse(at)),
    command: text('command'),
    claimedCommand: text('claimedCommand'),
    discovery: event.objectRef === undefined,
    decision: text('decision') as Decision['effect'],
    reason: { code: text('reason') as ReasonCode, message: text('message'), ...(rule === undefined ? {} : { rule }) },
    rules,
    heldID: text('held'),
    reviewers: list(text('reviewer')),
    statusCode: event.responseStatus?.code ?? 0,
    masked: Number(text('masked') || '0'),
  }
}

function list(text: string): string[] {
  return text === '' ? [] : text.split(',')
}
