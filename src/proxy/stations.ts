import type { Park } from '../approval/port.ts'
import type { Identify } from '../identity/port.ts'
import type { JournalPort } from '../journal/port.ts'
import type { Oblige, Restore } from '../mask/port.ts'
import type { Decision, Reason } from '../model/decision.ts'
import type { RequestAttributes } from '../model/request.ts'
import type { Session } from '../model/session.ts'
import type { Subject } from '../model/subject.ts'
import type { AsksOldObject, CountsObjects, Decide, DecisionInput } from '../policy/port.ts'

/** Told after each request, so that sessions can count and recordings get markers. Must not throw. */
export type Observe = (note: {
  readonly session: Session
  readonly subject: Subject
  readonly auditID: string
  readonly request: RequestAttributes | undefined
  readonly command: string
  readonly decision: Decision['effect']
  readonly reason: Reason
  readonly heldID: string
  /** Chaperone itself gave the answer, and it was no. */
  readonly refused: boolean
  readonly statusCode: number
  readonly masked: number
}) => void

/** The stations that broker.ts injects; describe, prepare and forward are the proxy's own. */
export interface Stations {
  readonly identify: Identify
  readonly decide: Decide
  readonly asksOldObject: AsksOldObject
  readonly countsObjects: CountsObjects
  /** Told of each request that the policy lets pass or wait. */
  readonly spend: (input: DecisionInput) => void
  readonly park: Park
  readonly oblige: Oblige
  readonly restore: Restore
  readonly journal: JournalPort
  readonly observe: Observe
}
