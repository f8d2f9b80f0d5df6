import { isFields, readList, readText, type KubeObject } from '../objects.ts'
import type { Change, Store } from '../store.ts'
import { reconcileDeployment } from './deployment.ts'
import { reconcileJob } from './job.ts'
import { collect, empty, furnish } from './namespace.ts'
import { running, succeeded, unpullable } from './podstatus.ts'
import { reconcileReplicaSet, reconcileStatefulSet } from './replicas.ts'
import { Timers } from './timers.ts'
import { tell, type World } from './world.ts'

/** A container takes a moment to start: long enough to be seen by a watch, short enough not to be waited for. */
const startMs = 350

/** A pod takes a moment to stop, so that Terminating can be seen. */
const stopMs = 300

/** How long a job's container works. */
const jobMs = 900

type Reconcile = (world: World, object: KubeObject) => void

const reconcilers: Readonly<Record<string, Reconcile>> = {
  'apps/deployments': reconcileDeployment,
  'apps/replicasets': reconcileReplicaSet,
  'apps/statefulsets': reconcileStatefulSet,
  'batch/jobs': reconcileJob,
}

const ownerKeys: Readonly<Record<string, string>> = {
  Deployment: 'apps/deployments',
  ReplicaSet: 'apps/replicasets',
  StatefulSet: 'apps/statefulsets',
  Job: 'batch/jobs',
}

export interface Controllers {
  /** Stops every timer; the state stays as it is. */
  close(): void
}

/** Starts what makes the cluster live: every change of the store may lead to others a moment later. */
export function startControllers(store: Store, now: () => Date): Controllers {
  const world: World = { store, now }
  const timers = new Timers()
  const unsubscribe = store.subscribe((change) => react(world, timers, change))
  return {
    close: () => {
      unsubscribe()
      timers.close()
    },
  }
}

function react(world: World, timers: Timers, change: Change): void {
  const { key, type, object } = change
  const { namespace, name } = object.metadata
  if (type === 'DELETED') timers.after(0, `collect ${object.metadata.uid}`, () => collect(world, object))
  else if (key === '/pods') watchPod(world, timers, object)
  else if (key === '/namespaces') watchNamespace(world, timers, object)
  else soon(world, timers, key, namespace, name)
  for (const { kind, name: owner } of object.metadata.ownerReferences ?? []) {
    soon(world, timers, ownerKeys[kind] ?? '', namespace, owner)
  }
}

/** Reconciles an object once, after the present changes, however many there are. */
function soon(world: World, timers: Timers, key: string, namespace: string | undefined, name: string): void {
  const reconcile = reconcilers[key]
  if (reconcile === undefined) return
  timers.after(0, `${key} ${namespace ?? ''}/${name}`, () => {
    const object = world.store.get(key, namespace, name)
    if (object !== undefined && object.metadata.deletionTimestamp === undefined) reconcile(world, object)
  })
}

function watchNamespace(world: World, timers: Timers, namespace: KubeObject): void {
  const { uid, name, deletionTimestamp } = namespace.metadata
  if (deletionTimestamp === undefined) timers.after(0, `furnish ${uid}`, () => furnish(world, namespace))
  else timers.after(stopMs, `empty ${uid}`, () => empty(world, name))
}

function watchPod(world: World, timers: Timers, pod: KubeObject): void {
  const { uid, namespace, name, deletionTimestamp } = pod.metadata
  const phase = readText(pod, 'status.phase')
  const waiting = readList(pod, 'status.containerStatuses').length > 0
  const current = (change: (pod: KubeObject) => KubeObject) => () => {
    const found = world.store.get('/pods', namespace, name)
    if (found?.metadata.uid === uid && found.metadata.deletionTimestamp === undefined)
      world.store.put('/pods', change(found))
  }
  if (deletionTimestamp !== undefined) {
    timers.after(stopMs, `stop ${uid}`, () => world.store.remove('/pods', namespace, name))
  } else if (phase === 'Pending' && !waiting) {
    timers.after(
      startMs,
      `start ${uid}`,
      current((found) => begin(world, found)),
    )
  } else if (phase === 'Running' && isJobPod(pod)) {
    timers.after(
      jobMs,
      `finish ${uid}`,
      current((found) => finish(world, found)),
    )
  }
}

const isJobPod = ({ metadata }: KubeObject) => (metadata.ownerReferences ?? []).some(({ kind }) => kind === 'Job')

/** Images of this form cannot be pulled, so that a failing rollout can be practised. */
const missingImage = /(does-not-exist|missing|broken|typo)/

function begin(world: World, pod: KubeObject): KubeObject {
  const now = world.now()
  const image = readText(readList(pod, 'spec.containers')[0], 'image')
  const say = (type: 'Normal' | 'Warning', reason: string, message: string, component = 'kubelet') =>
    tell(world, pod, { type, reason, message, component })
  if (missingImage.test(image)) {
    say('Warning', 'Failed', `Failed to pull image "${image}": not found`)
    return unpullable(pod, now)
  }
  const started = running(pod, now)
  const place = `${pod.metadata.namespace ?? ''}/${pod.metadata.name} to ${readText(started, 'spec.nodeName')}`
  say('Normal', 'Scheduled', `Successfully assigned ${place}`, 'default-scheduler')
  say('Normal', 'Pulled', `Container image "${image}" already present on machine`)
  say('Normal', 'Started', `Started container ${readText(readList(pod, 'spec.containers')[0], 'name')}`)
  return started
}

function finish(world: World, pod: KubeObject): KubeObject {
  const start = isFields(pod['status']) ? new Date(readText(pod, 'status.startTime')) : world.now()
  return succeeded(pod, start, world.now())
}
