import { createHash } from 'node:crypto'
import { readList, readText, timestamp, type Fields, type KubeObject } from '../state/objects.ts'
import { age, column, name } from './columns.ts'
import { resource } from './resource.ts'

const group = 'metrics.k8s.io'
const version = 'v1beta1'
const verbs = ['get', 'list']

const usage = [
  column('cpu', (one) => readText(one, 'usage.cpu') || readText(readList(one, 'containers')[0], 'usage.cpu')),
  column('memory', (one) => readText(one, 'usage.memory') || readText(readList(one, 'containers')[0], 'usage.memory')),
]

/** A number that wanders slowly around a centre that is always the same for the same name. */
function wandering(what: string, from: number, to: number, now: Date): number {
  const centre = createHash('sha256').update(what).digest().readUInt32BE(0) / 2 ** 32
  const phase = Math.sin(now.getTime() / 60_000 + centre * 6)
  return Math.round(from + (to - from) * Math.min(1, Math.max(0, centre + 0.1 * phase)))
}

const measured = (what: string, most: { cpu: number; memory: number }, now: Date): Fields => ({
  cpu: `${wandering(`${what} cpu`, 1, most.cpu, now)}m`,
  memory: `${wandering(`${what} memory`, 8, most.memory, now)}Mi`,
})

const windowSeconds = 15

function metric(kind: string, { metadata }: KubeObject, now: Date): KubeObject {
  return {
    kind,
    apiVersion: `${group}/${version}`,
    metadata: { ...metadata, creationTimestamp: timestamp(now) },
    timestamp: timestamp(now),
    window: `${windowSeconds}.0s`,
  }
}

/** What the metrics API says of a node. */
function nodeMetric(node: KubeObject, now: Date): KubeObject {
  return { ...metric('NodeMetrics', node, now), usage: measured(node.metadata.uid, { cpu: 1800, memory: 6100 }, now) }
}

/** What the metrics API says of a pod, container by container. */
function podMetric(pod: KubeObject, now: Date): KubeObject {
  const containers = readList(pod, 'spec.containers').map((container) => ({
    name: readText(container, 'name'),
    usage: measured(`${pod.metadata.uid} ${readText(container, 'name')}`, { cpu: 90, memory: 240 }, now),
  }))
  return { ...metric('PodMetrics', pod, now), containers }
}

export const nodeMetrics = resource({
  ...{ group, version, verbs, plural: 'nodes', kind: 'NodeMetrics', singular: '', namespaced: false },
  columns: [name, ...usage, age],
  storedAs: '/nodes',
  conversion: { toServed: nodeMetric, toStored: (served) => served },
})

export const podMetrics = resource({
  ...{ group, version, verbs, plural: 'pods', kind: 'PodMetrics', singular: '' },
  columns: [name, ...usage, age],
  storedAs: '/pods',
  conversion: {
    toServed: podMetric,
    toStored: (served) => served,
    includes: (pod) => readText(pod, 'status.phase') === 'Running',
  },
})
