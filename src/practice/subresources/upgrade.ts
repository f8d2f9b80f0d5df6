import type { Answer, Call } from '../answer/answer.ts'
import { storedObject } from '../answer/reads.ts'
import type { Route } from '../answer/route.ts'
import { ApiFailure } from '../failure.ts'

/** exec, attach and portforward without an upgrade, which come here; with one they go another way. */
export function upgradeRequired(call: Call, route: Route): Answer {
  storedObject(call.store, route)
  const { subresource } = route
  throw new ApiFailure(501, 'NotImplemented', `the practice cluster runs no containers: it cannot ${subresource}`)
}
