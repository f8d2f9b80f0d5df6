import { scalers } from '../resources/autoscaling.ts'
import { limitRanges, resourceQuotas } from '../resources/cluster.ts'
import { podDisruptionBudgets } from '../resources/policy.ts'
import { ingressClasses, priorityClasses, storageClasses } from '../resources/storage.ts'
import type { Planter } from './planter.ts'

const shop = 'shop-production'

/** What a cluster is set up with besides its workloads: budgets, quotas, classes. */
export function seedSettings(planter: Planter): void {
  const fast = { 'storageclass.kubernetes.io/is-default-class': 'true' }
  const provisioner = 'csi.brightwater.example'
  planter.plant(
    storageClasses,
    { name: 'fast', days: 212, annotations: fast },
    { provisioner, volumeBindingMode: 'WaitForFirstConsumer', allowVolumeExpansion: true },
  )
  planter.plant(storageClasses, { name: 'archive', days: 212 }, { provisioner, reclaimPolicy: 'Retain' })
  planter.plant(ingressClasses, { name: 'nginx', days: 203 }, { spec: { controller: 'k8s.io/ingress-nginx' } })
  const critical = [
    ['system-cluster-critical', 2_000_000_000],
    ['system-node-critical', 2_000_001_000],
  ] as const
  for (const [name, value] of critical) {
    planter.plant(
      priorityClasses,
      { name, days: 212 },
      { value, globalDefault: false, description: 'For what the cluster cannot do without.' },
    )
  }
  planter.plant(
    podDisruptionBudgets,
    { name: 'web', namespace: shop, days: 120 },
    { spec: { minAvailable: 2, selector: { matchLabels: { app: 'web' } } } },
  )
  const target = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }
  planter.plant(
    scalers,
    { name: 'web', namespace: shop, days: 120 },
    {
      spec: { scaleTargetRef: target, minReplicas: 3, maxReplicas: 8 },
      status: {
        currentReplicas: 3,
        desiredReplicas: 3,
        currentMetrics: [
          { type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: 34, averageValue: '34m' } } },
        ],
      },
    },
  )
  const hard = { pods: '40', secrets: '30', services: '20' }
  planter.plant(
    resourceQuotas,
    { name: 'staging', namespace: 'shop-staging', days: 90 },
    { spec: { hard }, status: { hard, used: { pods: '2', secrets: '4', services: '2' } } },
  )
  const limits = [{ type: 'Container', default: { memory: '256Mi' }, defaultRequest: { cpu: '50m', memory: '64Mi' } }]
  planter.plant(limitRanges, { name: 'defaults', namespace: 'shop-staging', days: 90 }, { spec: { limits } })
}
