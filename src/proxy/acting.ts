import type { Borrowed } from './borrowed.ts'
import type { Impersonation } from '../kube/port.ts'
import type { Session } from '../model/session.ts'
import type { Subject } from '../model/subject.ts'

/** Keys under which the cluster is told more of a caller. */
export const actingKeys = [
  'chaperone/session',
  'chaperone/audit-id',
  'chaperone/held',
  'chaperone/on-behalf-of',
  'chaperone/asked-by',
] as const

/** Who asks, in which session, and whom it asks to be. */
export interface Actor {
  readonly subject: Subject
  readonly session: Session
  readonly borrowed?: Borrowed | undefined
}

/**
 * For whom the cluster is asked to act: the caller with its groups, or whom it may be instead, and under `chaperone/` what leads from the cluster's own
 * audit log to the journal. What the caller's own token says under those keys does not count.
 */
export function actingAs(
  { subject, session, borrowed }: Actor,
  ids: { readonly auditID: string; readonly held?: string | undefined },
): Impersonation {
  const ours: Record<(typeof actingKeys)[number], readonly string[]> = {
    'chaperone/session': [session.id],
    'chaperone/audit-id': [ids.auditID],
    'chaperone/held': ids.held === undefined ? [] : [ids.held],
    'chaperone/on-behalf-of': subject.onBehalfOf === undefined ? [] : [subject.onBehalfOf],
    'chaperone/asked-by': borrowed === undefined ? [] : [subject.name],
  }
  // The API server reads keys in lower case.
  const { user, uid, groups, extra } = borrowed ?? { ...subject, user: subject.name }
  const theirs = Object.entries(extra).filter(([key]) => !Object.hasOwn(ours, key.toLowerCase()))
  return {
    user,
    uid,
    groups,
    extra: { ...Object.fromEntries(theirs), ...ours },
  }
}
