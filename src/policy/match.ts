import { RawNumber, type JsonValue, type RequestAttributes } from '../model/request.ts'
import type { Subject } from '../model/subject.ts'
import type { ConditionResult, ConditionVariables } from './condition.ts'
import type { DecisionInput } from './port.ts'
import type { Match, Rule, Selector } from './rule.ts'

/**
 * How far a rule reaches into a request: `intersects` = its scope and the request's may share an object (enough for a
 * deny or hold), `covers` = the request stays within its scope (what an allow needs).
 */
export type Reach = 'intersects' | 'covers'

/** The part of a rule that does not fit, for explanations. */
export type Mismatch =
  'subjects' | 'verbs' | 'effects' | 'apiGroups' | 'resources' | 'namespaces' | 'names' | 'nonResourceURLs' | 'when'

/** A request prepared once for all rules. */
export interface Facts {
  readonly subject: Subject
  readonly request: RequestAttributes
  /** Every verb that an allow must cover. */
  readonly verbs: readonly string[]
  /** Name of the object, empty when it is not known before the request has run. */
  readonly name: string
  readonly variables: ConditionVariables
}

const connects: ReadonlySet<string> = new Set(['exec', 'attach', 'portforward'])
const collectionVerbs: ReadonlySet<string> = new Set(['list', 'watch', 'deletecollection'])

export function factsOf(input: DecisionInput, variables: ConditionVariables): Facts {
  const { subject, request } = input
  return { subject, request, verbs: verbsOf(request), name: nameOf(request, input.object), variables }
}

/** The first part of the rule that does not fit, or undefined when all of it (but `when`) does. */
export function mismatch(rule: Rule, facts: Facts, reach: Reach): Mismatch | undefined {
  const { match } = rule
  const { request } = facts
  if (!rule.subjects.some((selector) => selects(selector, facts.subject))) return 'subjects'
  if (!fits(match.verbs, facts.verbs, reach)) return 'verbs'
  if (match.effects !== undefined && !fits(match.effects, request.effects, reach)) return 'effects'
  if (request.kind === 'non-resource') {
    if (match.scope.kind !== 'non-resource') return 'resources'
    return match.scope.urls.some((pattern) => matchesUrl(pattern, request.path)) ? undefined : 'nonResourceURLs'
  }
  if (match.scope.kind !== 'resource') return 'nonResourceURLs'
  const { apiGroups, resources, namespaces, names } = match.scope
  if (!includes(apiGroups, request.apiGroup)) return 'apiGroups'
  if (!resources.some((pattern) => matchesResource(pattern, request.resource, request.subresource))) return 'resources'
  if (namespaces !== undefined && !includes(namespaces, request.namespace)) {
    if (reach === 'covers' || !spansNamespaces(request)) return 'namespaces'
  }
  if (names !== undefined && !includes(names, facts.name)) {
    if (reach === 'covers' || facts.name !== '') return 'names'
  }
  return undefined
}

export function conditionOf(rule: Rule, facts: Facts): ConditionResult {
  return rule.condition === undefined ? 'true' : rule.condition(facts.variables)
}

function selects(selector: Selector, subject: Subject): boolean {
  if ('group' in selector) return selector.group === '*' || subject.groups.includes(selector.group)
  return selector.user === '*' || selector.user === subject.name
}

function fits(wanted: readonly string[], actual: readonly string[], reach: Reach): boolean {
  if (wanted.includes('*')) return true
  return reach === 'covers' ? actual.every((one) => wanted.includes(one)) : actual.some((one) => wanted.includes(one))
}

function includes(list: readonly string[], value: string): boolean {
  return list.includes('*') || list.includes(value)
}

/**
 * exec, attach and port-forward are `create`, whatever the method (a WebSocket comes as GET); server-side apply is
 * `create` and `patch` (it makes what is not there), as is a proxied call (it may run anything) `create` and its verb.
 */
function verbsOf(request: RequestAttributes): readonly string[] {
  if (request.kind === 'non-resource') return [request.verb]
  if (connects.has(request.subresource)) return ['create']
  const creates =
    request.effects.includes('create') || (request.effects.includes('exec') && request.effects.includes('stream'))
  return creates && request.verb !== 'create' ? [request.verb, 'create'] : [request.verb]
}

function nameOf(request: RequestAttributes, object: JsonValue | undefined): string {
  if (request.kind === 'non-resource') return ''
  if (request.name !== '' || request.verb !== 'create' || object === undefined) return request.name
  const name = member(member(object, 'metadata'), 'name')
  return typeof name === 'string' ? name : ''
}

function member(value: JsonValue | undefined, key: string): JsonValue | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof RawNumber)
    return undefined
  return (value as { readonly [key: string]: JsonValue })[key]
}

/** A collection without a namespace may hold objects of every namespace; other requests without one are cluster-wide. */
export function spansNamespaces(request: RequestAttributes & { kind: 'resource' }): boolean {
  return request.namespace === '' && collectionVerbs.has(request.verb)
}

/** `pods`, `pods/log`, `pods/*` (every subresource), `*\/status`, `*` (every resource and subresource). */
function matchesResource(pattern: string, resource: string, subresource: string): boolean {
  if (pattern === '*') return true
  const [wantedResource = '', wantedSubresource = ''] = pattern.split('/')
  if (wantedResource !== '*' && wantedResource !== resource) return false
  return wantedSubresource === '*' ? subresource !== '' : wantedSubresource === subresource
}

function matchesUrl(pattern: string, path: string): boolean {
  return pattern.endsWith('*') ? path.startsWith(pattern.slice(0, -1)) : pattern === path
}

/** The resources a rule names, for the index; undefined when it takes any. */
export function literalResources(match: Match): readonly string[] | undefined {
  if (match.scope.kind === 'non-resource') return []
  const bases = match.scope.resources.map((pattern) => pattern.split('/', 1)[0] ?? '')
  return bases.includes('*') ? undefined : bases
}
