import type { Answer, Call } from '../answer/answer.ts'
import { decodeObject } from '../answer/body.ts'
import { storedObject } from '../answer/reads.ts'
import type { Route } from '../answer/route.ts'
import { readNumber, timestamp, type Fields } from '../state/objects.ts'

/** `serviceaccounts/token` (authentication.k8s.io/v1 TokenRequest): a token that looks real and opens nothing. */
export function tokenAnswer(call: Call, route: Route): Answer {
  const account = storedObject(call.store, route)
  const body = decodeObject(call.contentType, call.body, route)
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
