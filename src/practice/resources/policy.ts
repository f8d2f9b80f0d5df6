import { isFields, readNumber, readText, type KubeObject } from '../state/objects.ts'
import { age, column, integer, name } from './columns.ts'
import { resource, statusSubresource } from './resource.ts'

const orNotAvailable = (object: KubeObject, path: string) => readText(object, path) || 'N/A'

/** policy/v1: how many pods an eviction must leave. */
export const podDisruptionBudgets = resource({
  group: 'policy',
  plural: 'poddisruptionbudgets',
  kind: 'PodDisruptionBudget',
  shortNames: ['pdb'],
  generations: true,
  subresources: [statusSubresource],
  columns: [
    name,
    column('Min Available', (budget) => orNotAvailable(budget, 'spec.minAvailable')),
    column('Max Unavailable', (budget) => orNotAvailable(budget, 'spec.maxUnavailable')),
    integer('Allowed Disruptions', (budget) => readNumber(budget, 'status.disruptionsAllowed')),
    age,
  ],
  complete: (budget) => ({ ...budget, status: isFields(budget['status']) ? budget['status'] : {} }),
  validate: (budget) =>
    readText(budget, 'spec.minAvailable') !== '' && readText(budget, 'spec.maxUnavailable') !== ''
      ? [
          {
            reason: 'FieldValueInvalid',
            field: 'spec',
            message: 'Invalid value: minAvailable and maxUnavailable cannot be both set',
          },
        ]
      : [],
})
