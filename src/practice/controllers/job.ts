import { readNumber, readText, timestamp, type KubeObject } from '../state/objects.ts'
import { podOf } from './workload.ts'
import { children, putChanged, tell, type World } from './world.ts'

/** Runs the pods of a job and completes it when enough have succeeded. */
export function reconcileJob(world: World, job: KubeObject): void {
  if (readText(job, 'status.completionTime') !== '') return
  const pods = children(world, '/pods', job)
  const succeeded = pods.filter((pod) => readText(pod, 'status.phase') === 'Succeeded').length
  const wanted = readNumber(job, 'spec.completions', 1)
  const now = timestamp(world.now())
  for (let index = pods.length; index < wanted; index += 1) world.store.put('/pods', podOf(job, world.now()))
  const done = succeeded >= wanted
  const startTime = readText(job, 'status.startTime') || now
  const status = {
    startTime,
    ready: 0,
    ...(done
      ? { succeeded, completionTime: now, conditions: [complete(now)] }
      : { active: wanted - succeeded, succeeded }),
  }
  putChanged(world, 'batch/jobs', { ...job, status })
  if (done)
    tell(world, job, { type: 'Normal', reason: 'Completed', message: 'Job completed', component: 'job-controller' })
}

const complete = (time: string) => ({ type: 'Complete', status: 'True', lastProbeTime: time, lastTransitionTime: time })
