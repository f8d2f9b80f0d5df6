import type { Session } from '../model/session.ts'
import type { Subject } from '../model/subject.ts'

/** Who calls and in which session. Rejects with ERR_UNAUTHENTICATED. `authorization` is the header's raw value. */
export type Identify = (authorization: string | undefined) => Promise<{ subject: Subject; session: Session }>
