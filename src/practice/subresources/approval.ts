import type { Answer, Call } from '../answer/answer.ts'
import { decodeObject, decodePatch } from '../answer/body.ts'
import { incomingObject } from '../answer/incoming.ts'
import { patched, shown, writeOf } from '../answer/modify.ts'
import { storedObject } from '../answer/reads.ts'
import { renderObject, type View } from '../answer/render.ts'
import type { Route } from '../answer/route.ts'
import { updateObject } from '../answer/writes.ts'
import { forbidden } from '../failure.ts'
import { readFields, readText, withField } from '../state/objects.ts'

/** `certificatesigningrequests/approval`: only the conditions change, by whoever may approve for the signer. */
export function approvalAnswer(call: Call, route: Route, view: View): Answer {
  const stored = storedObject(call.store, route)
  if (route.verb === 'get') return shown(renderObject(stored, view), view)
  const signer = readText(stored, 'spec.signerName')
  const asked = {
    ...{ verb: 'approve', group: 'certificates.k8s.io', version: 'v1', resource: 'signers', subresource: '' },
    ...{ namespace: '', name: signer, path: '', isResource: true },
  }
  const { allowed, reason } = call.access.authorize(call.user, asked)
  if (!allowed) throw forbidden(call.user.name, asked, reason)
  const decode = () => decodePatch(call.contentType, call.body)
  const body =
    route.verb === 'patch'
      ? patched(decode().type, stored, decode().patch)
      : decodeObject(call.contentType, call.body, route)
  const incoming = incomingObject(body, route)
  const conditions = readFields(incoming, 'status')['conditions'] ?? []
  const changed = { ...withField(stored, 'status.conditions', conditions), metadata: incoming.metadata }
  const write = { ...writeOf(call, route), route: { ...route, subresource: 'status' } }
  return shown(renderObject(updateObject(stored, changed, write), view), view)
}
