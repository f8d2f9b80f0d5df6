import type { Cluster } from '../cluster.ts'
import { badRequest } from '../failure.ts'
import { readList, readText, type Fields, type KubeObject } from '../state/objects.ts'

const lists = [
  ['spec.containers', 'status.containerStatuses'],
  ['spec.initContainers', 'status.initContainerStatuses'],
  ['spec.ephemeralContainers', 'status.ephemeralContainerStatuses'],
] as const

/** A container of a pod with its status; init and ephemeral ones count too. */
export interface Found {
  readonly spec: Fields
  readonly status: Fields | undefined
}

/** The container that a request names, or the only one; ApiFailure 400 in the API server's words. */
export function chosenContainer(pod: KubeObject, asked: string): Found {
  const { name } = pod.metadata
  const all = lists.flatMap(([specs, statuses]) =>
    readList(pod, specs).map((spec) => ({
      spec,
      status: readList(pod, statuses).find((one) => one['name'] === spec['name']),
    })),
  )
  const names = readList(pod, 'spec.containers').map((one) => readText(one, 'name'))
  const preferred = pod.metadata.annotations?.['kubectl.kubernetes.io/default-container']
  if (asked === '' && names.length > 1 && preferred === undefined) {
    const inits = readList(pod, 'spec.initContainers').map((one) => readText(one, 'name'))
    const more = inits.length === 0 ? '' : ` or one of the init containers: [${inits.join(' ')}]`
    throw badRequest(`a container name must be specified for pod ${name}, choose one of: [${names.join(' ')}]${more}`)
  }
  const wanted = asked === '' ? (preferred ?? names[0]) : asked
  const found = all.find(({ spec }) => readText(spec, 'name') === wanted)
  if (found === undefined) throw badRequest(`container ${asked} is not valid for pod ${name}`)
  return found
}

/** Lets the runtime know the containers of pods that the cluster began with. */
export function adoptAll({ runtime }: Pick<Cluster, 'runtime'>, pod: KubeObject): void {
  if (readText(pod, 'status.phase') === 'Pending') return
  for (const spec of readList(pod, 'spec.containers')) runtime.adopt(pod, spec)
}
