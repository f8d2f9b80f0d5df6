import type { Decision } from '../model/decision.ts'
import type { JsonValue, RequestAttributes } from '../model/request.ts'
import type { Session } from '../model/session.ts'
import type { Subject } from '../model/subject.ts'
import type { Usage } from './usage.ts'

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
  /** What callers did before; absent = nothing. */
  readonly usage?: Pick<Usage, 'count'>
  /** Objects that a deletion of a collection would take, counted to one more than a rule lets pass. */
  readonly objects?: number
}

/** True when a rule that may speak looks at `oldObject`, so that it is to be read. */
export type AsksOldObject = (input: DecisionInput) => boolean

/** How many objects are to be counted before the rules are asked; undefined = no rule asks for that. */
export type CountsObjects = (input: DecisionInput) => number | undefined

/** Notes a request that passed, for the limits of the rules that speak to it. */
export type Spend = (input: DecisionInput, usage: Pick<Usage, 'note'>) => void

/** Pure policy (PDP). Never throws: what cannot be evaluated makes the answer stricter. */
export type Decide = (input: DecisionInput) => Decision
