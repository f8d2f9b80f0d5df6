import { badRequest } from '../failure.ts'
import { isFields, sameJson, type Fields } from '../state/objects.ts'
import { setOwn } from './merge.ts'

/**
 * Lists of objects that strategic merge joins by a key, by the name of their field (the patchMergeKey tags of
 * k8s.io/api). The first key that the elements carry counts; lists not named here are replaced.
 */
const mergeKeys: Readonly<Record<string, readonly string[]>> = {
  containers: ['name'],
  initContainers: ['name'],
  ephemeralContainers: ['name'],
  env: ['name'],
  volumes: ['name'],
  volumeMounts: ['mountPath'],
  volumeDevices: ['devicePath'],
  ports: ['containerPort', 'port'],
  hostAliases: ['ip'],
  imagePullSecrets: ['name'],
  topologySpreadConstraints: ['topologyKey'],
  ownerReferences: ['uid'],
  conditions: ['type'],
  secrets: ['name'],
  addresses: ['type'],
  taints: ['key'],
}

/** Lists of plain values that strategic merge joins as sets (patchStrategy=merge without a key). */
const setFields: ReadonlySet<string> = new Set(['finalizers', 'podCIDRs'])

const directive = '$patch'
const retainKeys = '$retainKeys'
const orderPrefix = '$setElementOrder/'
const deletePrefix = '$deleteFromPrimitiveList/'

/** Strategic merge patch (Kubernetes API conventions, "Strategic Merge Patch") with its directives. */
export function strategicPatch(target: unknown, patch: unknown): unknown {
  if (!isFields(patch)) throw badRequest('a strategic merge patch is an object')
  return mergeFields(isFields(target) ? target : {}, patch)
}

function mergeFields(target: Fields, patch: Fields): Fields {
  if (patch[directive] === 'replace') return without(patch, directive)
  if (patch[directive] === 'delete') return {}
  const result = retained(target, patch[retainKeys])
  for (const [key, value] of Object.entries(patch)) {
    if (key === directive || key === retainKeys || key.startsWith(orderPrefix)) continue
    if (key.startsWith(deletePrefix)) dropValues(result, key.slice(deletePrefix.length), value)
    else if (value === null) delete result[key]
    else setOwn(result, key, mergeValue(key, Object.hasOwn(result, key) ? result[key] : undefined, value))
  }
  for (const [key, order] of Object.entries(patch)) {
    if (key.startsWith(orderPrefix)) reorder(result, key.slice(orderPrefix.length), order)
  }
  return result
}

function mergeValue(field: string, target: unknown, patch: unknown): unknown {
  if (Array.isArray(patch)) return mergeList(field, Array.isArray(target) ? target : [], patch)
  if (isFields(patch)) return mergeFields(isFields(target) ? target : {}, patch)
  return patch
}

function mergeList(field: string, target: readonly unknown[], patch: readonly unknown[]): unknown[] {
  const replaces = patch.some((item) => isFields(item) && item[directive] === 'replace')
  const plain = patch.filter((item) => !(isFields(item) && item[directive] === 'replace'))
  if (replaces) return plain
  if (setFields.has(field)) return [...new Set([...target, ...patch])]
  const key = mergeKey(field, [...patch, ...target])
  return key === undefined ? plain.map(cleaned) : mergeByKey(key, target, plain)
}

function mergeKey(field: string, items: readonly unknown[]): string | undefined {
  return mergeKeys[field]?.find((key) => items.every((item) => isFields(item) && item[key] !== undefined))
}

function mergeByKey(key: string, target: readonly unknown[], patch: readonly unknown[]): unknown[] {
  const result = [...target]
  for (const item of patch) {
    if (!isFields(item)) continue
    const index = result.findIndex((one) => isFields(one) && sameJson(one[key], item[key]))
    const existing = result[index]
    if (item[directive] === 'delete') {
      if (index >= 0) result.splice(index, 1)
    } else if (isFields(existing)) result[index] = mergeFields(existing, item)
    else result.push(cleaned(item))
  }
  return result
}

/** A value that had no counterpart: its own directives take effect on nothing. */
function cleaned(value: unknown): unknown {
  return isFields(value) ? mergeFields({}, value) : value
}

function retained(target: Fields, keep: unknown): Fields {
  if (!Array.isArray(keep)) return { ...target }
  return Object.fromEntries(Object.entries(target).filter(([key]) => keep.includes(key)))
}

function dropValues(result: Fields, field: string, values: unknown): void {
  const existing = result[field]
  if (Array.isArray(existing) && Array.isArray(values)) {
    result[field] = existing.filter((item) => !values.some((value) => sameJson(item, value)))
  }
}

function reorder(result: Fields, field: string, order: unknown): void {
  const existing = result[field]
  if (!Array.isArray(existing) || !Array.isArray(order)) return
  const key = mergeKey(field, existing)
  const rank = (item: unknown) => order.findIndex((wanted) => sameIdentity(key, item, wanted))
  const places = existing.map((item) => (rank(item) < 0 ? Number.MAX_SAFE_INTEGER : rank(item)))
  const sorted = existing.map((item, index) => ({ item, place: places[index] ?? 0 }))
  result[field] = sorted.sort((a, b) => a.place - b.place).map(({ item }) => item)
}

function sameIdentity(key: string | undefined, item: unknown, wanted: unknown): boolean {
  if (key === undefined) return sameJson(item, wanted)
  return isFields(item) && isFields(wanted) && sameJson(item[key], wanted[key])
}

function without(fields: Fields, key: string): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => name !== key))
}
