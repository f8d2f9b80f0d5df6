import { createHash } from 'node:crypto'
import { readFields, readList, readText, timestamp, type Fields, type KubeObject } from '../state/objects.ts'

/** Nodes that pods are placed on, with their addresses. */
const places: Readonly<Record<string, string>> = {
  'tea-worker-1': '10.20.0.11',
  'tea-worker-2': '10.20.0.12',
}

const hash = (text: string) => createHash('sha256').update(text).digest()

/** A number that is always the same for the same text. */
const steady = (text: string, below: number) => hash(text).readUInt32BE(0) % below

/** The pod on a node, if it is on none yet. */
function placed(pod: KubeObject): KubeObject {
  const spec = readFields(pod, 'spec')
  const names = Object.keys(places)
  const nodeName = readText(spec, 'nodeName') || (names[steady(pod.metadata.name, names.length)] ?? '')
  const serviceAccountName = readText(spec, 'serviceAccountName') || 'default'
  return { ...pod, spec: { ...spec, nodeName, serviceAccountName, serviceAccount: serviceAccountName } }
}

const condition = (type: string, status: boolean, at: string): Fields => ({
  type,
  status: status ? 'True' : 'False',
  lastProbeTime: null,
  lastTransitionTime: at,
  ...(status || type === 'PodScheduled' ? {} : { reason: 'ContainersNotReady', message: 'containers are not ready' }),
})

const conditions = (ready: boolean, at: string) => [
  condition('Initialized', true, at),
  condition('Ready', ready, at),
  condition('ContainersReady', ready, at),
  condition('PodScheduled', true, at),
]

function placeStatus(pod: KubeObject, phase: string, ready: boolean, at: string): Fields {
  const hostIP = places[readText(pod, 'spec.nodeName')] ?? '10.20.0.10'
  const podIP = `10.244.${hostIP.slice(-1)}.${2 + steady(pod.metadata.uid, 250)}`
  return {
    phase,
    conditions: conditions(ready, at),
    hostIP,
    hostIPs: [{ ip: hostIP }],
    podIP,
    podIPs: [{ ip: podIP }],
    qosClass: readList(pod, 'spec.containers').some((one) => Object.keys(readFields(one, 'resources')).length > 0)
      ? 'Burstable'
      : 'BestEffort',
    startTime: at,
  }
}

interface ContainerState {
  readonly ready: boolean
  readonly state: Fields
  readonly lastState?: Fields
  readonly restartCount?: number
}

function containerStatuses(
  pod: KubeObject,
  { ready, state, lastState = {}, restartCount = 0 }: ContainerState,
): Fields[] {
  return readList(pod, 'spec.containers').map((container) => {
    const image = readText(container, 'image')
    const digest = hash(image).toString('hex')
    const ran = ready || Object.hasOwn(state, 'terminated') || restartCount > 0
    const started = ran ? { containerID: `containerd://${hash(pod.metadata.uid).toString('hex')}` } : {}
    return {
      name: readText(container, 'name'),
      image,
      imageID: `${image.split(':')[0] ?? ''}@sha256:${digest}`,
      ...started,
      ready,
      started: ready,
      restartCount,
      state,
      lastState,
    }
  })
}

/** The pod with every container running since `at`. */
export function running(pod: KubeObject, at: Date): KubeObject {
  const on = placed(pod)
  const time = timestamp(at)
  const containers = containerStatuses(on, { ready: true, state: { running: { startedAt: time } } })
  return { ...on, status: { ...placeStatus(on, 'Running', true, time), containerStatuses: containers } }
}

/** The pod with its image not to be had. */
export function unpullable(pod: KubeObject, at: Date): KubeObject {
  const on = placed(pod)
  const image = readText(readList(on, 'spec.containers')[0], 'image')
  const waiting = { reason: 'ImagePullBackOff', message: `Back-off pulling image "${image}"` }
  const containers = containerStatuses(on, { ready: false, state: { waiting } })
  return { ...on, status: { ...placeStatus(on, 'Pending', false, timestamp(at)), containerStatuses: containers } }
}

/** The pod that ran to its end. */
export function succeeded(pod: KubeObject, start: Date, end: Date): KubeObject {
  const on = placed(pod)
  const terminated = { exitCode: 0, reason: 'Completed', startedAt: timestamp(start), finishedAt: timestamp(end) }
  const containers = containerStatuses(on, { ready: false, state: { terminated } })
  return { ...on, status: { ...placeStatus(on, 'Succeeded', false, timestamp(start)), containerStatuses: containers } }
}

/** The pod whose container ends with status 1 again and again; the last time at `end`. */
export function crashLooping(pod: KubeObject, start: Date, end: Date, restartCount: number): KubeObject {
  const on = placed(pod)
  const name = readText(readList(on, 'spec.containers')[0], 'name')
  const message = `back-off 5m0s restarting failed container=${name} pod=${on.metadata.name}_${on.metadata.namespace ?? ''}`
  const terminated = { exitCode: 1, reason: 'Error', startedAt: timestamp(end), finishedAt: timestamp(end) }
  const containers = containerStatuses(on, {
    ready: false,
    restartCount,
    state: { waiting: { reason: 'CrashLoopBackOff', message } },
    lastState: { terminated },
  })
  return { ...on, status: { ...placeStatus(on, 'Running', false, timestamp(start)), containerStatuses: containers } }
}
