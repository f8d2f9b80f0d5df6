import { beginRemoval } from '../state/lifecycle.ts'
import { readNumber, type Fields, type KubeObject } from '../state/objects.ts'
import { isDone, isReady, podOf } from './workload.ts'
import { children, putChanged, tell, type World } from './world.ts'

/** Makes and removes pods until a replica set has the number it wants. */
export function reconcileReplicaSet(world: World, set: KubeObject): void {
  const pods = livePods(world, set)
  const wanted = readNumber(set, 'spec.replicas', 1)
  for (const pod of pods.slice(wanted)) endPod(world, set, pod)
  for (let index = pods.length; index < wanted; index += 1) startPod(world, set, podOf(set, world.now()))
  writeStatus(world, 'apps/replicasets', set, replicaStatus)
}

/** The pods of an owner that are neither done nor on their way out. */
export function livePods(world: World, owner: KubeObject): KubeObject[] {
  return children(world, '/pods', owner).filter((pod) => pod.metadata.deletionTimestamp === undefined && !isDone(pod))
}

export function startPod(world: World, owner: KubeObject, pod: KubeObject): void {
  world.store.put('/pods', pod)
  say(world, owner, 'SuccessfulCreate', `Created pod: ${pod.metadata.name}`)
}

export function endPod(world: World, owner: KubeObject, pod: KubeObject): void {
  beginRemoval(world.store, '/pods', pod, world.now())
  say(world, owner, 'SuccessfulDelete', `Deleted pod: ${pod.metadata.name}`)
}

function say(world: World, owner: KubeObject, reason: string, message: string): void {
  tell(world, owner, { type: 'Normal', reason, message, component: `${owner.kind.toLowerCase()}-controller` })
}

type StatusOf = (object: KubeObject, pods: readonly KubeObject[]) => Fields

/** Writes the status of a workload from its pods, if it still exists. */
export function writeStatus(world: World, key: string, object: KubeObject, statusOf: StatusOf): void {
  const { namespace, name } = object.metadata
  const fresh = world.store.get(key, namespace, name)
  if (fresh !== undefined) putChanged(world, key, { ...fresh, status: statusOf(fresh, livePods(world, fresh)) })
}

/** apps/v1 ReplicaSetStatus. */
export function replicaStatus(set: KubeObject, pods: readonly KubeObject[]): Fields {
  const ready = pods.filter(isReady).length
  return {
    observedGeneration: set.metadata.generation ?? 1,
    replicas: pods.length,
    fullyLabeledReplicas: pods.length,
    readyReplicas: ready,
    availableReplicas: ready,
  }
}
