import { readFields, readNumber, readText, withField, type Fields, type KubeObject } from '../state/objects.ts'
import { currentReplicas } from '../resources/workloads.ts'

/** Where a kind keeps its replicas. */
export interface ScalePaths {
  readonly spec: string
  readonly status: string
  readonly selector?: string
}

const usual: ScalePaths = { spec: 'spec.replicas', status: 'status.replicas' }

/** As a custom resource definition says it (CustomResourceSubresourceScale). */
export function scalePaths(scale: Fields | undefined): ScalePaths {
  if (scale === undefined) return usual
  const path = (name: string) => readText(scale, name).replace(/^\./, '')
  const selector = path('labelSelectorPath')
  return {
    spec: path('specReplicasPath'),
    status: path('statusReplicasPath'),
    ...(selector === '' ? {} : { selector }),
  }
}

/** The autoscaling/v1 Scale of an object. */
export function scaleOf(object: KubeObject, paths: ScalePaths = usual): KubeObject {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata
  const labels: Fields = readFields(object, 'spec.selector.matchLabels')
  const selector = Object.keys(labels)
    .sort()
    .map((key) => `${key}=${String(labels[key])}`)
    .join(',')
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, uid, resourceVersion, creationTimestamp, ...(namespace === undefined ? {} : { namespace }) },
    spec: { replicas: readNumber(object, paths.spec) },
    status: {
      replicas: paths === usual ? currentReplicas(object) : readNumber(object, paths.status),
      selector: paths.selector === undefined ? selector : readText(object, paths.selector),
    },
  }
}

/** The workload with the replicas that a Scale asks for. */
export function scaled(object: KubeObject, scale: unknown, paths: ScalePaths = usual): KubeObject {
  return withField(object, paths.spec, readNumber(scale, 'spec.replicas'))
}
