import type { Decision } from '../model/decision.ts'
import type { JsonValue, RequestAttributes } from '../model/request.ts'
import type { Session } from '../model/session.ts'
import type { Subject } from '../model/subject.ts'

/** What `decide` looks at. `object` is the parsed request body, when there is one. */
export interface DecisionInput {
  readonly subject: Subject
  readonly session: Pick<Session, 'id' | 'kind' | 'mode' | 'reason'>
  /** A reviewer other than the subject looks on; absent = nobody does. */
  readonly isWatched?: boolean
  readonly request: RequestAttributes
  readonly object?: JsonValue
  /** What is stored under the name of an update, patch or delete; null = nothing, undefined = it was not read. */
  readonly oldObject?: JsonValue
  readonly now?: Date
}

/** True when a rule that may speak looks at `oldObject`, so that it is to be read. */
export type AsksOldObject = (input: DecisionInput) => boolean

/** Pure policy (PDP). Never throws: what cannot be evaluated makes the answer stricter. */
export type Decide = (input: DecisionInput) => Decision
