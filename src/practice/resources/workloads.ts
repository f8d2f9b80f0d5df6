import type { Cause } from '../failure.ts'
import { read, readFields, readNumber, readText, sameJson, type KubeObject } from '../state/objects.ts'
import { age, column, containers, images, integer, labelText, name, selector } from './columns.ts'
import { completeTemplate, required, validateCount, validatePodSpec, wrong } from './podspec.ts'
import { resource, scaleSubresource, statusSubresource } from './resource.ts'

const count = (path: string) => (object: KubeObject) => readNumber(object, path)

function validateWorkload(object: KubeObject, old?: KubeObject): Cause[] {
  const matchLabels = readFields(object, 'spec.selector.matchLabels')
  const labels = readFields(object, 'spec.template.metadata.labels')
  const selected = Object.keys(matchLabels).every((key) => matchLabels[key] === labels[key])
  return [
    ...(read(object, 'spec.selector') === undefined ? [required('spec.selector')] : []),
    ...(selected
      ? []
      : [wrong('spec.template.metadata.labels', labels, '`selector` does not match template `labels`')]),
    ...(old !== undefined && !sameJson(read(old, 'spec.selector'), read(object, 'spec.selector'))
      ? [wrong('spec.selector', read(object, 'spec.selector'), 'field is immutable')]
      : []),
    ...validateCount(object, 'spec.replicas'),
    ...validatePodSpec(readFields(object, 'spec.template.spec'), 'spec.template.spec'),
  ]
}

function completeWith(defaults: Record<string, unknown>): (object: KubeObject) => KubeObject {
  return (object) => ({
    ...object,
    spec: {
      ...structuredClone(defaults),
      ...readFields(object, 'spec'),
      template: completeTemplate(readFields(object, 'spec.template')),
    },
    status: object['status'] ?? {},
  })
}

const workload = {
  group: 'apps',
  categories: ['all'],
  generations: true,
  validate: validateWorkload,
} as const

export const deployments = resource({
  ...workload,
  plural: 'deployments',
  kind: 'Deployment',
  shortNames: ['deploy'],
  subresources: [statusSubresource, scaleSubresource],
  columns: [
    name,
    column('Ready', (one) => `${readNumber(one, 'status.readyReplicas')}/${readNumber(one, 'spec.replicas')}`),
    integer('Up-to-date', count('status.updatedReplicas')),
    integer('Available', count('status.availableReplicas')),
    age,
    containers,
    images,
    selector,
  ],
  complete: completeWith({
    progressDeadlineSeconds: 600,
    replicas: 1,
    revisionHistoryLimit: 10,
    strategy: { rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' }, type: 'RollingUpdate' },
  }),
})

export const replicaSets = resource({
  ...workload,
  plural: 'replicasets',
  kind: 'ReplicaSet',
  shortNames: ['rs'],
  subresources: [statusSubresource, scaleSubresource],
  columns: [
    name,
    integer('Desired', count('spec.replicas')),
    integer('Current', count('status.replicas')),
    integer('Ready', count('status.readyReplicas')),
    age,
    containers,
    images,
    selector,
  ],
  complete: completeWith({ replicas: 1 }),
})

export const statefulSets = resource({
  ...workload,
  plural: 'statefulsets',
  kind: 'StatefulSet',
  shortNames: ['sts'],
  subresources: [statusSubresource, scaleSubresource],
  columns: [
    name,
    column('Ready', (one) => `${readNumber(one, 'status.readyReplicas')}/${readNumber(one, 'spec.replicas')}`),
    age,
    containers,
    images,
  ],
  complete: completeWith({
    podManagementPolicy: 'OrderedReady',
    replicas: 1,
    revisionHistoryLimit: 10,
    updateStrategy: { rollingUpdate: { partition: 0 }, type: 'RollingUpdate' },
  }),
})

export const daemonSets = resource({
  ...workload,
  plural: 'daemonsets',
  kind: 'DaemonSet',
  shortNames: ['ds'],
  subresources: [statusSubresource],
  columns: [
    name,
    integer('Desired', count('status.desiredNumberScheduled')),
    integer('Current', count('status.currentNumberScheduled')),
    integer('Ready', count('status.numberReady')),
    integer('Up-to-date', count('status.updatedNumberScheduled')),
    integer('Available', count('status.numberAvailable')),
    column('Node Selector', (one) => labelText(readFields(one, 'spec.template.spec.nodeSelector'))),
    age,
    containers,
    images,
    selector,
  ],
  complete: completeWith({
    revisionHistoryLimit: 10,
    updateStrategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: 1 }, type: 'RollingUpdate' },
  }),
})

/** The number of replicas a scale answer shows, from the workload's status. */
export function currentReplicas(object: KubeObject): number {
  return Number(readText(object, 'status.replicas') || '0')
}
