/** What CEL knows of JSON: objects are maps. */
type CelValue = unknown

const nodeFields: ReadonlySet<string> = new Set(['hostPath', 'nodeName', 'hostProcess', 'hostPort'])
const nodeSwitches: ReadonlySet<string> = new Set(['privileged', 'hostPID', 'hostNetwork', 'hostIPC'])
const accountFields: ReadonlySet<string> = new Set(['serviceAccountName', 'serviceAccount'])

/**
 * CEL function `reachesNode(object)`: a pod, a pod template or a patch of one names hostPath, a host namespace, a node or
 * privileged, at any depth. JSON patches (lists of operations) count where such a name stands in a pointer.
 */
export function reachesNode(object: CelValue): boolean {
  return names(object, (key, value) => nodeFields.has(key) || (nodeSwitches.has(key) && value !== false))
}

/** CEL function `takesIdentity(object)`: it names a service account other than the default one. */
export function takesIdentity(object: CelValue): boolean {
  return names(object, (key, value) => accountFields.has(key) && value !== '' && value !== 'default')
}

/** CEL function `bindsRole(object, name)`: a RoleBinding or ClusterRoleBinding, or a patch of one, names that role. */
export function bindsRole(object: CelValue, role: string): boolean {
  return names(object, (key, value) => key === 'roleRef' && refersTo(value, role))
}

/** A reference that a patch brings in parts, or that is no map, is taken to name the role. */
function refersTo(reference: CelValue, role: string): boolean {
  if (!(reference instanceof Map)) return true
  return !reference.has('name') || reference.get('name') === role
}

/** True when some key at any depth, with a value other than null, is named. What a JSON patch brings is taken to be it. */
function names(value: CelValue, isNamed: (key: string, value: CelValue) => boolean): boolean {
  if (Array.isArray(value)) return value.some((one) => names(one, isNamed) || pointerNames(one, isNamed))
  if (!(value instanceof Map)) return false
  return value
    .entries()
    .some(([key, member]) => (member !== null && isNamed(String(key), member)) || names(member, isNamed))
}

function pointerNames(operation: CelValue, isNamed: (key: string, value: CelValue) => boolean): boolean {
  if (!(operation instanceof Map)) return false
  const op: unknown = operation.get('op')
  const path: unknown = operation.get('path')
  if (typeof op !== 'string' || typeof path !== 'string' || op === 'remove' || op === 'test') return false
  const segments = path.split('/')
  const last = segments.pop() ?? ''
  const brought: CelValue = op === 'add' || op === 'replace' ? operation.get('value') : undefined
  const from: unknown = operation.get('from')
  const others = [...segments, ...(typeof from === 'string' ? from.split('/') : [])]
  return isNamed(last, brought) || others.some((segment) => isNamed(segment, undefined))
}
