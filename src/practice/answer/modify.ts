import { badRequest } from '../failure.ts'
import { jsonPatch } from '../patch/json.ts'
import { mergePatch } from '../patch/merge.ts'
import { strategicPatch } from '../patch/strategic.ts'
import { resourceKey } from '../resources/resource.ts'
import type { Fields, KubeObject } from '../state/objects.ts'
import type { Answer, Call } from './answer.ts'
import { decodeObject, decodePatch } from './body.ts'
import { incomingObject } from './incoming.ts'
import { storedObject } from './reads.ts'
import { renderObject, type View } from './render.ts'
import type { Route } from './route.ts'
import { createObject, updateObject, type Write } from './writes.ts'

/** A JSON answer whose media type names its form. */
export function shown(body: Fields, view: View, code = 200): Answer {
  const { as, version } = view.form
  const contentType = as === 'Object' ? 'application/json' : `application/json;as=${as};g=meta.k8s.io;v=${version}`
  return { kind: 'json', code, body, contentType }
}

/** What a write needs, from the query or, for a delete, from its options. */
export function writeOf(call: Call, route: Route, options: Fields = {}): Write {
  const { query } = call.target
  const given =
    query.all('dryRun').length > 0 ? query.all('dryRun') : Array.isArray(options['dryRun']) ? options['dryRun'] : []
  if (given.some((value) => value !== 'All'))
    throw badRequest(`Invalid value: ${JSON.stringify(given)}: dryRun must be All`)
  return {
    store: call.store,
    route,
    now: call.now(),
    dryRun: given.length > 0,
    manager: query.first('fieldManager') || (call.userAgent.split('/')[0] ?? '') || 'unknown',
    operation: call.contentType.startsWith('application/apply-patch') ? 'Apply' : 'Update',
    admit: (object, old) =>
      call.access.admit({
        user: call.user,
        verb: route.verb,
        version: route.resource.version,
        key: resourceKey(route.resource),
        subresource: route.subresource,
        object,
        ...(old === undefined ? {} : { old }),
      }),
  }
}

/** Stores the body as a new object. */
export function create(call: Call, route: Route): KubeObject {
  return createObject(incomingObject(bodyOf(call, route), route), writeOf(call, route))
}

/** Replaces the stored object by the body. */
export function update(call: Call, route: Route): KubeObject {
  const incoming = incomingObject(bodyOf(call, route), route)
  return updateObject(storedObject(call.store, route), incoming, writeOf(call, route))
}

function bodyOf(call: Call, route: Route): unknown {
  const body = decodeObject(call.contentType, call.body, route)
  call.trail.requested(body)
  return body
}

export function patchAnswer(call: Call, route: Route, view: View): Answer {
  const { type, patch } = decodePatch(call.contentType, call.body)
  call.trail.requested(patch)
  const exists = call.store.get(resourceKey(route.resource), route.namespace, route.name) !== undefined
  if (type === 'application/apply-patch+yaml' && !exists) {
    const named = mergePatch(patch, { metadata: { name: route.name } })
    return shown(renderObject(createObject(incomingObject(named, route), writeOf(call, route)), view), view, 201)
  }
  const stored = storedObject(call.store, route)
  const incoming = incomingObject(patched(type, stored, patch), route)
  return shown(renderObject(updateObject(stored, incoming, writeOf(call, route)), view), view)
}

export function patched(type: string, target: unknown, patch: unknown): unknown {
  switch (type) {
    case 'application/json-patch+json':
      return jsonPatch(target, patch)
    case 'application/merge-patch+json':
      return mergePatch(target, patch)
    default:
      return strategicPatch(target, patch)
  }
}
