import type { JsonObject, JsonValue, RequestAttributes, ResourceRequest } from '../model/request.ts'
import { stringifyJson } from '../stream/json.ts'
import type { ClientReply } from './client.ts'
import { isObject } from './object.ts'
import { decideMatter, type Matter } from './settle.ts'
import type { Stations } from './stations.ts'

const certain: ReadonlySet<string> = new Set([
  'rule-holds',
  'rule-denies',
  'no-rule-matches',
  'limit-reached',
  'reason-missing',
  'watcher-missing',
])

/** Verbs that change nothing; a review names no method, so all others are taken to. */
const reading: ReadonlySet<string> = new Set(['get', 'list', 'watch'])

/**
 * What Chaperone itself answers to `kubectl auth can-i`: a SelfSubjectAccessReview with `allowed: false` for what its policy
 * holds or denies. Undefined where the policy allows it, so that the cluster has the word, and for other requests.
 */
export function canIAnswer(matter: Matter, stations: Pick<Stations, 'decide' | 'oblige'>): JsonObject | undefined {
  const { request, object } = matter
  if (!isQuestion(request)) return undefined
  const asked = attributesOf(object)
  if (asked === undefined || !isObject(object)) return undefined
  const decision = decideMatter(
    { ...matter, request: asked, object: undefined, asSent: undefined, reveal: undefined },
    stations,
  )
  // A rule that asks for more than a question tells (a body, a selector) has no word on it.
  const first = decision.reasons.find(({ code }) => certain.has(code))
  if (decision.effect === 'allow' || first === undefined) return undefined
  const reason = decision.effect === 'hold' ? `needs approval: ${first.message}` : first.message
  return { ...object, status: { allowed: false, denied: decision.effect === 'deny', reason } }
}

function isQuestion(request: RequestAttributes): boolean {
  if (request.kind !== 'resource' || request.verb !== 'create') return false
  return request.apiGroup === 'authorization.k8s.io' && request.resource === 'selfsubjectaccessreviews'
}

export function sendCanI(reply: ClientReply, answer: JsonObject, auditID: string): void {
  const body = Buffer.from(`${stringifyJson(answer)}\n`)
  reply.begin(201, {
    'content-type': 'application/json',
    'content-length': body.length,
    'audit-id': auditID,
    'cache-control': 'no-cache, private',
  })
  reply.out.end(body)
}

/** authorization.k8s.io/v1 ResourceAttributes; undefined for questions about other paths. */
function attributesOf(object: JsonValue | undefined): ResourceRequest | undefined {
  const spec = isObject(object) ? object['spec'] : undefined
  const asked = isObject(spec) ? spec['resourceAttributes'] : undefined
  if (!isObject(asked)) return undefined
  const text = (key: string) => {
    const value = asked[key]
    return typeof value === 'string' ? value : ''
  }
  const verb = text('verb')
  const reads = reading.has(verb)
  return {
    kind: 'resource',
    verb,
    apiGroup: text('group'),
    apiVersion: text('version'),
    namespace: text('namespace'),
    resource: text('resource'),
    subresource: text('subresource'),
    name: text('name'),
    fieldSelector: '',
    labelSelector: '',
    dryRun: false,
    effects: reads ? ['read'] : verb === 'create' ? ['create', 'write'] : ['write'],
    path: '',
  }
}
