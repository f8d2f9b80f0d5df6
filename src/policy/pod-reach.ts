/** What CEL knows of JSON: objects are maps, whole numbers are bigint. */
type CelValue = unknown

const always = () => true
const switchedOn = (value: CelValue) => value !== false
const anotherAccount = (value: CelValue) => value !== '' && value !== 'default'
const anotherProcMount = (value: CelValue) => value !== '' && value !== 'Default'
const takesPort = (value: CelValue) => value !== 0n && value !== 0
/** NET_BIND_SERVICE is the one capability that the restricted Pod Security Standard lets a pod add. */
const wideCapabilities = (value: CelValue) => !Array.isArray(value) || value.some((one) => one !== 'NET_BIND_SERVICE')

/** Volumes that a pod mounts straight from a server or a disk, past the claims that guard them. */
const directVolumes = [
  ...['awsElasticBlockStore', 'azureDisk', 'azureFile', 'cephfs', 'cinder', 'fc', 'flocker', 'gcePersistentDisk'],
  ...['glusterfs', 'iscsi', 'nfs', 'photonPersistentDisk', 'portworxVolume', 'quobyte', 'rbd', 'scaleIO', 'storageos'],
  'vsphereVolume',
]

/**
 * Fields of a PodSpec (k8s.io/api core/v1) by which a pod gets at secrets, another identity or its node, each with the
 * values that do so.
 */
const reaching: ReadonlyMap<string, (value: CelValue) => boolean> = new Map([
  ['secret', always],
  ['projected', always],
  ['csi', always],
  ['flexVolume', always],
  ['gitRepo', always],
  ['secretRef', always],
  ['secretKeyRef', always],
  ['hostPath', always],
  ...directVolumes.map((name) => [name, always] as const),
  ['nodeName', (value) => value !== ''],
  ['ephemeralContainers', always],
  ['hostPID', switchedOn],
  ['hostNetwork', switchedOn],
  ['hostIPC', switchedOn],
  ['hostProcess', switchedOn],
  ['hostPort', takesPort],
  ['procMount', anotherProcMount],
  ['privileged', switchedOn],
  ['capabilities', (value) => !(value instanceof Map) || (value.has('add') && wideCapabilities(value.get('add')))],
  ['serviceAccountName', anotherAccount],
  ['serviceAccount', anotherAccount],
])

/**
 * CEL function `reachesBeyondPod(object)`: true when a pod, anything with a pod template, or a patch of one names a
 * field of PodSpec that reads secrets, takes another identity or reaches the node. It looks at every depth and takes a
 * label of the same name for the field: a patch does not say where its parts will end. Null removes, and is harmless.
 */
export function reachesBeyondPod(object: CelValue): boolean {
  if (Array.isArray(object)) return object.some((one) => reachesBeyondPod(one) || operationReaches(one))
  if (!(object instanceof Map)) return false
  return object.entries().some(([key, value]) => fieldReaches(String(key), value) || reachesBeyondPod(value))
}

/** An operation of a JSON patch (RFC 6902) names fields in its pointers; what `copy` and `move` bring is not known. */
function operationReaches(operation: CelValue): boolean {
  if (!(operation instanceof Map)) return false
  const { op, path, from, value } = Object.fromEntries(operation) as Readonly<Record<string, CelValue>>
  if (typeof op !== 'string' || typeof path !== 'string' || op === 'remove' || op === 'test') return false
  const segments = path.split('/')
  const last = segments.pop() ?? ''
  const brought = op === 'add' || op === 'replace' ? value : undefined
  const sources = typeof from === 'string' ? from.split('/') : []
  return fieldReaches(last, brought) || [...segments, ...sources].some((segment) => fieldReaches(segment, undefined))
}

function fieldReaches(key: string, value: CelValue): boolean {
  return value !== null && (reaching.get(key)?.(value) ?? false)
}
