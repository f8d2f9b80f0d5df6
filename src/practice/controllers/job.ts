import { readNumber, readText, timestamp, type Fields, type KubeObject } from '../state/objects.ts'
import { podOf } from './workload.ts'
import { children, putChanged, tell, type World } from './world.ts'

/** Runs the pods of a job; it is complete when enough have succeeded, and failed when too many have not. */
export function reconcileJob(world: World, job: KubeObject): void {
  if (readText(job, 'status.completionTime') !== '' || isFailed(job)) return
  const pods = children(world, '/pods', job)
  const count = (phase: string) => pods.filter((pod) => readText(pod, 'status.phase') === phase).length
  const [succeeded, failed] = [count('Succeeded'), count('Failed')]
  const wanted = readNumber(job, 'spec.completions', 1)
  const tooMany = failed > readNumber(job, 'spec.backoffLimit', 6)
  const isSuspended = (job['spec'] as Fields | undefined)?.['suspend'] === true
  const running = pods.length - succeeded - failed
  const width = Math.min(readNumber(job, 'spec.parallelism', 1), wanted - succeeded)
  const missing = tooMany || isSuspended ? 0 : Math.max(0, width - running)
  for (let index = 0; index < missing; index += 1) world.store.put('/pods', podOf(job, world.now()))
  const now = timestamp(world.now())
  const counts = { ...(succeeded === 0 ? {} : { succeeded }), ...(failed === 0 ? {} : { failed }) }
  const common = { startTime: readText(job, 'status.startTime') || now, ready: 0, ...counts }
  const say = (type: 'Normal' | 'Warning', reason: string, message: string) =>
    tell(world, job, { type, reason, message, component: 'job-controller' })
  const store = (status: Fields) => putChanged(world, 'batch/jobs', { ...job, status })
  if (succeeded >= wanted) {
    const conditions = [condition('SuccessCriteriaMet', now, reached), condition('Complete', now, reached)]
    store({ ...common, completionTime: now, conditions })
    say('Normal', 'Completed', 'Job completed')
  } else if (tooMany) {
    store({ ...common, conditions: [condition('FailureTarget', now, exceeded), condition('Failed', now, exceeded)] })
    say('Warning', exceeded.reason, exceeded.message)
  } else store({ ...common, active: running + missing })
}

const reached = { reason: 'CompletionsReached', message: 'Reached expected number of succeeded pods' }
const exceeded = { reason: 'BackoffLimitExceeded', message: 'Job has reached the specified backoff limit' }

function isFailed(job: KubeObject): boolean {
  const conditions = (job['status'] as { conditions?: unknown } | undefined)?.conditions
  return (
    Array.isArray(conditions) && conditions.some((one: Fields) => one['type'] === 'Failed' && one['status'] === 'True')
  )
}

function condition(type: string, time: string, why: { readonly reason: string; readonly message: string }): Fields {
  return { type, status: 'True', lastProbeTime: time, lastTransitionTime: time, ...why }
}
