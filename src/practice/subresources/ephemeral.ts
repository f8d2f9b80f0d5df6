import type { Answer, Call } from '../answer/answer.ts'
import { decodePatch } from '../answer/body.ts'
import { checkedFields, decodedObject } from '../answer/decoded.ts'
import { incomingObject } from '../answer/incoming.ts'
import { patched, shown, writeOf } from '../answer/modify.ts'
import { storedObject } from '../answer/reads.ts'
import { renderObject, type View } from '../answer/render.ts'
import type { Route } from '../answer/route.ts'
import { updateObject } from '../answer/writes.ts'
import { invalid } from '../failure.ts'
import { read, readList, sameJson, withField } from '../state/objects.ts'

const path = 'spec.ephemeralContainers'

/** `pods/ephemeralcontainers` (KEP-277): containers are added to a pod that runs, never changed and never taken away. */
export function ephemeralAnswer(call: Call, route: Route, view: View): Answer {
  const stored = storedObject(call.store, route)
  if (route.verb === 'get') return shown(renderObject(stored, view), view)
  const incoming = incomingObject(bodyOf(call, route, stored), route)
  const wanted = readList(incoming, path)
  for (const before of readList(stored, path)) {
    const after = wanted.find((one) => one['name'] === before['name'])
    if (sameJson(before, after)) continue
    const message = `Forbidden: existing ephemeral containers ${JSON.stringify(before['name'])} may not be ${after === undefined ? 'removed' : 'changed'}\n`
    throw invalid(route.resource, route.name, [{ reason: 'FieldValueForbidden', field: path, message }])
  }
  for (const [index, one] of wanted.entries()) {
    if (read(one, 'name') !== undefined && read(one, 'image') !== undefined) continue
    throw invalid(route.resource, route.name, [
      { reason: 'FieldValueRequired', field: `${path}[${index}].name`, message: 'Required value' },
    ])
  }
  const object = { ...withField(stored, path, wanted.map(completed)), metadata: incoming.metadata }
  return shown(renderObject(updateObject(stored, object, writeOf(call, route)), view), view)
}

const completed = (container: object) => ({
  imagePullPolicy: 'IfNotPresent',
  resources: {},
  terminationMessagePath: '/dev/termination-log',
  terminationMessagePolicy: 'File',
  ...container,
})

function bodyOf(call: Call, route: Route, stored: unknown): unknown {
  if (route.verb !== 'patch') return decodedObject(call, route)
  const { type, patch } = decodePatch(call.contentType, call.body)
  return checkedFields(call, route, patched(type, stored, patch))
}
