import { badRequest, methodNotAllowed } from '../failure.ts'
import { questions } from '../resources/index.ts'
import { isFields } from '../state/objects.ts'
import type { Answer, Call } from './answer.ts'
import { decodeObject } from './body.ts'
import { deleteAnswer, deleteCollectionAnswer } from './deletes.ts'
import { create, patchAnswer, shown, update } from './modify.ts'
import { listAnswer, storedObject } from './reads.ts'
import { renderObject, viewOf } from './render.ts'
import { review } from '../access/reviews.ts'
import type { Route } from './route.ts'
import { watchAnswer } from './streams.ts'
import { subresourceAnswer } from '../subresources/index.ts'

/** Answers one request for a resource. */
export function resourceAnswer(call: Call, route: Route): Answer | Promise<Answer> {
  const { resource, subresource, verb } = route
  if (questions.includes(resource)) return questionAnswer(call, route)
  const view = viewOf(resource, subresource === 'log' ? '' : call.accept, call.target.query, call.now)
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

/** A namespaced object is written below its namespace, and a single object is named. */
function needsPlace({ resource, verb, namespace, name }: Route): void {
  const onOne = verb === 'get' || verb === 'update' || verb === 'patch' || verb === 'delete'
  const homeless = resource.namespaced && namespace === undefined
  if ((onOne && (name === '' || homeless)) || (verb === 'create' && (name !== '' || homeless))) throw methodNotAllowed()
}

function questionAnswer(call: Call, route: Route): Answer {
  const { resource, verb } = route
  if (verb !== 'create') throw methodNotAllowed()
  const body = decodeObject(call.contentType, call.body, route)
  if (!isFields(body)) throw badRequest('the request body must be an object')
  return { kind: 'json', code: 201, body: review(resource.kind, body, call.user, call.access, route.namespace) }
}
