import { readList, readText, type KubeObject } from '../state/objects.ts'
import { crashLooping, running, succeeded, unpullable } from './podstatus.ts'
import type { Timers } from './timers.ts'
import { tell, type World } from './world.ts'

/** A container takes a moment to start: long enough to be seen by a watch, short enough not to be waited for. */
const startMs = 350

/** A pod takes a moment to stop, so that Terminating can be seen. */
export const stopMs = 300

/** How long a job's container works. */
const jobMs = 900

/** Images of this form cannot be pulled, so that a failing rollout can be practised. */
const missingImage = /(does-not-exist|missing|broken|typo)/

/** Images whose containers end at once: the seeded deployment stays broken until it gets another image. */
const crashingImage = /(crash|loyalty-points:2\.3\.0)/

/** Plays the kubelet: starts pending pods, finishes those of jobs, stops terminating ones. */
export function watchPod(world: World, timers: Timers, pod: KubeObject): void {
  const { uid, namespace, name, deletionTimestamp } = pod.metadata
  const change = (next: (world: World, pod: KubeObject) => KubeObject) => () => {
    const found = world.store.get('/pods', namespace, name)
    if (found?.metadata.uid !== uid || found.metadata.deletionTimestamp !== undefined) return
    world.store.put('/pods', next(world, found))
  }
  const phase = readText(pod, 'status.phase')
  if (deletionTimestamp !== undefined) {
    timers.after(stopMs, `stop ${uid}`, () => world.store.remove('/pods', namespace, name))
  } else if (phase === 'Pending' && readList(pod, 'status.containerStatuses').length === 0) {
    timers.after(startMs, `start ${uid}`, change(begin))
  } else if (phase === 'Running' && isJobPod(pod)) {
    timers.after(jobMs, `finish ${uid}`, change(finish))
  }
}

const isJobPod = ({ metadata }: KubeObject) => (metadata.ownerReferences ?? []).some(({ kind }) => kind === 'Job')

function begin(world: World, pod: KubeObject): KubeObject {
  const now = world.now()
  const container = readList(pod, 'spec.containers')[0]
  const image = readText(container, 'image')
  const say = (type: 'Normal' | 'Warning', reason: string, message: string, component = 'kubelet') =>
    tell(world, pod, { type, reason, message, component })
  const started = running(pod, now)
  const place = `${pod.metadata.namespace ?? ''}/${pod.metadata.name} to ${readText(started, 'spec.nodeName')}`
  say('Normal', 'Scheduled', `Successfully assigned ${place}`, 'default-scheduler')
  if (missingImage.test(image)) {
    say('Warning', 'Failed', `Failed to pull image "${image}": not found`)
    return unpullable(pod, now)
  }
  say('Normal', 'Pulled', `Container image "${image}" already present on machine`)
  say('Normal', 'Started', `Started container ${readText(container, 'name')}`)
  if (!crashingImage.test(image)) return started
  say('Warning', 'BackOff', `Back-off restarting failed container in pod ${pod.metadata.name}`)
  return crashLooping(pod, now, now, 1)
}

function finish(world: World, pod: KubeObject): KubeObject {
  const start = Date.parse(readText(pod, 'status.startTime'))
  return succeeded(pod, Number.isNaN(start) ? world.now() : new Date(start), world.now())
}
