import { MissingReference } from '../containers/environment.ts'
import type { Exit } from '../containers/runtime.ts'
import {
  read,
  readFields,
  readList,
  readNumber,
  readText,
  timestamp,
  withField,
  type Fields,
  type KubeObject,
} from '../state/objects.ts'
import { running, unpullable } from './podstatus.ts'
import type { Timers } from './timers.ts'
import { tell, type World } from './world.ts'

/** A container takes a moment to start: long enough to be seen by a watch, short enough not to be waited for. */
const startMs = 350

/** A pod takes a moment to stop, so that Terminating can be seen. */
export const stopMs = 300

/** Between two starts of a container that ended, doubled each time (k8s.io/kubernetes pkg/kubelet); the first is free. */
const backOffMs = 10_000
const longestBackOffMs = 300_000

/** Images of this form cannot be pulled, so that a failing rollout can be practised. */
const missingImage = /(does-not-exist|missing|broken|typo)/

/** Plays the kubelet: starts pending pods, restarts or ends what ended, stops terminating ones. */
export function watchPod(world: World, timers: Timers, pod: KubeObject): void {
  const { uid, namespace, name, deletionTimestamp } = pod.metadata
  if (deletionTimestamp !== undefined) {
    world.runtime.stop(uid)
    timers.after(stopMs, `stop ${uid}`, () => {
      world.runtime.forget(uid)
      world.store.remove('/pods', namespace, name)
    })
    return
  }
  for (const container of readList(pod, 'spec.ephemeralContainers')) {
    timers.after(startMs, `debug ${uid}/${readText(container, 'name')}`, () => startEphemeral(world, pod, container))
  }
  const isNew = readText(pod, 'status.phase') === 'Pending' && readList(pod, 'status.containerStatuses').length === 0
  if (isNew) timers.after(startMs, `start ${uid}`, () => begin(world, timers, pod))
}

/** A debug container is started once, and its end changes nothing for the pod. */
function startEphemeral(world: World, given: KubeObject, container: Fields): void {
  const pod = present(world, given)
  const name = readText(container, 'name')
  const path = 'status.ephemeralContainerStatuses'
  if (pod === undefined || readList(pod, path).some((status) => status['name'] === name)) return
  const store = (status: Fields) => {
    const now = present(world, given)
    if (now === undefined) return
    const others = readList(now, path).filter((one) => one['name'] !== name)
    world.store.put('/pods', withField(now, path, [...others, status]))
  }
  const image = readText(container, 'image')
  const common = { name, image, imageID: image, ready: false, restartCount: 0, lastState: {} }
  const startedAt = timestamp(world.now())
  store({ ...common, state: { running: { startedAt } } })
  world.runtime.start(pod, container, ({ code, reason, finishedAt }) => {
    store({
      ...common,
      state: { terminated: { exitCode: code, reason, startedAt, finishedAt: timestamp(finishedAt) } },
    })
  })
}

/** The pod as it is stored now; undefined when it is gone or on its way out. */
function present({ store }: World, { metadata: { uid, namespace, name } }: KubeObject): KubeObject | undefined {
  const found = store.get('/pods', namespace, name)
  return found?.metadata.uid === uid && found.metadata.deletionTimestamp === undefined ? found : undefined
}

function begin(world: World, timers: Timers, given: KubeObject): void {
  const pod = present(world, given)
  if (pod === undefined) return
  const started = running(pod, world.now())
  const say = (type: 'Normal' | 'Warning', reason: string, message: string, component = 'kubelet') =>
    tell(world, pod, { type, reason, message, component })
  const place = `${pod.metadata.namespace ?? ''}/${pod.metadata.name} to ${readText(started, 'spec.nodeName')}`
  say('Normal', 'Scheduled', `Successfully assigned ${place}`, 'default-scheduler')
  const containers = readList(pod, 'spec.containers')
  const missing = containers.map((one) => readText(one, 'image')).find((image) => missingImage.test(image))
  if (missing !== undefined) {
    say('Warning', 'Failed', `Failed to pull image "${missing}": not found`)
    world.store.put('/pods', unpullable(pod, world.now()))
    return
  }
  for (const container of containers) {
    say('Normal', 'Pulled', `Container image "${readText(container, 'image')}" already present on machine`)
    say('Normal', 'Created', `Created container: ${readText(container, 'name')}`)
    say('Normal', 'Started', `Started container ${readText(container, 'name')}`)
  }
  world.store.put('/pods', started)
  for (const container of containers) startContainer(world, timers, started, container)
}

function startContainer(world: World, timers: Timers, pod: KubeObject, container: Fields): void {
  try {
    world.runtime.start(pod, container, (ended) => onExit(world, timers, pod, container, ended))
  } catch (thrown) {
    if (!(thrown instanceof MissingReference)) throw thrown
    const message = thrown.message
    tell(world, pod, { type: 'Warning', reason: 'Failed', message: `Error: ${message}`, component: 'kubelet' })
    change(world, pod, container, (status) => ({
      ...status,
      ready: false,
      started: false,
      state: { waiting: { reason: 'CreateContainerConfigError', message } },
    }))
    timers.after(backOffMs, `again ${pod.metadata.uid}/${readText(container, 'name')}`, () =>
      restart(world, timers, pod, container),
    )
  }
}

function onExit(world: World, timers: Timers, pod: KubeObject, container: Fields, ended: Exit): void {
  const policy = readText(pod, 'spec.restartPolicy') || 'Always'
  const again = policy === 'Always' || (policy === 'OnFailure' && ended.code !== 0)
  const name = readText(container, 'name')
  let restarts = 0
  change(world, pod, container, (status) => {
    restarts = readNumber(status, 'restartCount')
    const terminated = {
      exitCode: ended.code,
      reason: ended.reason,
      startedAt: readText(status, 'state.running.startedAt'),
      finishedAt: timestamp(ended.finishedAt),
      containerID: readText(status, 'containerID'),
    }
    if (!again) return { ...status, ready: false, started: false, state: { terminated } }
    const waiting = { reason: 'CrashLoopBackOff', message: backOffMessage(pod, name, restarts) }
    const state = restarts === 0 ? { terminated } : { waiting }
    return { ...status, ready: false, started: false, state, lastState: { terminated } }
  })
  if (!again) return
  if (restarts > 0) {
    const message = `Back-off restarting failed container ${name} in pod ${pod.metadata.name}_${pod.metadata.namespace ?? ''}(${pod.metadata.uid})`
    tell(world, pod, { type: 'Warning', reason: 'BackOff', message, component: 'kubelet' })
  }
  timers.after(backOff(restarts), `again ${pod.metadata.uid}/${name}`, () => restart(world, timers, pod, container))
}

const backOff = (restarts: number) =>
  restarts === 0 ? startMs : Math.min(backOffMs * 2 ** Math.min(restarts - 1, 10), longestBackOffMs)

function backOffMessage(pod: KubeObject, name: string, restarts: number): string {
  const { metadata } = pod
  return `back-off ${backOff(restarts) / 1000}s restarting failed container=${name} pod=${metadata.name}_${metadata.namespace ?? ''}(${metadata.uid})`
}

function restart(world: World, timers: Timers, pod: KubeObject, container: Fields): void {
  if (present(world, pod) === undefined) return
  change(world, pod, container, (status) => ({
    ...status,
    ready: true,
    started: true,
    restartCount: readNumber(status, 'restartCount') + 1,
    state: { running: { startedAt: timestamp(world.now()) } },
  }))
  startContainer(world, timers, pod, container)
}

/** Changes the status of one container, and what follows from it for the pod. */
function change(world: World, given: KubeObject, container: Fields, next: (status: Fields) => Fields): void {
  const pod = present(world, given)
  if (pod === undefined) return
  const statuses = readList(pod, 'status.containerStatuses').map((status) =>
    status['name'] === container['name'] ? next(status) : status,
  )
  const status = { ...readFields(pod, 'status'), containerStatuses: statuses }
  world.store.put('/pods', { ...pod, status: { ...status, ...outcome(pod, statuses, timestamp(world.now())) } })
}

/** Phase and conditions of a pod by its containers. */
function outcome(pod: KubeObject, statuses: readonly Fields[], now: string): Fields {
  const ended = statuses.map((status) => read(status, 'state.terminated.exitCode'))
  const policy = readText(pod, 'spec.restartPolicy') || 'Always'
  const isOver = policy !== 'Always' && ended.every((code) => code === 0 || (code !== undefined && policy === 'Never'))
  const ready = !isOver && statuses.every((status) => status['ready'] === true)
  const phase = isOver ? (ended.every((code) => code === 0) ? 'Succeeded' : 'Failed') : 'Running'
  const reason = phase === 'Succeeded' ? 'PodCompleted' : phase === 'Failed' ? 'PodFailed' : 'ContainersNotReady'
  const conditions = readList(pod, 'status.conditions').map((condition) => {
    const type = readText(condition, 'type')
    if (type !== 'Ready' && type !== 'ContainersReady')
      return isOver && type === 'Initialized' ? { ...condition, reason } : condition
    const { reason: _reason, message: _message, ...rest } = condition
    const wanted = ready ? 'True' : 'False'
    const since = condition['status'] === wanted ? readText(condition, 'lastTransitionTime') : now
    const names = statuses.filter((status) => status['ready'] !== true).map((status) => readText(status, 'name'))
    const why = ready
      ? {}
      : { reason, ...(isOver ? {} : { message: `containers with unready status: [${names.join(' ')}]` }) }
    return { ...rest, status: wanted, lastTransitionTime: since, ...why }
  })
  return { phase, conditions }
}
