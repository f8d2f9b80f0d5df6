import type { Answer, Call } from '../answer/answer.ts'
import { decodeObject } from '../answer/body.ts'
import { writeOf } from '../answer/modify.ts'
import { storedObject } from '../answer/reads.ts'
import type { Route } from '../answer/route.ts'
import { deleteObject } from '../answer/writes.ts'
import { budgetKey, guards } from '../controllers/disruption.ts'
import { ApiFailure } from '../failure.ts'
import { readFields, readNumber, readText, type KubeObject } from '../state/objects.ts'

/** `pods/eviction` (policy/v1 Eviction): a delete that disruption budgets may refuse, as `kubectl drain` asks for it. */
export function evictionAnswer(call: Call, route: Route): Answer {
  const pod = storedObject(call.store, route)
  const options = readFields(decodeObject(call.contentType, call.body, route), 'deleteOptions')
  refuseByBudget(call, pod)
  const grace = options['gracePeriodSeconds']
  const given = { foreground: false, orphan: false, ...(typeof grace === 'number' ? { graceSeconds: grace } : {}) }
  deleteObject(pod, given, writeOf(call, route, options))
  const body = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 }
  return { kind: 'json', code: 201, body }
}

function refuseByBudget({ store }: Call, pod: KubeObject): void {
  if (['Succeeded', 'Failed', 'Pending'].includes(readText(pod, 'status.phase'))) return
  const budgets = store.list(budgetKey, pod.metadata.namespace).filter((budget) => guards(budget, pod))
  if (budgets.length > 1) {
    throw new ApiFailure(
      500,
      'InternalError',
      'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
    )
  }
  const [budget] = budgets
  if (budget === undefined || readNumber(budget, 'status.disruptionsAllowed') > 0) return
  const { name } = budget.metadata
  const counts = `needs ${readNumber(budget, 'status.desiredHealthy')} healthy pods and has ${readNumber(budget, 'status.currentHealthy')} currently`
  throw new ApiFailure(429, 'TooManyRequests', "Cannot evict pod as it would violate the pod's disruption budget.", {
    causes: [{ reason: 'DisruptionBudget', message: `The disruption budget ${name} ${counts}` }],
  })
}
