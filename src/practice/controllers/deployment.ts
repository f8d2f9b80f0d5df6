import {
  sameJson,
  readFields,
  readList,
  readNumber,
  readText,
  timestamp,
  withField,
  type Fields,
  type KubeObject,
} from '../state/objects.ts'
import { hashLabel, replicaSetOf, revisionAnnotation, templateHash } from './workload.ts'
import { children, putChanged, tell, type World } from './world.ts'

const key = 'apps/deployments'
const setKey = 'apps/replicasets'

const revisionOf = (object: KubeObject) => Number(object.metadata.annotations?.[revisionAnnotation] ?? '0')

/**
 * Brings a deployment's replica sets to its template: the new one is scaled up at once, the old ones down when the new
 * pods are ready. Surge and maxUnavailable are not honoured.
 */
export function reconcileDeployment(world: World, deployment: KubeObject): void {
  const sets = children(world, setKey, deployment)
  const hash = templateHash(readFields(deployment, 'spec.template'))
  const current = sets.find((set) => set.metadata.labels?.[hashLabel] === hash)
  const others = sets.filter((set) => set !== current)
  const latest = Math.max(0, ...others.map(revisionOf))
  const wanted = readNumber(deployment, 'spec.replicas', 1)
  if (current === undefined) {
    const created = replicaSetOf(deployment, wanted, latest + 1, world.now())
    world.store.put(setKey, created)
    tellScaled(world, deployment, created, 0, wanted)
    return
  }
  const revised = revisionOf(current) > latest ? current : withRevision(current, latest + 1)
  scaleSet(world, deployment, revised, wanted)
  const kept = ready(current, wanted) ? undefined : latestOf(others.filter((set) => ready(set, wanted)))
  const superseded = ready(current, wanted) || kept !== undefined ? others.filter((set) => set !== kept) : []
  for (const set of superseded) scaleSet(world, deployment, set, 0)
  writeStatus(world, deployment, revised)
}

const ready = (set: KubeObject, wanted: number) => readNumber(set, 'status.readyReplicas') >= wanted

function latestOf(sets: readonly KubeObject[]): KubeObject | undefined {
  return sets.toSorted((a, b) => revisionOf(b) - revisionOf(a))[0]
}

function withRevision(object: KubeObject, revision: number): KubeObject {
  const annotations = { ...object.metadata.annotations, [revisionAnnotation]: String(revision) }
  return { ...object, metadata: { ...object.metadata, annotations } }
}

function scaleSet(world: World, deployment: KubeObject, set: KubeObject, replicas: number): void {
  const before = readNumber(set, 'spec.replicas')
  const generation = (set.metadata.generation ?? 1) + (before === replicas ? 0 : 1)
  const scaled = withField(set, 'spec.replicas', replicas)
  putChanged(world, setKey, { ...scaled, metadata: { ...scaled.metadata, generation } })
  if (before !== replicas) tellScaled(world, deployment, set, before, replicas)
}

function tellScaled(world: World, deployment: KubeObject, set: KubeObject, from: number, to: number): void {
  if (from === to) return
  const message = `Scaled ${to > from ? 'up' : 'down'} replica set ${set.metadata.name} from ${from} to ${to}`
  tell(world, deployment, { type: 'Normal', reason: 'ScalingReplicaSet', message, component: 'deployment-controller' })
}

function writeStatus(world: World, deployment: KubeObject, current: KubeObject): void {
  const sets = children(world, setKey, deployment)
  const fresh = withRevision(
    world.store.get(key, deployment.metadata.namespace, deployment.metadata.name) ?? deployment,
    revisionOf(current),
  )
  const status = deploymentStatus(fresh, sets, current.metadata.name, world.now())
  putChanged(world, key, { ...fresh, status })
}

const count = (sets: readonly KubeObject[], field: string) =>
  sets.reduce((sum, set) => sum + readNumber(set, `status.${field}`), 0)

/** The status of a deployment from its replica sets (apps/v1 DeploymentStatus). */
export function deploymentStatus(
  deployment: KubeObject,
  sets: readonly KubeObject[],
  currentName: string,
  now: Date,
): Fields {
  const wanted = readNumber(deployment, 'spec.replicas', 1)
  const current = sets.filter((set) => set.metadata.name === currentName)
  const [replicas, ready, updated] = [count(sets, 'replicas'), count(sets, 'readyReplicas'), count(current, 'replicas')]
  const available = ready >= wanted
  const complete = updated === wanted && replicas === updated && ready >= wanted
  const progress = complete ? 'NewReplicaSetAvailable' : 'ReplicaSetUpdated'
  const words = complete ? 'has successfully progressed' : 'is progressing'
  const conditions = [
    {
      type: 'Available',
      status: available ? 'True' : 'False',
      reason: available ? 'MinimumReplicasAvailable' : 'MinimumReplicasUnavailable',
      message: available ? 'Deployment has minimum availability.' : 'Deployment does not have minimum availability.',
    },
    { type: 'Progressing', status: 'True', reason: progress, message: `ReplicaSet "${currentName}" ${words}.` },
  ]
  return {
    observedGeneration: deployment.metadata.generation ?? 1,
    replicas,
    updatedReplicas: updated,
    readyReplicas: ready,
    availableReplicas: ready,
    ...(wanted > ready ? { unavailableReplicas: wanted - ready } : {}),
    conditions: conditions.map((condition) => keepTimes(condition, readList(deployment, 'status.conditions'), now)),
  }
}

/** A condition keeps its times for as long as it says the same. */
function keepTimes(condition: Fields, before: readonly Fields[], now: Date): Fields {
  const old = before.find((one) => one['type'] === condition['type'])
  const same =
    old !== undefined &&
    sameJson(
      { ...old, lastUpdateTime: 0, lastTransitionTime: 0 },
      { ...condition, lastUpdateTime: 0, lastTransitionTime: 0 },
    )
  const kept = same ? readText(old, 'lastUpdateTime') : timestamp(now)
  const transition = old?.['status'] === condition['status'] ? readText(old, 'lastTransitionTime') : timestamp(now)
  return { ...condition, lastUpdateTime: kept, lastTransitionTime: transition }
}
