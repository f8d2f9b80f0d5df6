/** A JSON object whose members are looked at through the readers below. */
export type Fields = Record<string, unknown>

/** metav1.ObjectMeta, the part the practice cluster keeps (k8s.io/apimachinery pkg/apis/meta/v1/types.go). */
export interface Metadata {
  name: string
  generateName?: string
  namespace?: string
  uid: string
  resourceVersion: string
  generation?: number
  creationTimestamp: string
  deletionTimestamp?: string
  deletionGracePeriodSeconds?: number
  labels?: Record<string, string>
  annotations?: Record<string, string>
  ownerReferences?: OwnerReference[]
  finalizers?: string[]
  managedFields?: unknown[]
}

export interface OwnerReference {
  apiVersion: string
  kind: string
  name: string
  uid: string
  controller?: boolean
  blockOwnerDeletion?: boolean
}

/** One stored API object. Stored objects are never changed in place: a change is a new object. */
export interface KubeObject {
  apiVersion: string
  kind: string
  metadata: Metadata
  [field: string]: unknown
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The value below `path` (dotted member names), undefined where the way ends. */
export function read(root: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((value, key) => (isFields(value) ? value[key] : undefined), root)
}

export function readText(root: unknown, path: string): string {
  const value = read(root, path)
  return typeof value === 'string'
    ? value
    : typeof value === 'number' || typeof value === 'boolean'
      ? String(value)
      : ''
}

export function readNumber(root: unknown, path: string, otherwise = 0): number {
  const value = read(root, path)
  return typeof value === 'number' ? value : otherwise
}

export function readFields(root: unknown, path: string): Fields {
  const value = read(root, path)
  return isFields(value) ? value : {}
}

/** The objects of the list at `path`; members that are no objects are left out. */
export function readList(root: unknown, path: string): Fields[] {
  const value = read(root, path)
  return Array.isArray(value) ? value.filter(isFields) : []
}

export function readTexts(root: unknown, path: string): string[] {
  const value = read(root, path)
  return Array.isArray(value) ? value.map(String) : []
}

/** A copy of `root` with `value` at `path`; objects on the way are copied or made. */
export function withField<T extends Fields>(root: T, path: string, value: unknown): T {
  const [head = '', ...rest] = path.split('.')
  const child = isFields(root[head]) ? root[head] : {}
  return { ...root, [head]: rest.length === 0 ? value : withField(child, rest.join('.'), value) }
}

/** Structural equality of JSON values; the order of members does not matter. */
export function sameJson(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, index) => sameJson(item, b[index]))
  }
  if (!isFields(a) || !isFields(b)) return a === b
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && sameJson(a[key], b[key]))
}

/** RFC 3339 with whole seconds, as metav1.Time is written. */
export function timestamp(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`
}

export function controllerReference(owner: KubeObject): OwnerReference {
  const { apiVersion, kind, metadata } = owner
  return { apiVersion, kind, name: metadata.name, uid: metadata.uid, controller: true, blockOwnerDeletion: true }
}
