import type { Decision } from '../model/decision.ts'
import type { RequestAttributes } from '../model/request.ts'
import type { SessionCounts } from '../model/session.ts'

/** What is known of a request when it has ended. */
export interface EndedRequest {
  /** Undefined when nobody could tell what it was. */
  readonly request: Pick<RequestAttributes, 'kind'> | undefined
  readonly decision: Decision['effect']
  /** Empty when it never waited for anybody. */
  readonly heldID: string
  /** Chaperone itself gave the answer, and it was no. */
  readonly refused: boolean
  readonly masked: number
}

/**
 * What a request adds to its session's counts; undefined for discovery that passed. Held is what waited for somebody: what
 * a rule would have held but was refused at once is denied, and so is what was allowed and then refused.
 */
export function countsOf({ request, decision, heldID, refused, masked }: EndedRequest): SessionCounts | undefined {
  const isHeld = heldID !== ''
  const isDenied = !isHeld && (refused || decision === 'deny')
  if (request?.kind !== 'resource' && decision === 'allow' && !isDenied) return undefined
  return { requests: 1, held: isHeld ? 1 : 0, denied: isDenied ? 1 : 0, masked }
}
