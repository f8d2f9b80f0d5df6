import type { Decision } from '../model/decision.ts'
import type { JsonValue, RequestAttributes } from '../model/request.ts'
import type { Session } from '../model/session.ts'
import type { Subject } from '../model/subject.ts'

/** What `decide` looks at. `object` is the parsed request body, when there is one. */
export interface DecisionInput {
  readonly subject: Subject
  readonly session: Pick<Session, 'id' | 'kind' | 'mode'>
  readonly request: RequestAttributes
  readonly object?: JsonValue
  readonly now?: Date
}

/** Pure policy (PDP). Never throws: what cannot be evaluated makes the answer stricter. */
export type Decide = (input: DecisionInput) => Decision
