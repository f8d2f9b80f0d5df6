import type { Answer, Call } from '../answer/answer.ts'
import { storedObject } from '../answer/reads.ts'
import type { Route } from '../answer/route.ts'
import { badRequest } from '../failure.ts'

/** exec, attach and portforward without an upgrade, which come here; with one they go another way. */
export function upgradeRequired(call: Call, route: Route): Answer {
  storedObject(call.store, route)
  throw badRequest('Upgrade request required')
}
