import type { Answer, Call } from '../answer/answer.ts'
import type { View } from '../answer/render.ts'
import type { Route } from '../answer/route.ts'
import { methodNotAllowed, pathNotFound } from '../failure.ts'
import { approvalAnswer } from './approval.ts'
import { ephemeralAnswer } from './ephemeral.ts'
import { evictionAnswer } from './eviction.ts'
import { logAnswer } from './log.ts'
import { scaleAnswer } from './scale.ts'
import { statusAnswer } from './status.ts'
import { tokenAnswer } from './token.ts'
import { upgradeRequired } from './upgrade.ts'

type Serve = (call: Call, route: Route, view: View) => Answer | Promise<Answer>

const table: Readonly<Record<string, Serve>> = {
  status: statusAnswer,
  finalize: statusAnswer,
  scale: scaleAnswer,
  ephemeralcontainers: ephemeralAnswer,
  log: logAnswer,
  eviction: evictionAnswer,
  token: tokenAnswer,
  approval: approvalAnswer,
  exec: upgradeRequired,
  attach: upgradeRequired,
  portforward: upgradeRequired,
}

export function subresourceAnswer(call: Call, route: Route, view: View): Answer | Promise<Answer> {
  const served = route.resource.subresources.find((one) => one.name === route.subresource)
  const serve = Object.hasOwn(table, route.subresource) ? table[route.subresource] : undefined
  if (served === undefined || serve === undefined) throw pathNotFound()
  if (!served.verbs.includes(route.verb)) throw methodNotAllowed()
  return serve(call, route, view)
}
