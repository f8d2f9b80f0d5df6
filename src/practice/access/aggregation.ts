import type { Timers } from '../controllers/timers.ts'
import { readList, readTexts, sameJson, type Fields, type KubeObject } from '../state/objects.ts'
import type { Store } from '../state/store.ts'
import { clusterRoleKey } from './bindings.ts'

/** Gives every cluster role with an aggregationRule the rules of the roles it selects, until nothing changes. */
export function aggregate(store: Store): void {
  const roles = store.list(clusterRoleKey)
  const changed = roles.filter((role) => role['aggregationRule'] !== undefined).filter((role) => gather(store, role))
  if (changed.length > 0) aggregate(store)
}

/** Keeps aggregated roles up to date a moment after any cluster role changes; returns the function that stops it. */
export function watchAggregation(store: Store, timers: Timers): () => void {
  return store.subscribe(({ key }) => {
    if (key === clusterRoleKey) timers.after(0, 'aggregate cluster roles', () => aggregate(store))
  })
}

function gather(store: Store, role: KubeObject): boolean {
  const selectors = readList(role, 'aggregationRule.clusterRoleSelectors')
  const parts = store
    .list(clusterRoleKey)
    .filter((one) => one !== role && selectors.some((selector) => selects(selector, one)))
  const rules: Fields[] = []
  for (const rule of parts.flatMap((part) => readList(part, 'rules'))) {
    if (!rules.some((known) => sameJson(known, rule))) rules.push(rule)
  }
  if (sameJson(readList(role, 'rules'), rules)) return false
  store.put(clusterRoleKey, { ...role, rules })
  return true
}

/** metav1.LabelSelector; an empty one selects everything. */
function selects(selector: Fields, { metadata: { labels = {} } }: KubeObject): boolean {
  const wanted = Object.entries((selector['matchLabels'] ?? {}) as Record<string, unknown>)
  return (
    wanted.every(([label, value]) => labels[label] === value) &&
    readList(selector, 'matchExpressions').every((expression) => meets(expression, labels))
  )
}

function meets(expression: Fields, labels: Readonly<Record<string, string>>): boolean {
  const value = labels[String(expression['key'])]
  const values = readTexts(expression, 'values')
  switch (expression['operator']) {
    case 'In':
      return value !== undefined && values.includes(value)
    case 'NotIn':
      return value === undefined || !values.includes(value)
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
    default:
      return false
  }
}
