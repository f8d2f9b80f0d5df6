import { aggregate, watchAggregation } from '../access/aggregation.ts'
import { requestKey } from '../access/certificate-requests.ts'
import type { Cluster } from '../cluster.ts'
import { watchDefinitions } from '../custom/definitions.ts'
import { foregroundFinalizer } from '../state/lifecycle.ts'
import type { KubeObject, OwnerReference } from '../state/objects.ts'
import type { Change } from '../state/store.ts'
import { budgetKey, reconcileBudget } from './disruption.ts'
import { reconcileDaemonSet } from './daemonset.ts'
import { reconcileDeployment } from './deployment.ts'
import { reconcileService } from './endpoints.ts'
import { reconcileJob } from './job.ts'
import { collect, empty, endForeground, furnish } from './namespace.ts'
import { stopMs, watchPod } from './pods.ts'
import { reconcileReplicaSet } from './replicas.ts'
import { signApproved, type SignRequest } from './signing.ts'
import { reconcileStatefulSet } from './statefulset.ts'
import { Timers } from './timers.ts'
import { fillTokenSecret } from './tokens.ts'
import type { World } from './world.ts'

type Reconcile = (world: World, object: KubeObject) => void

const reconcilers: Readonly<Record<string, Reconcile>> = {
  'apps/daemonsets': reconcileDaemonSet,
  'apps/deployments': reconcileDeployment,
  'apps/replicasets': reconcileReplicaSet,
  'apps/statefulsets': reconcileStatefulSet,
  'batch/jobs': reconcileJob,
  [budgetKey]: reconcileBudget,
  '/services': reconcileService,
}

const ownerKeys: Readonly<Record<string, string>> = {
  DaemonSet: 'apps/daemonsets',
  Deployment: 'apps/deployments',
  ReplicaSet: 'apps/replicasets',
  StatefulSet: 'apps/statefulsets',
  Job: 'batch/jobs',
}

/** What controllers of access need: who signs tokens, and the cluster's authority. */
export interface Security extends Pick<Cluster, 'store' | 'access'> {
  readonly caPem: string
  readonly sign: SignRequest
}

export interface Controllers {
  /** Stops every timer; the state stays as it is. */
  close(): void
}

/** Starts what makes the cluster live: every change of the store may lead to others a moment later. */
export function startControllers(world: World, security: Security): Controllers {
  const timers = new Timers()
  for (const secret of world.store.list('/secrets')) fillTokenSecret(security, secret, security.caPem)
  aggregate(world.store)
  for (const budget of world.store.list(budgetKey)) reconcileBudget(world, budget)
  const stopDefinitions = watchDefinitions(world, timers)
  const stopAggregation = watchAggregation(world.store, timers)
  const stopSecurity = world.store.subscribe(({ key, type, object }) => {
    if (type === 'DELETED') return
    if (key === '/secrets') timers.after(0, `token ${object.metadata.uid}`, () => fillPresent(security, object))
    if (key === requestKey)
      signApproved(world, security.sign, object).catch((failure: unknown) => {
        process.emitWarning(`A certificate request of the practice cluster could not be signed: ${String(failure)}`)
      })
  })
  const unsubscribe = world.store.subscribe((change) => react(world, timers, change))
  return {
    close: () => {
      unsubscribe()
      stopSecurity()
      stopDefinitions()
      stopAggregation()
      timers.close()
    },
  }
}

function fillPresent(security: Security, { metadata: { namespace, name } }: KubeObject): void {
  const secret = security.store.get('/secrets', namespace, name)
  if (secret !== undefined) fillTokenSecret(security, secret, security.caPem)
}

function react(world: World, timers: Timers, { key, type, object }: Change): void {
  const { namespace, name, uid, ownerReferences = [], deletionTimestamp, finalizers } = object.metadata
  if (deletionTimestamp !== undefined && finalizers?.includes(foregroundFinalizer) === true) {
    timers.after(0, `end ${uid}`, () => endForeground(world, key, object))
  }
  if (type === 'DELETED') for (const reference of ownerReferences) endOwner(world, timers, namespace, reference)
  if (type === 'DELETED') timers.after(0, `collect ${uid}`, () => collect(world, object))
  else if (key === '/pods') watchPod(world, timers, object)
  else if (key === '/namespaces') watchNamespace(world, timers, object)
  else soon(world, timers, key, namespace, name)
  if (key === '/pods') {
    for (const watching of ['/services', budgetKey]) {
      for (const one of world.store.list(watching, namespace))
        soon(world, timers, watching, namespace, one.metadata.name)
    }
  }
  for (const { kind, name: owner } of ownerReferences) soon(world, timers, ownerKeys[kind] ?? '', namespace, owner)
}

/** An owner that waits for those it owns may go now. */
function endOwner(
  world: World,
  timers: Timers,
  namespace: string | undefined,
  { kind, name, uid }: OwnerReference,
): void {
  const key = ownerKeys[kind]
  const owner = key === undefined ? undefined : world.store.get(key, namespace, name)
  if (key === undefined || owner === undefined) return
  timers.after(0, `end ${uid}`, () => endForeground(world, key, owner))
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
