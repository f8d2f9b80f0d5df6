import { readFields, readText, type Fields, type KubeObject } from '../state/objects.ts'
import { endPod, livePods, startPod, writeStatus } from './replicas.ts'
import { isCurrent, revisedPod } from './statefulset.ts'
import { isReady } from './workload.ts'
import type { World } from './world.ts'

/** One pod on every node; those of an older template are replaced at once. Taints and selectors are not honoured. */
export function reconcileDaemonSet(world: World, set: KubeObject): void {
  const pods = livePods(world, set)
  for (const pod of pods.filter((one) => !isCurrent(set, one))) endPod(world, set, pod)
  const covered = new Set(pods.filter((pod) => isCurrent(set, pod)).map((pod) => readText(pod, 'spec.nodeName')))
  const nodes = world.store.list('/nodes').map((node) => node.metadata.name)
  for (const node of nodes.filter((name) => !covered.has(name))) startPod(world, set, podOn(set, node, world.now()))
  writeStatus(world, 'apps/daemonsets', set, (object, live) => daemonStatus(object, live, nodes.length))
}

/** A pod of the set that is bound to a node. */
export function podOn(set: KubeObject, nodeName: string, now: Date): KubeObject {
  const pod = revisedPod(set, now)
  return { ...pod, spec: { ...readFields(pod, 'spec'), nodeName } }
}

/** apps/v1 DaemonSetStatus. */
export function daemonStatus(set: KubeObject, pods: readonly KubeObject[], nodes: number): Fields {
  const ready = pods.filter(isReady).length
  return {
    observedGeneration: set.metadata.generation ?? 1,
    desiredNumberScheduled: nodes,
    currentNumberScheduled: pods.length,
    updatedNumberScheduled: pods.filter((pod) => isCurrent(set, pod)).length,
    numberReady: ready,
    numberAvailable: ready,
    numberMisscheduled: 0,
  }
}
