import type { Answer, Call } from '../answer/answer.ts'
import { patchAnswer, shown, update } from '../answer/modify.ts'
import { storedObject } from '../answer/reads.ts'
import { renderObject, type View } from '../answer/render.ts'
import type { Route } from '../answer/route.ts'

/** `status` and `finalize`: the whole object goes in and comes out. */
export function statusAnswer(call: Call, route: Route, view: View): Answer {
  if (route.verb === 'patch') return patchAnswer(call, route, view)
  const object = route.verb === 'get' ? storedObject(call.store, route) : update(call, route)
  return shown(renderObject(object, view), view)
}
