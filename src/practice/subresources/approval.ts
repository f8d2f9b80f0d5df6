import { refuseApproval } from '../access/certificate-requests.ts'
import type { Answer, Call } from '../answer/answer.ts'
import { decodeObject, decodePatch } from '../answer/body.ts'
import { incomingObject } from '../answer/incoming.ts'
import { patched, shown, writeOf } from '../answer/modify.ts'
import { storedObject } from '../answer/reads.ts'
import { renderObject, type View } from '../answer/render.ts'
import type { Route } from '../answer/route.ts'
import { updateObject } from '../answer/writes.ts'
import { readList, timestamp, withField, type Fields } from '../state/objects.ts'

/** `certificatesigningrequests/approval`: only the conditions change, by whoever may approve for the signer. */
export function approvalAnswer(call: Call, route: Route, view: View): Answer {
  const stored = storedObject(call.store, route)
  if (route.verb === 'get') return shown(renderObject(stored, view), view)
  refuseApproval(call.access, call.user, stored)
  const decode = () => decodePatch(call.contentType, call.body)
  const body =
    route.verb === 'patch'
      ? patched(decode().type, stored, decode().patch)
      : decodeObject(call.contentType, call.body, route)
  const incoming = incomingObject(body, route)
  call.trail.requested(body)
  const at = timestamp(call.now())
  const times = { lastUpdateTime: at, lastTransitionTime: at }
  const conditions = readList(incoming, 'status.conditions').map((one) => ({ ...times, ...noNulls(one) }))
  const changed = { ...withField(stored, 'status.conditions', conditions), metadata: incoming.metadata }
  const write = { ...writeOf(call, route), route: { ...route, subresource: 'status' } }
  return shown(renderObject(updateObject(stored, changed, write), view), view)
}

/** Clients send times they do not know as null. */
const noNulls = (condition: Fields): Fields =>
  Object.fromEntries(Object.entries(condition).filter(([, value]) => value !== null))
