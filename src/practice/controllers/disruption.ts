import { readFields, readList, readText, type Fields, type KubeObject } from '../state/objects.ts'
import { putChanged, type World } from './world.ts'

export const budgetKey = 'policy/poddisruptionbudgets'

/** Counts the healthy pods of a budget and how many of them may go (policy/v1 PodDisruptionBudgetStatus). */
export function reconcileBudget(world: World, budget: KubeObject): void {
  const pods = guarded(world, budget)
  const currentHealthy = pods.filter(isReady).length
  const expectedPods = pods.length
  const desiredHealthy = wantedHealthy(budget, expectedPods)
  const disruptionsAllowed = Math.max(0, currentHealthy - desiredHealthy)
  const allowed = disruptionsAllowed > 0
  const before = readList(budget, 'status.conditions')[0]
  const status = allowed ? 'True' : 'False'
  const condition = {
    type: 'DisruptionAllowed',
    status,
    reason: allowed ? 'SufficientPods' : 'InsufficientPods',
    message: '',
    observedGeneration: budget.metadata.generation ?? 1,
    lastTransitionTime: before?.['status'] === status ? before['lastTransitionTime'] : now(world),
  }
  const counts: Fields = { currentHealthy, desiredHealthy, disruptionsAllowed, expectedPods }
  const observedGeneration = budget.metadata.generation ?? 1
  putChanged(world, budgetKey, { ...budget, status: { ...counts, observedGeneration, conditions: [condition] } })
}

const now = (world: World) => `${world.now().toISOString().slice(0, 19)}Z`

function guarded({ store }: Pick<World, 'store'>, budget: KubeObject): KubeObject[] {
  return store.list('/pods', budget.metadata.namespace).filter((pod) => guards(budget, pod) && !isOver(pod))
}

const isOver = (pod: KubeObject) => ['Succeeded', 'Failed'].includes(readText(pod, 'status.phase'))

/** True when the budget speaks for this pod. */
export function guards(budget: KubeObject, pod: KubeObject): boolean {
  const wanted = Object.entries(readFields(budget, 'spec.selector.matchLabels'))
  const labels = pod.metadata.labels ?? {}
  return wanted.length > 0 && wanted.every(([label, value]) => labels[label] === value)
}

const isReady = (pod: KubeObject) =>
  pod.metadata.deletionTimestamp === undefined &&
  readList(pod, 'status.conditions').some((one) => one['type'] === 'Ready' && one['status'] === 'True')

function wantedHealthy(budget: KubeObject, all: number): number {
  const count = (text: string) =>
    text.endsWith('%') ? Math.ceil((all * Number.parseInt(text, 10)) / 100) : Number(text)
  const least = readText(budget, 'spec.minAvailable')
  const most = readText(budget, 'spec.maxUnavailable')
  if (most !== '') return Math.max(0, all - count(most))
  return least === '' ? all : count(least)
}
