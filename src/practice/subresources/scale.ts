import { ok, type Answer, type Call } from '../answer/answer.ts'
import { decodeObject, decodePatch } from '../answer/body.ts'
import { patched, writeOf } from '../answer/modify.ts'
import { storedObject } from '../answer/reads.ts'
import type { Route } from '../answer/route.ts'
import { updateObject } from '../answer/writes.ts'
import { readText } from '../state/objects.ts'
import { scaled, scaleOf } from './scale-object.ts'

export function scaleAnswer(call: Call, route: Route): Answer {
  const stored = storedObject(call.store, route)
  if (route.verb === 'get') return ok(scaleOf(stored))
  const decode = () => decodePatch(call.contentType, call.body)
  const scale =
    route.verb === 'patch'
      ? patched(decode().type, scaleOf(stored), decode().patch)
      : decodeObject(call.contentType, call.body, route)
  const version = readText(scale, 'metadata.resourceVersion')
  const wanted = scaled(stored, scale)
  const incoming = { ...wanted, metadata: { ...wanted.metadata, resourceVersion: version } }
  return ok(scaleOf(updateObject(stored, incoming, writeOf(call, route))))
}
