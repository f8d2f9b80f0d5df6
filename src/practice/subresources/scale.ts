import { ok, type Answer, type Call } from '../answer/answer.ts'
import { decodeObject, decodePatch } from '../answer/body.ts'
import { patched, writeOf } from '../answer/modify.ts'
import { storedObject } from '../answer/reads.ts'
import type { Route } from '../answer/route.ts'
import { updateObject } from '../answer/writes.ts'
import { readText } from '../state/objects.ts'
import { scaled, scaleOf, scalePaths } from './scale-object.ts'

export function scaleAnswer(call: Call, route: Route): Answer {
  const stored = storedObject(call.store, route)
  const paths = scalePaths(route.resource.custom?.scale)
  if (route.verb === 'get') return ok(scaleOf(stored, paths))
  const decode = () => decodePatch(call.contentType, call.body)
  const scale =
    route.verb === 'patch'
      ? patched(decode().type, scaleOf(stored, paths), decode().patch)
      : decodeObject(call.contentType, call.body, route)
  const version = readText(scale, 'metadata.resourceVersion')
  const wanted = scaled(stored, scale, paths)
  const incoming = { ...wanted, metadata: { ...wanted.metadata, resourceVersion: version } }
  return ok(scaleOf(updateObject(stored, incoming, writeOf(call, route)), paths))
}
