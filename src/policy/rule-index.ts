import type { RequestAttributes } from '../model/request.ts'
import { literalResources, spansNamespaces } from './match.ts'
import type { DecisionInput } from './port.ts'
import type { Rule } from './rule.ts'

/** Rules by one thing they may name: those that name a value, and those that take any. */
interface Postings {
  readonly named: ReadonlyMap<string, readonly Rule[]>
  readonly any: readonly Rule[]
}

/**
 * Rules by resource, namespace and subject. A request is looked up in all three, and only the shortest of the lists is gone
 * through: what is left out could not have matched. No answer is kept, so no caller can fill a cache.
 */
export function indexRules(rules: readonly Rule[]): (input: DecisionInput) => Iterable<Rule> {
  const forResources = indexOf(rules.filter(({ match }) => match.scope.kind === 'resource'))
  const forPaths = indexOf(rules.filter(({ match }) => match.scope.kind === 'non-resource'))
  return (input) => (input.request.kind === 'resource' ? forResources : forPaths)(input)
}

function indexOf(rules: readonly Rule[]): (input: DecisionInput) => Iterable<Rule> {
  const byResource = postings(rules, ({ match }) => literalResources(match))
  const byNamespace = postings(rules, namespacesOf)
  const bySubject = postings(rules, subjectsOf)
  return ({ subject, request }) => {
    const callers = [`user:${subject.name}`, ...subject.groups.map((group) => `group:${group}`)]
    let best = lookUp(bySubject, callers)
    for (const [place, keys] of placesOf(request)) {
      const found = lookUp(place === 'resource' ? byResource : byNamespace, keys)
      if (size(found) < size(best)) best = found
    }
    return best.length === 1 ? (best[0] ?? []) : new Set(best.flat())
  }
}

/** A collection in all namespaces may meet rules of any of them, so its namespace leaves nothing out. */
function placesOf(request: RequestAttributes): readonly (readonly ['resource' | 'namespace', readonly string[]])[] {
  if (request.kind === 'non-resource') return []
  const resource = ['resource', [request.resource]] as const
  return spansNamespaces(request) ? [resource] : [resource, ['namespace', [request.namespace]]]
}

function postings(rules: readonly Rule[], namesOf: (rule: Rule) => readonly string[] | undefined): Postings {
  const named = new Map<string, Rule[]>()
  const any: Rule[] = []
  for (const rule of rules) {
    const names = namesOf(rule)
    if (names === undefined) any.push(rule)
    for (const name of new Set(names ?? [])) {
      const list = named.get(name)
      if (list === undefined) named.set(name, [rule])
      else list.push(rule)
    }
  }
  return { named, any }
}

function lookUp({ named, any }: Postings, keys: readonly string[]): readonly (readonly Rule[])[] {
  const lists = any.length === 0 ? [] : [any]
  for (const key of keys) {
    const list = named.get(key)
    if (list !== undefined) lists.push(list)
  }
  return lists
}

function size(lists: readonly (readonly Rule[])[]): number {
  return lists.reduce((sum, list) => sum + list.length, 0)
}

function namespacesOf({ match }: Rule): readonly string[] | undefined {
  if (match.scope.kind === 'non-resource' || match.scope.namespaces?.includes('*') === true) return undefined
  return match.scope.namespaces
}

function subjectsOf({ subjects }: Rule): readonly string[] | undefined {
  const names = subjects.map((selector) => ('group' in selector ? `group:${selector.group}` : `user:${selector.user}`))
  return names.includes('group:*') || names.includes('user:*') ? undefined : names
}
