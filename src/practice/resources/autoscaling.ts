import { isFields, readFields, readList, readNumber, readText, type Fields, type KubeObject } from '../state/objects.ts'
import type { Conversion } from '../state/served.ts'
import { age, column, integer, name } from './columns.ts'
import { required, wrong } from './podspec.ts'
import { resource, statusSubresource } from './resource.ts'

/** `cpu: 12%/80%`, as many as fit. */
function targets(scaler: KubeObject): string {
  const metrics = readList(scaler, 'spec.metrics').map((metric) => {
    const resourceName = readText(metric, 'resource.name') || readText(metric, 'type').toLowerCase()
    const wanted = readText(metric, 'resource.target.averageUtilization')
    const current = readList(scaler, 'status.currentMetrics').find(
      (one) => readText(one, 'resource.name') === resourceName,
    )
    const measured = readText(current, 'resource.current.averageUtilization')
    return `${resourceName}: ${measured === '' ? '<unknown>' : `${measured}%`}/${wanted === '' ? readText(metric, 'resource.target.averageValue') : `${wanted}%`}`
  })
  return metrics.length === 0 ? '<none>' : metrics.join(', ')
}

function validate(scaler: KubeObject) {
  const most = readNumber(scaler, 'spec.maxReplicas')
  const least = readNumber(scaler, 'spec.minReplicas', 1)
  return [
    ...(readText(scaler, 'spec.scaleTargetRef.kind') === '' ? [required('spec.scaleTargetRef.kind')] : []),
    ...(readText(scaler, 'spec.scaleTargetRef.name') === '' ? [required('spec.scaleTargetRef.name')] : []),
    ...(most < 1 ? [wrong('spec.maxReplicas', most, 'must be greater than 0')] : []),
    ...(most >= 1 && most < least
      ? [wrong('spec.maxReplicas', most, 'must be greater than or equal to `minReplicas`')]
      : []),
  ]
}

const given = {
  group: 'autoscaling',
  plural: 'horizontalpodautoscalers',
  kind: 'HorizontalPodAutoscaler',
  shortNames: ['hpa'],
  categories: ['all'],
  subresources: [statusSubresource],
  columns: [
    name,
    column('Reference', (scaler) => {
      const { kind, name: target } = readFields(scaler, 'spec.scaleTargetRef')
      return `${String(kind)}/${String(target)}`
    }),
    column('Targets', targets),
    column('MinPods', (scaler) => String(readNumber(scaler, 'spec.minReplicas', 1))),
    integer('MaxPods', (scaler) => readNumber(scaler, 'spec.maxReplicas')),
    integer('Replicas', (scaler) => readNumber(scaler, 'status.currentReplicas')),
    age,
  ],
  validate,
}

const defaultMetric = {
  type: 'Resource',
  resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } },
}

export const scalers = resource({
  ...given,
  version: 'v2',
  complete: (scaler) => ({
    ...scaler,
    spec: {
      minReplicas: 1,
      ...readFields(scaler, 'spec'),
      metrics: Array.isArray(readFields(scaler, 'spec')['metrics'])
        ? readList(scaler, 'spec.metrics')
        : [defaultMetric],
    },
    status: isFields(scaler['status']) ? scaler['status'] : { currentMetrics: null, desiredReplicas: 0 },
  }),
})

/** autoscaling/v1 knows one metric: the use of processors. */
const versionOne: Conversion = {
  toServed: (stored) => {
    const { metrics: _metrics, behavior: _behavior, ...spec } = readFields(stored, 'spec')
    const cpu = readList(stored, 'spec.metrics').find((metric) => readText(metric, 'resource.name') === 'cpu')
    const target = readNumber(cpu, 'resource.target.averageUtilization')
    const { currentMetrics: _current, conditions: _conditions, ...status } = readFields(stored, 'status')
    return {
      ...stored,
      apiVersion: 'autoscaling/v1',
      spec: { ...spec, ...(target === 0 ? {} : { targetCPUUtilizationPercentage: target }) },
      status,
    }
  },
  toStored: (served) => {
    const { targetCPUUtilizationPercentage: target = 80, ...spec } = readFields(served, 'spec')
    const cpu: Fields = {
      type: 'Resource',
      resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: target } },
    }
    return { ...served, apiVersion: 'autoscaling/v2', spec: { ...spec, metrics: [cpu] } }
  },
}

export const scalersV1 = resource({
  ...given,
  version: 'v1',
  conversion: versionOne,
  complete: (scaler) => ({ status: {}, ...scaler }),
})
