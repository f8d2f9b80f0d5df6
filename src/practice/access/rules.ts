import { readList, readTexts, type KubeObject } from '../state/objects.ts'

/** rbac.authorization.k8s.io/v1 PolicyRule; members that are absent are empty. */
export interface PolicyRule {
  readonly verbs: readonly string[]
  readonly apiGroups: readonly string[]
  readonly resources: readonly string[]
  readonly resourceNames: readonly string[]
  readonly nonResourceURLs: readonly string[]
}

export function rulesOf(role: KubeObject): readonly PolicyRule[] {
  return readList(role, 'rules').map((rule) => ({
    verbs: readTexts(rule, 'verbs'),
    apiGroups: readTexts(rule, 'apiGroups'),
    resources: readTexts(rule, 'resources'),
    resourceNames: readTexts(rule, 'resourceNames'),
    nonResourceURLs: readTexts(rule, 'nonResourceURLs'),
  }))
}

/** The rule as it is written in an object: empty members are left out. */
export function ruleFields(rule: PolicyRule): Record<string, readonly string[]> {
  return Object.fromEntries(Object.entries(rule).filter(([, values]: [string, readonly string[]]) => values.length > 0))
}

/** The part of authorizer.Attributes that rules look at. */
interface Asked {
  readonly verb: string
  readonly group: string
  readonly resource: string
  readonly subresource: string
  readonly name: string
  readonly path: string
  readonly isResource: boolean
}

/** True when the rule allows what is asked (k8s.io/kubernetes plugin/pkg/auth/authorizer/rbac RuleAllows). */
export function ruleAllows(rule: PolicyRule, asked: Asked): boolean {
  if (!includes(rule.verbs, asked.verb)) return false
  if (!asked.isResource) return rule.nonResourceURLs.some((url) => urlMatches(url, asked.path))
  const { group, resource, subresource, name } = asked
  return (
    includes(rule.apiGroups, group) &&
    rule.resources.some((one) => resourceMatches(one, resource, subresource)) &&
    (rule.resourceNames.length === 0 || rule.resourceNames.includes(name))
  )
}

/** True when `wanted` or `*` is among the values. */
export function includes(values: readonly string[], wanted: string): boolean {
  return values.includes(wanted) || values.includes('*')
}

/** `*` is everything; a star before the slash means that subresource of every resource. */
export function resourceMatches(one: string, resource: string, subresource: string): boolean {
  if (one === '*') return true
  if (subresource === '') return one === resource
  return one === `${resource}/${subresource}` || one === `*/${subresource}`
}

/** A trailing `*` stands for any rest of a path. */
export function urlMatches(url: string, path: string): boolean {
  return url === '*' || url === path || (url.endsWith('*') && path.startsWith(url.slice(0, -1)))
}
