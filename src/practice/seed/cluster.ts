import type { Fields } from '../state/objects.ts'
import { configMaps, serviceAccounts } from '../resources/configuration.ts'
import { leases, namespaces, nodes, persistentVolumeClaims, persistentVolumes } from '../resources/cluster.ts'
import type { Planter } from './planter.ts'

const note = 'This is a practice cluster: nothing here is real and nothing is kept.'

const namespaceAges: Readonly<Record<string, number>> = {
  default: 212,
  'kube-node-lease': 212,
  'kube-system': 212,
  'shop-production': 203,
  'shop-staging': 203,
  data: 203,
  monitoring: 180,
}

/** Namespaces, nodes, volumes and what says that this is a practice cluster. */
export function seedCluster(planter: Planter): void {
  for (const [name, days] of Object.entries(namespaceAges)) seedNamespace(planter, name, days)
  seedNode(planter, 'tea-control-1', '10.20.0.10', ['control-plane'], 212)
  seedNode(planter, 'tea-worker-1', '10.20.0.11', [], 212)
  seedNode(planter, 'tea-worker-2', '10.20.0.12', [], 96)
  const info = { name: 'cluster-info', namespace: 'kube-system', days: 212, labels: { 'chaperone/practice': 'true' } }
  planter.plant(configMaps, info, { data: { company: 'Brightwater Tea', note } })
  seedVolume(planter, 'postgres-0', 'data', 'data-postgres-0', '50Gi', 203)
  seedVolume(planter, 'prometheus-0', 'monitoring', 'prometheus-data', '20Gi', 180)
}

function seedNamespace(planter: Planter, name: string, days: number): void {
  const stage = name.startsWith('shop-') ? { stage: name.slice('shop-'.length) } : {}
  const labels = { 'chaperone/practice': 'true', ...stage }
  planter.plant(namespaces, { name, days, labels, annotations: { 'chaperone/note': note } }, {})
  planter.plant(serviceAccounts, { name: 'default', namespace: name, days }, {})
  const certificate = { 'ca.crt': 'The practice cluster makes a new certificate authority at every start.\n' }
  planter.plant(configMaps, { name: 'kube-root-ca.crt', namespace: name, days }, { data: certificate })
}

const quantities = { cpu: '4', memory: '16374344Ki', pods: '110', 'ephemeral-storage': '101430960Ki' }

function seedNode(planter: Planter, name: string, address: string, roles: readonly string[], days: number): void {
  seedLease(planter, name, days)
  const labels = {
    'kubernetes.io/hostname': name,
    'kubernetes.io/os': 'linux',
    'kubernetes.io/arch': 'amd64',
    'topology.kubernetes.io/zone': name.endsWith('2') ? 'zone-b' : 'zone-a',
    ...Object.fromEntries(roles.map((role) => [`node-role.kubernetes.io/${role}`, ''])),
  }
  const taints =
    roles.length === 0 ? {} : { taints: [{ key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' }] }
  const condition = (type: string, status: string, reason: string, message: string): Fields => ({
    type,
    status,
    reason,
    message,
    lastHeartbeatTime: planter.now.toISOString().replace(/\.\d+/, ''),
    lastTransitionTime: planter.ago(days).toISOString().replace(/\.\d+/, ''),
  })
  planter.plant(
    nodes,
    { name, days, labels },
    {
      spec: { podCIDR: `10.244.${address.slice(-1)}.0/24`, ...taints },
      status: {
        addresses: [
          { type: 'InternalIP', address },
          { type: 'Hostname', address: name },
        ],
        allocatable: quantities,
        capacity: quantities,
        conditions: [
          condition('MemoryPressure', 'False', 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available'),
          condition('DiskPressure', 'False', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'),
          condition('PIDPressure', 'False', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'),
          condition('Ready', 'True', 'KubeletReady', 'kubelet is posting ready status'),
        ],
        nodeInfo: {
          machineID: name,
          systemUUID: name,
          bootID: name,
          architecture: 'amd64',
          operatingSystem: 'linux',
          osImage: 'Debian GNU/Linux 13 (trixie)',
          kernelVersion: '6.12.41-amd64',
          containerRuntimeVersion: 'containerd://2.1.4',
          kubeletVersion: 'v1.32.4',
          kubeProxyVersion: 'v1.32.4',
        },
      },
    },
  )
}

function seedLease(planter: Planter, name: string, days: number): void {
  const renewTime = planter.now.toISOString().replace('Z', '000Z')
  const spec = { holderIdentity: name, leaseDurationSeconds: 40, renewTime }
  planter.plant(leases, { name, namespace: 'kube-node-lease', days }, { spec })
}

function seedVolume(
  planter: Planter,
  name: string,
  namespace: string,
  claim: string,
  storage: string,
  days: number,
): void {
  const common = { accessModes: ['ReadWriteOnce'], storageClassName: 'fast-ssd', volumeMode: 'Filesystem' }
  const bound = planter.plant(
    persistentVolumeClaims,
    { name: claim, namespace, days },
    {
      spec: { ...common, resources: { requests: { storage } }, volumeName: `pv-${name}` },
      status: { phase: 'Bound', accessModes: common.accessModes, capacity: { storage } },
    },
  )
  planter.plant(
    persistentVolumes,
    { name: `pv-${name}`, days },
    {
      spec: {
        ...common,
        capacity: { storage },
        claimRef: { kind: 'PersistentVolumeClaim', apiVersion: 'v1', namespace, name: claim, uid: bound.metadata.uid },
        persistentVolumeReclaimPolicy: 'Retain',
        csi: { driver: 'disk.csi.brightwater.example', volumeHandle: `vol-${name}` },
      },
      status: { phase: 'Bound' },
    },
  )
}
