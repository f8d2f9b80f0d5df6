import type { Match, Rule, Selector } from './rule.ts'

/** True when every request that `inner` matches is matched by `outer` too, their conditions left aside. */
export function isWithin(inner: Rule, outer: Rule): boolean {
  return (
    inner.subjects.every((one) => outer.subjects.some((other) => selectorWithin(one, other))) &&
    listWithin(inner.match.verbs, outer.match.verbs) &&
    optionalWithin(inner.match.effects, outer.match.effects) &&
    scopeWithin(inner.match.scope, outer.match.scope)
  )
}

function scopeWithin(inner: Match['scope'], outer: Match['scope']): boolean {
  if (inner.kind === 'non-resource') {
    return outer.kind === 'non-resource' && inner.urls.every((url) => outer.urls.some((other) => urlWithin(url, other)))
  }
  if (outer.kind === 'non-resource') return false
  return (
    listWithin(inner.apiGroups, outer.apiGroups) &&
    inner.resources.every((one) => outer.resources.some((other) => resourceWithin(one, other))) &&
    optionalWithin(inner.namespaces, outer.namespaces) &&
    optionalWithin(inner.names, outer.names)
  )
}

function selectorWithin(inner: Selector, outer: Selector): boolean {
  if ('group' in outer) return outer.group === '*' || ('group' in inner && inner.group === outer.group)
  return outer.user === '*' || ('user' in inner && inner.user === outer.user)
}

function listWithin(inner: readonly string[], outer: readonly string[]): boolean {
  return outer.includes('*') || inner.every((one) => outer.includes(one))
}

function optionalWithin(inner: readonly string[] | undefined, outer: readonly string[] | undefined): boolean {
  return outer === undefined || (inner === undefined ? outer.includes('*') : listWithin(inner, outer))
}

function resourceWithin(inner: string, outer: string): boolean {
  if (outer === '*' || inner === outer) return true
  const [innerBase = '', innerSub = ''] = inner.split('/')
  const [outerBase = '', outerSub = ''] = outer.split('/')
  if (inner === '*' || (outerBase !== '*' && outerBase !== innerBase)) return false
  return outerSub === '*' ? innerSub !== '' : outerSub === innerSub
}

function urlWithin(inner: string, outer: string): boolean {
  return outer.endsWith('*') ? inner.startsWith(outer.slice(0, -1)) : inner === outer
}
