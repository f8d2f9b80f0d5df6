import type { Answer, Call } from '../answer/answer.ts'
import { decodeObject } from '../answer/body.ts'
import { storedObject } from '../answer/reads.ts'
import type { Route } from '../answer/route.ts'
import { issuer, requestedClaims, type Bound } from '../access/tokens.ts'
import { badRequest, conflict, invalid, notFound } from '../failure.ts'
import { readNumber, readText, readTexts, timestamp, type KubeObject } from '../state/objects.ts'

const leastSeconds = 600
const mostSeconds = 2 ** 32

/** `serviceaccounts/token` (authentication.k8s.io/v1 TokenRequest): a token that opens the cluster as that account. */
export function tokenAnswer(call: Call, route: Route): Answer {
  const account = storedObject(call.store, route)
  const body = decodeObject(call.contentType, call.body, route)
  const now = call.now()
  const seconds = readNumber(body, 'spec.expirationSeconds', 3600)
  if (seconds < leastSeconds || seconds > mostSeconds) {
    const problem =
      seconds < leastSeconds
        ? 'may not specify a duration less than 10 minutes'
        : 'may not specify a duration larger than 2^32 seconds'
    throw invalid({ group: 'authentication.k8s.io', plural: '', kind: 'TokenRequest' }, '', [
      {
        reason: 'FieldValueInvalid',
        field: 'spec.expirationSeconds',
        message: `Invalid value: ${seconds}: ${problem}`,
      },
    ])
  }
  const given = readTexts(body, 'spec.audiences')
  const audiences = given.length === 0 ? [issuer] : given
  const { name, namespace = '', uid } = account.metadata
  const bound = boundTo(call, body, { namespace, account: name })
  const claims = requestedClaims({ namespace, name, uid }, audiences, { now, seconds }, bound)
  const status = {
    token: call.access.signer.sign(claims),
    expirationTimestamp: timestamp(new Date(now.getTime() + seconds * 1000)),
  }
  const metadata = { name, namespace, creationTimestamp: timestamp(now) }
  const [object] = bound
  const reference =
    object === undefined
      ? {}
      : { boundObjectRef: { kind: object.kind, apiVersion: 'v1', name: object.name, uid: object.uid } }
  const spec = { audiences, expirationSeconds: seconds, ...reference }
  const answer = { kind: 'TokenRequest', apiVersion: 'authentication.k8s.io/v1', metadata, spec, status }
  return { kind: 'json', code: 201, body: answer }
}

const boundKinds = { Pod: '/pods', Secret: '/secrets', Node: '/nodes' } as const

interface Owner {
  readonly namespace: string
  readonly account: string
}

function boundTo(call: Call, body: unknown, { namespace, account }: Owner): readonly Bound[] {
  const kind = readText(body, 'spec.boundObjectRef.kind')
  if (kind === '') return []
  if (kind !== 'Pod' && kind !== 'Secret' && kind !== 'Node') {
    const [group, version] = groupVersionOf(readText(body, 'spec.boundObjectRef.apiVersion'))
    throw badRequest(`cannot bind token to object of type ${group}/${version}, Kind=${kind}`)
  }
  const name = readText(body, 'spec.boundObjectRef.name')
  const found: KubeObject | undefined = call.store.get(boundKinds[kind], kind === 'Node' ? undefined : namespace, name)
  const names = { group: '', plural: `${kind.toLowerCase()}s`, kind }
  if (found === undefined) throw notFound(names, name)
  const wanted = readText(body, 'spec.boundObjectRef.uid')
  if (wanted !== '' && wanted !== found.metadata.uid) {
    throw conflict(
      names,
      name,
      `the UID in the bound object reference (${wanted}) does not match the UID in record. The object might have been deleted and then recreated`,
    )
  }
  if (kind === 'Pod' && (readText(found, 'spec.serviceAccountName') || 'default') !== account) {
    const why = 'to pod running with different serviceaccount name.'
    throw badRequest(`cannot bind token for serviceaccount ${JSON.stringify(account)} ${why}`)
  }
  return [{ kind, name, uid: found.metadata.uid }]
}

function groupVersionOf(apiVersion: string): readonly [group: string, version: string] {
  const [first = '', second] = apiVersion.split('/')
  return second === undefined ? ['', first] : [first, second]
}
