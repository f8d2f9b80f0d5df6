import { isFields, readFields, readList, readText, readTexts, type KubeObject } from '../state/objects.ts'
import { age, column, createdAt, labelText, name, orNone, wide } from './columns.ts'
import { resource, statusSubresource } from './resource.ts'

export const namespaces = resource({
  plural: 'namespaces',
  kind: 'Namespace',
  shortNames: ['ns'],
  namespaced: false,
  subresources: [statusSubresource, { name: 'finalize', verbs: ['update'] }],
  columns: [name, column('Status', (object) => readText(object, 'status.phase')), age],
  fields: { 'status.phase': (object) => readText(object, 'status.phase') },
  complete: (object) => ({
    ...object,
    metadata: {
      ...object.metadata,
      labels: { ...object.metadata.labels, 'kubernetes.io/metadata.name': object.metadata.name },
    },
    spec: { finalizers: ['kubernetes'], ...readFields(object, 'spec') },
    status: isFields(object['status']) ? object['status'] : { phase: 'Active' },
  }),
})

const rolePrefix = 'node-role.kubernetes.io/'

function nodeStatus(node: KubeObject): string {
  const ready = readList(node, 'status.conditions').find((condition) => condition['type'] === 'Ready')
  const word = ready === undefined ? 'Unknown' : ready['status'] === 'True' ? 'Ready' : 'NotReady'
  return readText(node, 'spec.unschedulable') === 'true' ? `${word},SchedulingDisabled` : word
}

const nodeAddress = (node: KubeObject, type: string) =>
  orNone(
    readList(node, 'status.addresses')
      .filter((address) => address['type'] === type)
      .map((address) => readText(address, 'address'))
      .join(','),
  )

export const nodes = resource({
  plural: 'nodes',
  kind: 'Node',
  shortNames: ['no'],
  namespaced: false,
  subresources: [statusSubresource],
  columns: [
    name,
    column('Status', nodeStatus),
    column('Roles', (node) => {
      const labels = Object.keys(node.metadata.labels ?? {}).filter((label) => label.startsWith(rolePrefix))
      return orNone(labels.map((label) => label.slice(rolePrefix.length)).join(','))
    }),
    age,
    column('Version', (node) => readText(node, 'status.nodeInfo.kubeletVersion')),
    wide('Internal-IP', (node) => nodeAddress(node, 'InternalIP')),
    wide('External-IP', (node) => nodeAddress(node, 'ExternalIP')),
    wide('OS-Image', (node) => readText(node, 'status.nodeInfo.osImage')),
    wide('Kernel-Version', (node) => readText(node, 'status.nodeInfo.kernelVersion')),
    wide('Container-Runtime', (node) => readText(node, 'status.nodeInfo.containerRuntimeVersion')),
  ],
  fields: { 'spec.unschedulable': (node) => readText(node, 'spec.unschedulable') },
})

const shortModes: Readonly<Record<string, string>> = {
  ReadWriteOnce: 'RWO',
  ReadOnlyMany: 'ROX',
  ReadWriteMany: 'RWX',
  ReadWriteOncePod: 'RWOP',
}

const accessModes = (object: KubeObject) =>
  readTexts(object, 'spec.accessModes')
    .map((mode) => shortModes[mode] ?? mode)
    .join(',')

export const persistentVolumes = resource({
  plural: 'persistentvolumes',
  kind: 'PersistentVolume',
  shortNames: ['pv'],
  namespaced: false,
  subresources: [statusSubresource],
  columns: [
    name,
    column('Capacity', (volume) => readText(volume, 'spec.capacity.storage')),
    column('Access Modes', accessModes),
    column('Reclaim Policy', (volume) => readText(volume, 'spec.persistentVolumeReclaimPolicy')),
    column('Status', (volume) => readText(volume, 'status.phase')),
    column('Claim', (volume) => {
      const claim = readText(volume, 'spec.claimRef.name')
      return claim === '' ? '' : `${readText(volume, 'spec.claimRef.namespace')}/${claim}`
    }),
    column('StorageClass', (volume) => readText(volume, 'spec.storageClassName')),
    column('VolumeAttributesClass', () => '<unset>'),
    column('Reason', (volume) => readText(volume, 'status.reason')),
    age,
    wide('VolumeMode', (volume) => readText(volume, 'spec.volumeMode') || 'Filesystem'),
  ],
  complete: (volume) => ({ status: { phase: 'Available' }, ...volume }),
})

export const persistentVolumeClaims = resource({
  plural: 'persistentvolumeclaims',
  kind: 'PersistentVolumeClaim',
  shortNames: ['pvc'],
  subresources: [statusSubresource],
  columns: [
    name,
    column('Status', (claim) => readText(claim, 'status.phase')),
    column('Volume', (claim) => readText(claim, 'spec.volumeName')),
    column('Capacity', (claim) => readText(claim, 'status.capacity.storage')),
    column('Access Modes', (claim) => (readText(claim, 'spec.volumeName') === '' ? '' : accessModes(claim))),
    column('StorageClass', (claim) => readText(claim, 'spec.storageClassName')),
    column('VolumeAttributesClass', () => '<unset>'),
    age,
    wide('VolumeMode', (claim) => readText(claim, 'spec.volumeMode') || 'Filesystem'),
  ],
  complete: (claim) => ({ status: { phase: 'Pending' }, ...claim }),
})

export const leases = resource({
  group: 'coordination.k8s.io',
  plural: 'leases',
  kind: 'Lease',
  columns: [name, column('Holder', (lease) => readText(lease, 'spec.holderIdentity')), age],
})

export const resourceQuotas = resource({
  plural: 'resourcequotas',
  kind: 'ResourceQuota',
  shortNames: ['quota'],
  subresources: [statusSubresource],
  columns: [
    name,
    column('Request', (quota) => labelText(readFields(quota, 'spec.hard'))),
    column('Limit', () => ''),
    age,
  ],
})

export const limitRanges = resource({
  plural: 'limitranges',
  kind: 'LimitRange',
  shortNames: ['limits'],
  columns: [name, createdAt],
})
