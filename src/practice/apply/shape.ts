import type { Schema } from '../schema/schema.ts'
import { isFields, type Fields } from '../state/objects.ts'

/** How a list is joined: as one value, as a set of values, or by the keys of its items. */
export type ListShape =
  { readonly kind: 'atomic' } | { readonly kind: 'set' } | { readonly kind: 'map'; readonly keys: readonly string[] }

const atomic: ListShape = { kind: 'atomic' }
const set: ListShape = { kind: 'set' }
const by = (...keys: string[]): ListShape => ({ kind: 'map', keys })

/** Lists of built-in kinds that are no single value, by the name of their field (x-kubernetes-list-map-keys of k8s.io/api). */
const lists: Readonly<Record<string, readonly ListShape[]>> = {
  conditions: [by('type')],
  containers: [by('name')],
  ephemeralContainers: [by('name')],
  env: [by('name')],
  finalizers: [set],
  hostAliases: [by('ip')],
  imagePullSecrets: [by('name')],
  initContainers: [by('name')],
  ownerReferences: [by('uid')],
  podCIDRs: [set],
  ports: [by('containerPort', 'protocol'), by('port', 'protocol')],
  resourceClaims: [by('name')],
  secrets: [by('name')],
  topologySpreadConstraints: [by('topologyKey', 'whenUnsatisfiable')],
  volumeDevices: [by('devicePath')],
  volumeMounts: [by('mountPath')],
  volumes: [by('name')],
  addresses: [by('type')],
  taints: [atomic],
}

/** Objects of built-in kinds that have one owner as a whole (x-kubernetes-map-type: atomic), by the name of their field. */
const atomicMaps: ReadonlySet<string> = new Set([
  ...['configMapKeyRef', 'secretKeyRef', 'fieldRef', 'resourceFieldRef', 'fileKeyRef', 'nodeSelector', 'selector'],
  ...['labelSelector', 'namespaceSelector', 'podSelector', 'roleRef', 'scaleTargetRef', 'claimRef', 'involvedObject'],
  ...[
    'targetRef',
    'secretRef',
    'localObjectReference',
    'objectReference',
    'requiredDuringSchedulingIgnoredDuringExecution',
  ],
])

/** What a key is when an item leaves it out. */
const keyDefaults: Fields = { protocol: 'TCP' }

/** The shape of a list in a field of this name; with a schema its own word counts. */
export function listShape(name: string, items: readonly unknown[], schema?: Schema): ListShape {
  if (schema !== undefined) {
    if (schema.type !== 'array') return atomic
    if (schema.listType === 'set') return set
    return schema.listType === 'map' ? by(...(schema.mapKeys ?? [])) : atomic
  }
  const candidates = Object.hasOwn(lists, name) ? (lists[name] ?? []) : []
  return (
    candidates.find(
      (shape) => shape.kind !== 'map' || items.every((item) => isFields(item) && hasKeys(item, shape.keys)),
    ) ?? atomic
  )
}

const hasKeys = (item: Fields, keys: readonly string[]) =>
  keys.every((key) => item[key] !== undefined || key in keyDefaults)

export function isAtomicMap(name: string, schema?: Schema): boolean {
  if (schema !== undefined) return schema.type !== 'object' || schema.mapType === 'atomic'
  return atomicMaps.has(name)
}

/** The keys of an item, in their order by name. */
export function keysOf(item: unknown, keys: readonly string[]): Fields {
  const fields = isFields(item) ? item : {}
  return Object.fromEntries([...keys].sort().map((key) => [key, fields[key] ?? keyDefaults[key] ?? null]))
}

/** The schema of a field, when there is one. */
export function fieldSchema(schema: Schema | undefined, name: string): Schema | undefined {
  if (schema?.type !== 'object') return undefined
  if (Object.hasOwn(schema.properties, name)) return schema.properties[name]
  return schema.additional === true || schema.additional === undefined ? undefined : schema.additional
}

export function itemSchema(schema: Schema | undefined): Schema | undefined {
  return schema?.type === 'array' ? schema.items : undefined
}
