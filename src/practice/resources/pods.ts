import {
  isFields,
  read,
  readFields,
  readList,
  readNumber,
  readText,
  type Fields,
  type KubeObject,
} from '../state/objects.ts'
import { age, column, humanDuration, name, orNone, wide } from './columns.ts'
import { completePodSpec, validatePodSpec } from './podspec.ts'
import { resource, statusSubresource } from './resource.ts'

/** What the STATUS column says: the most telling of deletion, container states and phase. */
function podStatus(pod: KubeObject): string {
  const reasons = readList(pod, 'status.containerStatuses').map(
    (status) =>
      readText(status, 'state.waiting.reason') || (ready(status) ? '' : readText(status, 'state.terminated.reason')),
  )
  const reason =
    reasons.find((text) => text !== '') ?? (readText(pod, 'status.reason') || readText(pod, 'status.phase'))
  return pod.metadata.deletionTimestamp === undefined ? orUnknown(reason) : 'Terminating'
}

const orUnknown = (text: string) => (text === '' ? 'Unknown' : text)

const ready = (status: Fields) => read(status, 'ready') === true

function readiness(pod: KubeObject): string {
  const statuses = readList(pod, 'status.containerStatuses')
  return `${statuses.filter(ready).length}/${readList(pod, 'spec.containers').length}`
}

function restarts(pod: KubeObject, now: Date): string {
  const statuses = readList(pod, 'status.containerStatuses')
  const count = statuses.reduce((sum, status) => sum + readNumber(status, 'restartCount'), 0)
  const last = Math.max(
    ...statuses.map((status) => Date.parse(readText(status, 'lastState.terminated.finishedAt')) || 0),
  )
  return count === 0 || last <= 0 ? String(count) : `${count} (${humanDuration(now.getTime() - last)} ago)`
}

export const pods = resource({
  plural: 'pods',
  kind: 'Pod',
  shortNames: ['po'],
  categories: ['all'],
  generations: true,
  subresources: [
    { name: 'ephemeralcontainers', verbs: ['get', 'patch', 'update'] },
    statusSubresource,
    { name: 'log', verbs: ['get'] },
    { name: 'eviction', verbs: ['create'], kind: { group: 'policy', version: 'v1', kind: 'Eviction' } },
    { name: 'exec', verbs: ['create', 'get'], kind: { group: '', version: 'v1', kind: 'PodExecOptions' } },
    { name: 'attach', verbs: ['create', 'get'], kind: { group: '', version: 'v1', kind: 'PodAttachOptions' } },
    {
      name: 'portforward',
      verbs: ['create', 'get'],
      kind: { group: '', version: 'v1', kind: 'PodPortForwardOptions' },
    },
  ],
  columns: [
    name,
    column('Ready', readiness, 0, 'The aggregate readiness state of this pod for accepting traffic.'),
    column('Status', podStatus, 0, 'The aggregate status of the containers in this pod.'),
    column('Restarts', restarts, 0, 'The number of times the containers in this pod have been restarted.'),
    age,
    wide('IP', (pod) => orNone(readText(pod, 'status.podIP'))),
    wide('Node', (pod) => orNone(readText(pod, 'spec.nodeName'))),
    wide('Nominated Node', (pod) => orNone(readText(pod, 'status.nominatedNodeName'))),
    wide('Readiness Gates', () => '<none>'),
  ],
  fields: {
    'spec.nodeName': (pod) => readText(pod, 'spec.nodeName'),
    'spec.restartPolicy': (pod) => readText(pod, 'spec.restartPolicy'),
    'spec.schedulerName': (pod) => readText(pod, 'spec.schedulerName'),
    'spec.serviceAccountName': (pod) => readText(pod, 'spec.serviceAccountName'),
    'status.phase': (pod) => readText(pod, 'status.phase'),
    'status.podIP': (pod) => readText(pod, 'status.podIP'),
  },
  complete: (pod) => ({
    ...pod,
    spec: completePodSpec(readFields(pod, 'spec')),
    status: isFields(pod['status']) ? pod['status'] : { phase: 'Pending', qosClass: 'BestEffort' },
  }),
  validate: (pod) => validatePodSpec(readFields(pod, 'spec'), 'spec'),
})
