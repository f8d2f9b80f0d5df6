import { invalid } from '../failure.ts'
import { resourceKey } from '../resources/resource.ts'
import { isFields, read, readText, type Fields } from '../state/objects.ts'
import { ok, type Answer, type Call } from './answer.ts'
import { decodeObject } from './body.ts'
import { shown, writeOf } from './modify.ts'
import { selection, storedObject } from './reads.ts'
import { renderList, type View } from './render.ts'
import type { Route } from './route.ts'
import { deleteObject, type DeleteOptions } from './writes.ts'

export function deleteAnswer(call: Call, route: Route): Answer {
  const body = optionsBody(call, route)
  const last = deleteObject(storedObject(call.store, route), deleteOptions(call, body), writeOf(call, route, body))
  const { resource, name } = route
  const lingers = call.store.get(resourceKey(resource), route.namespace, name)?.metadata.deletionTimestamp !== undefined
  if (lingers) return ok(last)
  const details = {
    name,
    ...(resource.group === '' ? {} : { group: resource.group }),
    kind: resource.plural,
    uid: last.metadata.uid,
  }
  return ok({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details })
}

export function deleteCollectionAnswer(call: Call, route: Route, view: View): Answer {
  const body = optionsBody(call, route)
  const selected = call.store
    .list(resourceKey(route.resource), route.namespace)
    .filter(selection(call.target.query, route.resource))
  const gone = selected.map((object) => {
    const one = { ...route, name: object.metadata.name, namespace: object.metadata.namespace }
    return deleteObject(object, deleteOptions(call, body), writeOf(call, one, body))
  })
  return shown(renderList(gone, { resourceVersion: String(call.store.revision) }, view), view)
}

function optionsBody({ contentType, body }: Call, route: Route): Fields {
  const decoded = body.length === 0 ? {} : decodeObject(contentType, body, route)
  return isFields(decoded) ? decoded : {}
}

function deleteOptions({ target: { query } }: Call, body: Fields): DeleteOptions {
  const grace = query.has('gracePeriodSeconds') ? query.number('gracePeriodSeconds') : read(body, 'gracePeriodSeconds')
  const uid = readText(body, 'preconditions.uid')
  const resourceVersion = readText(body, 'preconditions.resourceVersion')
  const policy = query.first('propagationPolicy') || readText(body, 'propagationPolicy')
  if (!['', 'Background', 'Foreground', 'Orphan'].includes(policy)) {
    throw invalid({ group: 'meta.k8s.io', plural: '', kind: 'DeleteOptions' }, '', [
      {
        reason: 'FieldValueNotSupported',
        field: 'propagationPolicy',
        message: `Unsupported value: ${JSON.stringify(policy)}: supported values: "Foreground", "Background", "Orphan", "nil"`,
      },
    ])
  }
  return {
    foreground: policy === 'Foreground',
    orphan: policy === 'Orphan' || query.flag('orphanDependents') || read(body, 'orphanDependents') === true,
    ...(typeof grace === 'number' ? { graceSeconds: grace } : {}),
    ...(uid === '' ? {} : { uid }),
    ...(resourceVersion === '' ? {} : { resourceVersion }),
  }
}
