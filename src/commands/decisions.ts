import { searchJournal } from '../journal/reader.ts'
import { annotation, type AuditEvent } from '../model/audit.ts'

/** The journal lines of the request that an audit ID or a held request's ID names, in their order. */
export async function eventsOf(journal: string, id: string): Promise<readonly AuditEvent[]> {
  const found: AuditEvent[] = []
  for await (const event of searchJournal(journal, {})) if (belongsTo(event, id)) found.push(event)
  return found
}

/**
 * The lines of the latest command that policy decided, discovery left aside: kubectl often sends several requests for one
 * command. One that is held now counts, although it has not ended.
 */
export async function latestEvents(journal: string): Promise<readonly AuditEvent[]> {
  let found: AuditEvent[] = []
  for await (const event of searchJournal(journal, {})) {
    if (!isTelling(event)) continue
    const isNext = found.length > 0 && sameCommand(found[0], event)
    found = isNext ? [...found.filter(({ auditID }) => auditID !== event.auditID), event] : [event]
  }
  return found
}

/** Of a command's requests, people mean the one that was held or refused, or that changed something. */
export function mostTelling(events: readonly AuditEvent[]): AuditEvent | undefined {
  const ended = events.filter(({ stage }) => stage === 'ResponseComplete')
  const parked = events.findLast((event) => event.stage !== 'ResponseComplete' && isHeld(event))
  const isParked = parked !== undefined && !ended.some(({ auditID }) => auditID === parked.auditID)
  return (isParked ? parked : undefined) ?? ended.findLast(isDecisive) ?? ended.at(-1) ?? events.at(-1)
}

/** A held request's ID also stands on what reviewers ordered; the decision is on the request itself. */
function belongsTo(event: AuditEvent, id: string): boolean {
  if (event.auditID === id) return true
  return event.annotations[annotation.held] === id && event.annotations[annotation.decision] !== undefined
}

/** Requests of one client command follow each other with the same claim: `kubectl delete` also looks before and after. */
function sameCommand(a: AuditEvent | undefined, b: AuditEvent): boolean {
  const of = (event: AuditEvent | undefined) =>
    [annotation.session, annotation.claimedCommand].map((name) => event?.annotations[name] ?? '').join(' ')
  return a?.auditID === b.auditID || (b.annotations[annotation.claimedCommand] !== undefined && of(a) === of(b))
}

function isDecisive(event: AuditEvent): boolean {
  const isRead = ['get', 'list', 'watch'].includes(event.verb)
  return !isRead || event.annotations[annotation.decision] !== 'allow'
}

/** Discovery and the control API are not what people mean by their last request. */
function isTelling(event: AuditEvent): boolean {
  if (event.annotations[annotation.decision] === undefined || event.requestURI.startsWith('/chaperone/')) return false
  if (event.stage !== 'ResponseComplete') return isHeld(event)
  return event.objectRef?.resource !== undefined || event.annotations[annotation.decision] !== 'allow'
}

function isHeld(event: AuditEvent): boolean {
  return event.annotations[annotation.decision] === 'hold'
}
