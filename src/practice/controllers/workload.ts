import { createHash, randomUUID } from 'node:crypto'
import { nameSuffix } from '../state/names.ts'
import {
  controllerReference,
  isFields,
  readFields,
  readList,
  readText,
  timestamp,
  type Fields,
  type KubeObject,
} from '../state/objects.ts'
import { pods } from '../resources/pods.ts'
import { replicaSets } from '../resources/workloads.ts'

export const hashLabel = 'pod-template-hash'
export const revisionAnnotation = 'deployment.kubernetes.io/revision'

const hashLetters = 'bcdfghjklmnpqrstvwxz2456789'

/** A short hash of a pod template in the letters of generated names; the same template has the same hash. */
export function templateHash(template: Fields): string {
  const bytes = createHash('sha256').update(canonical(template)).digest()
  return Array.from(bytes.subarray(0, 10), (byte) => hashLetters[byte % hashLetters.length]).join('')
}

/** JSON with members in the order of their names. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    isFields(member) ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1))) : member,
  )
}

/** A fresh object of a kind below an owner. */
function owned(owner: KubeObject, name: string, now: Date) {
  return {
    name,
    namespace: owner.metadata.namespace ?? '',
    uid: randomUUID(),
    resourceVersion: '',
    creationTimestamp: timestamp(now),
    generation: 1,
    ownerReferences: [controllerReference(owner)],
  }
}

/** The replica set of a deployment's present template. */
export function replicaSetOf(deployment: KubeObject, replicas: number, revision: number, now: Date): KubeObject {
  const template = readFields(deployment, 'spec.template')
  const hash = templateHash(template)
  const labels = { ...(readFields(template, 'metadata.labels') as Record<string, string>), [hashLabel]: hash }
  const metadata = {
    ...owned(deployment, `${deployment.metadata.name}-${hash}`, now),
    labels,
    annotations: { [revisionAnnotation]: String(revision) },
  }
  const matchLabels = { ...readFields(deployment, 'spec.selector.matchLabels'), [hashLabel]: hash }
  const spec = {
    replicas,
    selector: { matchLabels },
    template: { ...template, metadata: { ...readFields(template, 'metadata'), labels } },
  }
  return replicaSets.complete({ apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata, spec }, now)
}

/** A pending pod made from the template of its owner. */
export function podOf(owner: KubeObject, now: Date, name = `${owner.metadata.name}-${nameSuffix(5)}`): KubeObject {
  const template = readFields(owner, 'spec.template')
  const { labels, annotations } = readFields(template, 'metadata')
  const metadata = {
    ...owned(owner, name, now),
    ...(labels === undefined ? {} : { labels: labels as Record<string, string> }),
    ...(annotations === undefined ? {} : { annotations: annotations as Record<string, string> }),
  }
  return pods.complete({ apiVersion: 'v1', kind: 'Pod', metadata, spec: readFields(template, 'spec') }, now)
}

/** True when a pod counts as available. */
export function isReady(pod: KubeObject): boolean {
  return readList(pod, 'status.conditions').some((one) => one['type'] === 'Ready' && one['status'] === 'True')
}

export function isDone(pod: KubeObject): boolean {
  return ['Succeeded', 'Failed'].includes(readText(pod, 'status.phase'))
}
