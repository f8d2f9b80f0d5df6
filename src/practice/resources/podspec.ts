import type { Cause } from '../failure.ts'
import { read, readFields, readList, readText, type Fields } from '../state/objects.ts'

/** Defaults of a pod spec (k8s.io/kubernetes pkg/apis/core/v1/defaults.go), those that kubectl shows or diffs. */
export function completePodSpec(spec: Fields): Fields {
  return {
    dnsPolicy: 'ClusterFirst',
    restartPolicy: 'Always',
    schedulerName: 'default-scheduler',
    securityContext: {},
    terminationGracePeriodSeconds: 30,
    ...spec,
    containers: readList(spec, 'containers').map(completeContainer),
    ...(Array.isArray(spec['initContainers'])
      ? { initContainers: readList(spec, 'initContainers').map(completeContainer) }
      : {}),
  }
}

function completeContainer(container: Fields): Fields {
  const image = readText(container, 'image')
  const pinned = /:[^/]*$/.test(image) && !image.endsWith(':latest')
  return {
    imagePullPolicy: pinned || image.includes('@') ? 'IfNotPresent' : 'Always',
    resources: {},
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    ...container,
    ...(Array.isArray(container['ports'])
      ? { ports: readList(container, 'ports').map((port) => ({ protocol: 'TCP', ...port })) }
      : {}),
  }
}

/** The template of a workload, defaulted. */
export function completeTemplate(template: Fields): Fields {
  const { creationTimestamp: _none, ...metadata } = readFields(template, 'metadata')
  return { ...template, metadata, spec: completePodSpec(readFields(template, 'spec')) }
}

export function validatePodSpec(spec: Fields, path: string): Cause[] {
  const containers = readList(spec, 'containers')
  if (containers.length === 0) return [required(`${path}.containers`)]
  return containers.flatMap((container, index) => [
    ...(readText(container, 'name') === '' ? [required(`${path}.containers[${index}].name`)] : []),
    ...(readText(container, 'image') === '' ? [required(`${path}.containers[${index}].image`)] : []),
  ])
}

/** Pods of one workload that a practice cluster is willing to play; a slip must not stop the process. */
const podLimit = 200

export function validateCount(object: unknown, path: string): Cause[] {
  const value = read(object, path)
  if (value === undefined) return []
  if (!Number.isInteger(value) || Number(value) < 0) return [wrong(path, value, 'must be greater than or equal to 0')]
  const why = `the practice cluster runs at most ${podLimit} pods of one workload`
  return Number(value) > podLimit ? [wrong(path, value, why)] : []
}

export function required(field: string): Cause {
  return { reason: 'FieldValueRequired', field, message: 'Required value' }
}

export function wrong(field: string, value: unknown, why: string): Cause {
  return { reason: 'FieldValueInvalid', field, message: `Invalid value: ${JSON.stringify(value)}: ${why}` }
}
