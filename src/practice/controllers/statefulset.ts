import { readFields, readNumber, type Fields, type KubeObject } from '../state/objects.ts'
import { endPod, livePods, startPod, writeStatus } from './replicas.ts'
import { isReady, podOf, templateHash } from './workload.ts'
import type { World } from './world.ts'

/** Names the template a pod was made from (apps/v1 ControllerRevisionHashLabelKey). */
const revisionLabel = 'controller-revision-hash'

/** Stateful pods have fixed names: made by their ordinals, replaced one by one when the template changes. */
export function reconcileStatefulSet(world: World, set: KubeObject): void {
  const pods = livePods(world, set)
  const wanted = readNumber(set, 'spec.replicas', 1)
  const names = Array.from({ length: wanted }, (_, ordinal) => `${set.metadata.name}-${ordinal}`)
  for (const pod of pods.filter((one) => !names.includes(one.metadata.name))) endPod(world, set, pod)
  const stale = pods.filter((pod) => names.includes(pod.metadata.name) && !isCurrent(set, pod))
  const last = stale.at(-1)
  if (last !== undefined && pods.every(isReady)) endPod(world, set, last)
  const missing = names.filter((name) => world.store.get('/pods', set.metadata.namespace, name) === undefined)
  for (const name of missing) startPod(world, set, revisedPod(set, world.now(), name))
  writeStatus(world, 'apps/statefulsets', set, statefulStatus)
}

const hashOf = (set: KubeObject) => templateHash(readFields(set, 'spec.template'))

export function isCurrent(set: KubeObject, pod: KubeObject): boolean {
  return pod.metadata.labels?.[revisionLabel] === hashOf(set)
}

/** A pod of the owner's present template that carries the template's hash. */
export function revisedPod(set: KubeObject, now: Date, name?: string): KubeObject {
  const pod = podOf(set, now, name)
  return { ...pod, metadata: { ...pod.metadata, labels: { ...pod.metadata.labels, [revisionLabel]: hashOf(set) } } }
}

/** apps/v1 StatefulSetStatus. */
export function statefulStatus(set: KubeObject, pods: readonly KubeObject[]): Fields {
  const ready = pods.filter(isReady).length
  const updated = pods.filter((pod) => isCurrent(set, pod)).length
  const revision = `${set.metadata.name}-${hashOf(set)}`
  return {
    observedGeneration: set.metadata.generation ?? 1,
    replicas: pods.length,
    readyReplicas: ready,
    availableReplicas: ready,
    currentReplicas: pods.length,
    updatedReplicas: updated,
    currentRevision: updated === pods.length ? revision : `${set.metadata.name}-previous`,
    updateRevision: revision,
    collisionCount: 0,
  }
}
