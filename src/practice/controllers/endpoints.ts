import {
  controllerReference,
  readFields,
  readList,
  readText,
  timestamp,
  type Fields,
  type KubeObject,
} from '../state/objects.ts'
import { isReady } from './workload.ts'
import { putChanged, type State } from './world.ts'

/** Writes the Endpoints and the EndpointSlice of a service from the pods that its selector finds. */
export function reconcileService(world: State, service: KubeObject): void {
  const selector = readFields(service, 'spec.selector')
  if (Object.keys(selector).length === 0) return
  const pods = world.store.list('/pods', service.metadata.namespace).filter((pod) => selects(selector, pod))
  const { subsets, endpoints, ports } = membersOf(service, pods)
  write(world, '/endpoints', service, { apiVersion: 'v1', kind: 'Endpoints', subsets })
  write(world, 'discovery.k8s.io/endpointslices', service, {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    addressType: 'IPv4',
    endpoints,
    ports,
  })
}

function selects(selector: Fields, { metadata }: KubeObject): boolean {
  return Object.keys(selector).every((key) => metadata.labels?.[key] === selector[key])
}

function membersOf(service: KubeObject, pods: readonly KubeObject[]) {
  const ports = readList(service, 'spec.ports').map(({ name, targetPort, port, protocol = 'TCP' }) => ({
    ...(name === undefined ? {} : { name }),
    port: typeof targetPort === 'number' ? targetPort : port,
    protocol,
  }))
  const placed = pods.filter(
    (pod) => readText(pod, 'status.podIP') !== '' && pod.metadata.deletionTimestamp === undefined,
  )
  const targetRef = ({ metadata: { name, namespace, uid } }: KubeObject) => ({ kind: 'Pod', namespace, name, uid })
  const address = (pod: KubeObject) => ({
    ip: readText(pod, 'status.podIP'),
    nodeName: readText(pod, 'spec.nodeName'),
    targetRef: targetRef(pod),
  })
  const addresses = placed.filter(isReady).map(address)
  const notReadyAddresses = placed.filter((pod) => !isReady(pod)).map(address)
  const subset = {
    ...(addresses.length === 0 ? {} : { addresses }),
    ...(notReadyAddresses.length === 0 ? {} : { notReadyAddresses }),
    ports,
  }
  const endpoints = placed.map((pod) => ({
    addresses: [readText(pod, 'status.podIP')],
    conditions: { ready: isReady(pod), serving: isReady(pod), terminating: false },
    nodeName: readText(pod, 'spec.nodeName'),
    targetRef: targetRef(pod),
  }))
  return { subsets: placed.length === 0 ? [] : [subset], endpoints, ports }
}

function write(
  world: State,
  key: string,
  service: KubeObject,
  fields: Fields & Pick<KubeObject, 'apiVersion' | 'kind'>,
): void {
  const { namespace = '', name, creationTimestamp } = service.metadata
  const own = fields.kind === 'Endpoints' ? name : `${name}-slice`
  const metadata = {
    name: own,
    namespace,
    uid: '',
    resourceVersion: '',
    creationTimestamp: creationTimestamp || timestamp(world.now()),
    labels: { 'kubernetes.io/service-name': name },
    ownerReferences: [controllerReference(service)],
  }
  const before = world.store.get(key, namespace, own)
  putChanged(world, key, { ...fields, metadata: before?.metadata ?? metadata })
}
