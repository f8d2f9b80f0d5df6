import { ApiFailure, methodNotAllowed, pathNotFound } from '../failure.ts'
import { readNumber, readText, timestamp, type Fields } from '../state/objects.ts'
import { ok, type Answer, type Call } from './answer.ts'
import { decodeObject, decodePatch } from './body.ts'
import { patchAnswer, patched, shown, update, writeOf } from './modify.ts'
import { storedObject } from './reads.ts'
import { renderObject, type View } from './render.ts'
import type { Route } from './route.ts'
import { scaled, scaleOf } from './scale.ts'
import { logAnswer } from './streams.ts'
import { deleteObject, updateObject } from './writes.ts'

export function subresourceAnswer(call: Call, route: Route, view: View): Answer {
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
      deleteObject(storedObject(call.store, route), { orphan: false }, writeOf(call, route))
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
  return ok(scaleOf(updateObject(stored, incoming, writeOf(call, route))))
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
