import { readFields, readNumber, withField, type Fields, type KubeObject } from '../state/objects.ts'
import { currentReplicas } from '../resources/workloads.ts'

/** The autoscaling/v1 Scale of a workload. */
export function scaleOf(object: KubeObject): KubeObject {
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
    spec: { replicas: readNumber(object, 'spec.replicas') },
    status: { replicas: currentReplicas(object), selector },
  }
}

/** The workload with the replicas that a Scale asks for. */
export function scaled(object: KubeObject, scale: unknown): KubeObject {
  return withField(object, 'spec.replicas', readNumber(scale, 'spec.replicas'))
}
