import { ApiFailure, badRequest, methodNotAllowed, pathNotFound } from '../failure.ts'
import { isFields, read, readNumber, readText, timestamp, type Fields, type KubeObject } from '../objects.ts'
import { jsonPatch } from '../patch/json.ts'
import { mergePatch } from '../patch/merge.ts'
import { strategicPatch } from '../patch/strategic.ts'
import { questions } from '../resources/index.ts'
import { resourceKey } from '../resources/resource.ts'
import type { Route } from '../route.ts'
import { ok, type Answer, type Call } from './answer.ts'
import { decodeObject, decodePatch } from './body.ts'
import { incomingObject } from './incoming.ts'
import { listAnswer, selection, storedObject } from './reads.ts'
import { renderList, renderObject, viewOf, type View } from './render.ts'
import { review } from './reviews.ts'
import { scaled, scaleOf } from './scale.ts'
import { logAnswer, watchAnswer } from './streams.ts'
import { createObject, deleteObject, updateObject, type DeleteOptions, type Write } from './writes.ts'

/** Answers one request for a resource. */
export function resourceAnswer(call: Call, route: Route): Answer {
  const { resource, subresource, verb } = route
  if (questions.includes(resource)) return questionAnswer(call, route)
  const view = viewOf(resource, isStream(route) ? '' : call.accept, call.target.query, call.now())
  if (subresource !== '') return subresourceAnswer(call, route, view)
  if (!resource.verbs.includes(verb)) throw methodNotAllowed()
  needsPlace(route)
  switch (verb) {
    case 'list':
      return shown(listAnswer(call.store, route, view), view)
    case 'watch':
      return watchAnswer(call, route, view)
    case 'get':
      return shown(renderObject(storedObject(call.store, route), view), view)
    case 'create':
      return shown(renderObject(create(call, route), view), view, 201)
    case 'update':
      return shown(renderObject(update(call, route), view), view)
    case 'patch':
      return patchAnswer(call, route, view)
    case 'delete':
      return deleteAnswer(call, route)
    case 'deletecollection':
      return deleteCollectionAnswer(call, route, view)
  }
}

const isStream = ({ subresource }: Route) => subresource === 'log'

/** A namespaced object is written below its namespace, and a single object is named. */
function needsPlace({ resource, verb, namespace, name }: Route): void {
  const onOne = verb === 'get' || verb === 'update' || verb === 'patch' || verb === 'delete'
  const homeless = resource.namespaced && namespace === undefined
  if ((onOne && (name === '' || homeless)) || (verb === 'create' && (name !== '' || homeless))) throw methodNotAllowed()
}

function shown(body: Fields, view: View, code = 200): Answer {
  const { as, version } = view.form
  const contentType = as === 'Object' ? 'application/json' : `application/json;as=${as};g=meta.k8s.io;v=${version}`
  return { kind: 'json', code, body, contentType }
}

function questionAnswer(call: Call, { resource, verb }: Route): Answer {
  if (verb !== 'create') throw methodNotAllowed()
  const body = decodeObject(call.contentType, call.body)
  if (!isFields(body)) throw badRequest('the request body must be an object')
  return { kind: 'json', code: 201, body: review(resource.kind, body, call.user) }
}

function write(call: Call, route: Route, options: Fields = {}): Write {
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
  }
}

function create(call: Call, route: Route): KubeObject {
  return createObject(incomingObject(decodeObject(call.contentType, call.body), route), write(call, route))
}

function update(call: Call, route: Route): KubeObject {
  const incoming = incomingObject(decodeObject(call.contentType, call.body), route)
  return updateObject(storedObject(call.store, route), incoming, write(call, route))
}

function patchAnswer(call: Call, route: Route, view: View): Answer {
  const { type, patch } = decodePatch(call.contentType, call.body)
  const exists = call.store.get(resourceKey(route.resource), route.namespace, route.name) !== undefined
  if (type === 'application/apply-patch+yaml' && !exists) {
    const named = mergePatch(patch, { metadata: { name: route.name } })
    return shown(renderObject(createObject(incomingObject(named, route), write(call, route)), view), view, 201)
  }
  const stored = storedObject(call.store, route)
  const incoming = incomingObject(patched(type, stored, patch), route)
  return shown(renderObject(updateObject(stored, incoming, write(call, route)), view), view)
}

function patched(type: string, target: unknown, patch: unknown): unknown {
  switch (type) {
    case 'application/json-patch+json':
      return jsonPatch(target, patch)
    case 'application/merge-patch+json':
      return mergePatch(target, patch)
    default:
      return strategicPatch(target, patch)
  }
}

function deleteAnswer(call: Call, route: Route): Answer {
  const body = optionsBody(call)
  const last = deleteObject(storedObject(call.store, route), deleteOptions(call, body), write(call, route, body))
  const { resource, name } = route
  if (call.store.get(resourceKey(resource), route.namespace, name) !== undefined && resource.plural === 'pods')
    return ok(last)
  const details = {
    name,
    ...(resource.group === '' ? {} : { group: resource.group }),
    kind: resource.plural,
    uid: last.metadata.uid,
  }
  return ok({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details })
}

function deleteCollectionAnswer(call: Call, route: Route, view: View): Answer {
  const body = optionsBody(call)
  const selected = call.store
    .list(resourceKey(route.resource), route.namespace)
    .filter(selection(call.target.query, route.resource))
  const gone = selected.map((object) => {
    const one = { ...route, name: object.metadata.name, namespace: object.metadata.namespace }
    return deleteObject(object, deleteOptions(call, body), write(call, one, body))
  })
  return shown(renderList(gone, { resourceVersion: String(call.store.revision) }, view), view)
}

function optionsBody({ contentType, body }: Call): Fields {
  const decoded = body.length === 0 ? {} : decodeObject(contentType, body)
  return isFields(decoded) ? decoded : {}
}

function deleteOptions({ target: { query } }: Call, body: Fields): DeleteOptions {
  const grace = query.has('gracePeriodSeconds') ? query.number('gracePeriodSeconds') : read(body, 'gracePeriodSeconds')
  const uid = readText(body, 'preconditions.uid')
  const resourceVersion = readText(body, 'preconditions.resourceVersion')
  const policy = query.first('propagationPolicy') || readText(body, 'propagationPolicy')
  return {
    orphan: policy === 'Orphan' || query.flag('orphanDependents') || read(body, 'orphanDependents') === true,
    ...(typeof grace === 'number' ? { graceSeconds: grace } : {}),
    ...(uid === '' ? {} : { uid }),
    ...(resourceVersion === '' ? {} : { resourceVersion }),
  }
}

function subresourceAnswer(call: Call, route: Route, view: View): Answer {
  const served = route.resource.subresources.find((one) => one.name === route.subresource)
  if (served === undefined) throw pathNotFound()
  if (!served.verbs.includes(route.verb)) throw methodNotAllowed()
  switch (route.subresource) {
    case 'status':
    case 'finalize':
      return statusAnswer(call, route, view)
    case 'scale':
      return scaleAnswer(call, route)
    case 'log':
      return logAnswer(call, route)
    case 'eviction':
      deleteObject(storedObject(call.store, route), { orphan: false }, write(call, route))
      return {
        kind: 'json',
        code: 201,
        body: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 },
      }
    case 'token':
      return tokenAnswer(call, route)
    default:
      storedObject(call.store, route)
      throw new ApiFailure(
        501,
        'NotImplemented',
        `the practice cluster runs no containers: it cannot ${route.subresource}`,
      )
  }
}

function statusAnswer(call: Call, route: Route, view: View): Answer {
  if (route.verb === 'patch') return patchAnswer(call, route, view)
  const object = route.verb === 'get' ? storedObject(call.store, route) : update(call, route)
  return shown(renderObject(object, view), view)
}

function scaleAnswer(call: Call, route: Route): Answer {
  const stored = storedObject(call.store, route)
  if (route.verb === 'get') return ok(scaleOf(stored))
  const decode = () => decodePatch(call.contentType, call.body)
  const scale =
    route.verb === 'patch'
      ? patched(decode().type, scaleOf(stored), decode().patch)
      : decodeObject(call.contentType, call.body)
  const version = readText(scale, 'metadata.resourceVersion')
  const wanted = scaled(stored, scale)
  const incoming = { ...wanted, metadata: { ...wanted.metadata, resourceVersion: version } }
  return ok(scaleOf(updateObject(stored, incoming, write(call, route))))
}

/** A token that looks real and opens nothing. */
function tokenAnswer(call: Call, route: Route): Answer {
  const account = storedObject(call.store, route)
  const body = decodeObject(call.contentType, call.body)
  const now = call.now()
  const seconds = readNumber(body, 'spec.expirationSeconds', 3600)
  const expires = new Date(now.getTime() + seconds * 1000)
  const subject = `system:serviceaccount:${account.metadata.namespace ?? ''}:${account.metadata.name}`
  const part = (value: Fields) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const claims = { iss: 'https://practice.invalid', sub: subject, exp: Math.floor(expires.getTime() / 1000) }
  const token = `${part({ alg: 'ES256', typ: 'JWT' })}.${part(claims)}.${part({ practice: true })}`
  const { name, namespace } = account.metadata
  const status = { token, expirationTimestamp: timestamp(expires) }
  const metadata = { name, namespace, creationTimestamp: timestamp(now) }
  const spec = { audiences: ['https://kubernetes.default.svc'], expirationSeconds: seconds }
  const answer = { kind: 'TokenRequest', apiVersion: 'authentication.k8s.io/v1', metadata, spec, status }
  return { kind: 'json', code: 201, body: answer }
}
