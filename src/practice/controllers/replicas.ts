import { beginRemoval } from '../lifecycle.ts'
import { readNumber, type Fields, type KubeObject } from '../objects.ts'
import { isDone, isReady, podOf } from './workload.ts'
import { children, putChanged, tell, type World } from './world.ts'

const live = (pod: KubeObject) => pod.metadata.deletionTimestamp === undefined && !isDone(pod)

/** Makes and removes pods until a replica set has the number it wants. */
export function reconcileReplicaSet(world: World, set: KubeObject): void {
  const pods = children(world, '/pods', set).filter(live)
  const wanted = readNumber(set, 'spec.replicas', 1)
  for (const pod of pods.slice(wanted)) end(world, set, pod)
  for (let index = pods.length; index < wanted; index += 1) start(world, set, podOf(set, world.now()))
  writeStatus(world, 'apps/replicasets', set, replicaStatus)
}

/** Stateful pods have fixed names: made and removed one by one by their ordinals. */
export function reconcileStatefulSet(world: World, set: KubeObject): void {
  const pods = children(world, '/pods', set).filter(live)
  const wanted = readNumber(set, 'spec.replicas', 1)
  const names = Array.from({ length: wanted }, (_, ordinal) => `${set.metadata.name}-${ordinal}`)
  for (const pod of pods.filter((one) => !names.includes(one.metadata.name))) end(world, set, pod)
  const missing = names.filter((name) => world.store.get('/pods', set.metadata.namespace, name) === undefined)
  for (const name of missing) start(world, set, podOf(set, world.now(), name))
  writeStatus(world, 'apps/statefulsets', set, statefulStatus)
}

function start(world: World, owner: KubeObject, pod: KubeObject): void {
  world.store.put('/pods', pod)
  const message = `Created pod: ${pod.metadata.name}`
  tell(world, owner, { type: 'Normal', reason: 'SuccessfulCreate', message, component: component(owner) })
}

function end(world: World, owner: KubeObject, pod: KubeObject): void {
  beginRemoval(world.store, '/pods', pod, world.now())
  const message = `Deleted pod: ${pod.metadata.name}`
  tell(world, owner, { type: 'Normal', reason: 'SuccessfulDelete', message, component: component(owner) })
}

const component = ({ kind }: KubeObject) => `${kind.toLowerCase()}-controller`

type StatusOf = (object: KubeObject, pods: readonly KubeObject[]) => Fields

function writeStatus(world: World, key: string, object: KubeObject, statusOf: StatusOf): void {
  const { namespace, name } = object.metadata
  const fresh = world.store.get(key, namespace, name)
  if (fresh !== undefined)
    putChanged(world, key, { ...fresh, status: statusOf(fresh, children(world, '/pods', fresh).filter(live)) })
}

/** apps/v1 ReplicaSetStatus. */
export function replicaStatus(set: KubeObject, pods: readonly KubeObject[]): Fields {
  const ready = pods.filter(isReady).length
  const observedGeneration = set.metadata.generation ?? 1
  return {
    observedGeneration,
    replicas: pods.length,
    fullyLabeledReplicas: pods.length,
    readyReplicas: ready,
    availableReplicas: ready,
  }
}

/** apps/v1 StatefulSetStatus. */
export function statefulStatus(set: KubeObject, pods: readonly KubeObject[]): Fields {
  const ready = pods.filter(isReady).length
  const replicas = pods.length
  const revision = `${set.metadata.name}-1`
  return {
    observedGeneration: set.metadata.generation ?? 1,
    replicas,
    readyReplicas: ready,
    availableReplicas: ready,
    currentReplicas: replicas,
    updatedReplicas: replicas,
    currentRevision: revision,
    updateRevision: revision,
    collisionCount: 0,
  }
}
