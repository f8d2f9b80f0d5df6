import { applyTo } from '../apply/apply.ts'
import { withManagers } from '../apply/managers.ts'
import { badRequest, invalid, unsupportedMediaType } from '../failure.ts'
import { jsonPatch } from '../patch/json.ts'
import { mergePatch } from '../patch/merge.ts'
import { strategicPatch } from '../patch/strategic.ts'
import { resourceKey } from '../resources/resource.ts'
import { readList, type Fields, type KubeObject } from '../state/objects.ts'
import type { Answer, Call } from './answer.ts'
import { decodePatch } from './body.ts'
import { checkedFields, decodedObject } from './decoded.ts'
import { incomingObject } from './incoming.ts'
import { storedObject } from './reads.ts'
import { renderObject, type View } from './render.ts'
import type { Route } from './route.ts'
import { createObject, identityOf, updateObject, type Write } from './writes.ts'

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
  if (given.some((value) => value !== 'All')) throw invalidOption(route, 'dryRun', unsupportedDryRun(given))
  const manager = query.first('fieldManager')
  if (manager.length > managerLimit) {
    throw invalidOption(route, 'fieldManager', `Too long: may not be more than ${managerLimit} bytes`)
  }
  return {
    store: call.store,
    route,
    now: call.now(),
    dryRun: given.length > 0,
    manager: manager || (call.userAgent.split('/')[0] ?? '') || 'unknown',
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

/** Characters of a manager's name (k8s.io/apimachinery FieldManagerMaxLength). */
const managerLimit = 128

const unsupportedDryRun = (given: readonly unknown[]) =>
  `Unsupported value: []string{${given.map((value) => JSON.stringify(value)).join(', ')}}: supported values: "All"`

const optionKinds: Partial<Record<Route['verb'], string>> = {
  create: 'CreateOptions',
  update: 'UpdateOptions',
  patch: 'PatchOptions',
  delete: 'DeleteOptions',
  deletecollection: 'DeleteOptions',
}

function invalidOption({ verb }: Route, field: string, message: string) {
  const reason = message.startsWith('Unsupported') ? 'FieldValueNotSupported' : 'FieldValueTooLong'
  return invalid({ group: 'meta.k8s.io', plural: '', kind: optionKinds[verb] ?? 'Options' }, '', [
    { reason, field, message },
  ])
}

/** Stores the body as a new object. */
export function create(call: Call, route: Route): KubeObject {
  return createObject(incomingObject(bodyOf(call, route), route), writeOf(call, route))
}

/** Kinds that a PUT creates when they are not there (AllowCreateOnUpdate of their strategies). */
const createdByUpdate: ReadonlySet<string> = new Set([
  ...['roles', 'clusterroles', 'rolebindings', 'clusterrolebindings'].map(
    (plural) => `rbac.authorization.k8s.io/${plural}`,
  ),
  ...['coordination.k8s.io/leases', '/endpoints', '/limitranges', '/events'],
])

/** Replaces the stored object by the body. */
export function update(call: Call, route: Route): KubeObject {
  const incoming = incomingObject(bodyOf(call, route), route)
  const isThere = call.store.get(resourceKey(route.resource), route.namespace, route.name) !== undefined
  if (!isThere && route.subresource === '' && createdByUpdate.has(resourceKey(route.resource))) {
    return createObject({ ...incoming, metadata: { ...incoming.metadata, resourceVersion: '' } }, writeOf(call, route))
  }
  return updateObject(storedObject(call.store, route), incoming, writeOf(call, route))
}

function bodyOf(call: Call, route: Route): unknown {
  const body = decodedObject(call, route)
  call.trail.requested(body)
  return body
}

export function patchAnswer(call: Call, route: Route, view: View): Answer {
  const { type, patch } = decodePatch(call.contentType, call.body)
  call.trail.requested(patch)
  if (type === applyType) return applyAnswer(call, route, view, patch)
  if (type === 'application/strategic-merge-patch+json' && route.resource.custom !== undefined) {
    throw unsupportedMediaType(['application/json-patch+json', 'application/merge-patch+json', applyType])
  }
  const stored = storedObject(call.store, route)
  const incoming = incomingObject(checkedFields(call, route, patched(type, stored, patch)), route)
  return shown(renderObject(updateObject(stored, incoming, writeOf(call, route)), view), view)
}

const applyType = 'application/apply-patch+yaml'

function applyAnswer(call: Call, route: Route, view: View, patch: unknown): Answer {
  const write = writeOf(call, route)
  const { query } = call.target
  checkApply(query.first('fieldManager'), patch)
  const applied = incomingObject(
    checkedFields(call, route, mergePatch(patch, { metadata: { name: route.name } })),
    route,
  )
  const live = call.store.get(resourceKey(route.resource), route.namespace, route.name)
  const { schema } = route.resource
  const own = { own: identityOf(write), now: write.now, ...(schema === undefined ? {} : { schema }) }
  if (live === undefined) {
    const empty = { apiVersion: applied.apiVersion, kind: applied.kind, metadata: applied.metadata }
    const owned = applyTo({ ...own, live: withManagers(empty, [nobody(write)]), applied, force: true })
    return shown(renderObject(createObject(owned, write), view), view, 201)
  }
  const { resourceVersion, uid } = applied.metadata
  const merged = applyTo({ ...own, live, applied, force: query.flag('force') })
  const incoming = { ...merged, metadata: { ...merged.metadata, resourceVersion, uid } }
  return shown(renderObject(updateObject(live, incoming, write), view), view)
}

/** Who owns nothing: an object that is created has no owner before. */
const nobody = (write: Write) => ({ ...identityOf(write), time: '', fields: new Set<string>() })

function checkApply(manager: string, patch: unknown): void {
  if (manager === '') {
    throw invalid({ group: 'meta.k8s.io', plural: '', kind: 'PatchOptions' }, '', [
      { reason: 'FieldValueRequired', field: 'fieldManager', message: 'Required value: is required for apply patch' },
    ])
  }
  if (readList(patch, 'metadata.managedFields').length > 0) throw badRequest('metadata.managedFields must be nil')
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
