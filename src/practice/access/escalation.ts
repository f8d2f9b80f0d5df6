import { includes, resourceMatches, urlMatches, type PolicyRule } from './rules.ts'

const nothing: PolicyRule = { verbs: [], apiGroups: [], resources: [], resourceNames: [], nonResourceURLs: [] }

/**
 * What `wanted` allows beyond `held`, one rule per group, resource and name
 * (k8s.io/component-helpers auth/rbac/validation Covers; verbs are gathered again as CompactRules does).
 */
export function uncovered(held: readonly PolicyRule[], wanted: readonly PolicyRule[]): readonly PolicyRule[] {
  const missing = wanted.flatMap(singleRules).filter((single) => !held.some((rule) => covers(rule, single)))
  return compacted(missing)
}

/** The rule as pieces with one verb and one thing each. */
function singleRules({ verbs, apiGroups, resources, resourceNames, nonResourceURLs }: PolicyRule): PolicyRule[] {
  const names = resourceNames.length === 0 ? [[]] : resourceNames.map((name) => [name])
  const onResources = apiGroups.flatMap((group) =>
    resources.flatMap((resource) =>
      verbs.flatMap((verb) =>
        names.map((name) => ({
          ...nothing,
          verbs: [verb],
          apiGroups: [group],
          resources: [resource],
          resourceNames: name,
        })),
      ),
    ),
  )
  const onUrls = nonResourceURLs.flatMap((url) =>
    verbs.map((verb) => ({ ...nothing, verbs: [verb], nonResourceURLs: [url] })),
  )
  return [...onResources, ...onUrls]
}

function covers(rule: PolicyRule, single: PolicyRule): boolean {
  if (!single.verbs.every((verb) => includes(rule.verbs, verb))) return false
  if (single.nonResourceURLs.length > 0) {
    return single.nonResourceURLs.every((url) => rule.nonResourceURLs.some((one) => urlMatches(one, url)))
  }
  return (
    single.apiGroups.every((group) => includes(rule.apiGroups, group)) &&
    single.resources.every((one) => resourceCovered(rule, one)) &&
    namesCovered(rule.resourceNames, single.resourceNames)
  )
}

function resourceCovered({ resources }: PolicyRule, wanted: string): boolean {
  const [resource = '', subresource = ''] = wanted.split('/')
  return resources.some((one) => one === wanted || resourceMatches(one, resource, subresource))
}

function namesCovered(held: readonly string[], wanted: readonly string[]): boolean {
  return held.length === 0 || (wanted.length > 0 && wanted.every((name) => held.includes(name)))
}

function compacted(singles: readonly PolicyRule[]): readonly PolicyRule[] {
  const byThing = new Map<string, PolicyRule>()
  for (const single of singles) {
    const thing = JSON.stringify({ ...single, verbs: [] })
    const known = byThing.get(thing)
    const verbs = [...new Set([...(known?.verbs ?? []), ...single.verbs])]
    byThing.set(thing, { ...single, verbs })
  }
  return [...byThing.values()]
}

/** `{APIGroups:[""], Resources:["pods"], Verbs:["get" "list"]}`, as the API server writes rules in messages. */
export function ruleText(rule: PolicyRule): string {
  const parts = [
    ['APIGroups', rule.apiGroups],
    ['Resources', rule.resources],
    ['NonResourceURLs', rule.nonResourceURLs],
    ['ResourceNames', rule.resourceNames],
    ['Verbs', rule.verbs],
  ] as const
  const written = parts.filter(([, values]) => values.length > 0).map(([name, values]) => `${name}:${quoted(values)}`)
  return `{${written.join(', ')}}`
}

/** A list as Go's %q prints it. */
export function quoted(values: readonly string[]): string {
  return `[${values.map((value) => JSON.stringify(value)).join(' ')}]`
}
