import { annotation, type AuditEvent } from '../model/audit.ts'
import { Fault } from '../model/fault.ts'

/** What to look for; everything given must hold. */
export interface JournalQuery {
  /** RFC 3339, compared with the stage's time; `since` is inclusive, `until` is not. */
  readonly since?: string
  readonly until?: string
  readonly user?: string
  readonly verb?: string
  /** `pods`, `pods/exec`, `deployments.apps` or `deployments.apps/scale`. */
  readonly resource?: string
  readonly namespace?: string
  readonly decision?: string
  readonly session?: string
  /** ID of a held request. */
  readonly held?: string
  /** Found anywhere in the event, whatever its case. */
  readonly text?: string
  readonly auditID?: string
}

export type EventTest = (event: AuditEvent) => boolean

/** The query as one test. Throws ERR_USAGE when a time cannot be read. */
export function compileQuery(query: JournalQuery): EventTest {
  const since = parseTime('since', query.since) ?? Number.NEGATIVE_INFINITY
  const until = parseTime('until', query.until) ?? Number.POSITIVE_INFINITY
  const text = query.text?.toLowerCase()
  const equal = (wanted: string | undefined, found: string | undefined) => wanted === undefined || wanted === found
  return (event) => {
    const at = Date.parse(event.stageTimestamp)
    return (
      at >= since &&
      at < until &&
      equal(query.auditID, event.auditID) &&
      equal(query.user, event.user.username) &&
      equal(query.verb, event.verb) &&
      equal(query.namespace, event.objectRef?.namespace) &&
      equal(query.decision, event.annotations[annotation.decision]) &&
      equal(query.session, event.annotations[annotation.session]) &&
      equal(query.held, event.annotations[annotation.held]) &&
      (query.resource === undefined || resourceNames(event).includes(query.resource)) &&
      (text === undefined || JSON.stringify(event).toLowerCase().includes(text))
    )
  }
}

function parseTime(name: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined
  const time = Date.parse(value)
  if (!Number.isNaN(time)) return time
  throw new Fault('ERR_USAGE', `${JSON.stringify(value)} is no time for "${name}".`, {
    advice: 'Write it as 2026-11-23T06:00:00Z.',
  })
}

/** Every way to name the event's resource: with or without group, with or without subresource. */
function resourceNames({ objectRef }: AuditEvent): string[] {
  if (objectRef?.resource === undefined) return []
  const { resource, apiGroup = '', subresource = '' } = objectRef
  const plain = apiGroup === '' ? [resource] : [resource, `${resource}.${apiGroup}`]
  return subresource === '' ? plain : [...plain, ...plain.map((name) => `${name}/${subresource}`)]
}
