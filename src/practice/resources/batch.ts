import type { Cause } from '../failure.ts'
import { isFields, read, readFields, readList, readNumber, readText, type KubeObject } from '../state/objects.ts'
import {
  age,
  column,
  containers,
  humanDuration,
  images,
  integer,
  name,
  orNone,
  selector,
  since,
  wide,
} from './columns.ts'
import { completeTemplate, required, validateCount, validatePodSpec } from './podspec.ts'
import { resource, statusSubresource } from './resource.ts'

function jobStatus(job: KubeObject): string {
  const conditions = readList(job, 'status.conditions').filter((condition) => condition['status'] === 'True')
  const has = (type: string) => conditions.some((condition) => condition['type'] === type)
  return has('Complete') ? 'Complete' : has('Failed') ? 'Failed' : has('Suspended') ? 'Suspended' : 'Running'
}

function jobDuration(job: KubeObject, now: Date): string {
  const start = Date.parse(readText(job, 'status.startTime'))
  if (Number.isNaN(start)) return ''
  const end = Date.parse(readText(job, 'status.completionTime'))
  return humanDuration((Number.isNaN(end) ? now.getTime() : end) - start)
}

function completeJob(job: KubeObject): KubeObject {
  const labels = {
    'batch.kubernetes.io/controller-uid': job.metadata.uid,
    'batch.kubernetes.io/job-name': job.metadata.name,
    'job-name': job.metadata.name,
  }
  const template = completeTemplate(readFields(job, 'spec.template'))
  const metadata = readFields(template, 'metadata')
  return {
    ...job,
    spec: {
      backoffLimit: 6,
      completionMode: 'NonIndexed',
      completions: 1,
      manualSelector: false,
      parallelism: 1,
      podReplacementPolicy: 'TerminatingOrFailed',
      suspend: false,
      selector: { matchLabels: { 'batch.kubernetes.io/controller-uid': job.metadata.uid } },
      ...readFields(job, 'spec'),
      template: { ...template, metadata: { ...metadata, labels: { ...readFields(metadata, 'labels'), ...labels } } },
    },
    status: isFields(job['status']) ? job['status'] : {},
  }
}

function validateRestartPolicy(object: KubeObject, path: string): Cause[] {
  const policy = readText(object, `${path}.restartPolicy`)
  if (policy === 'OnFailure' || policy === 'Never') return []
  return [
    {
      reason: 'FieldValueNotSupported',
      field: `${path}.restartPolicy`,
      message: `Unsupported value: ${JSON.stringify(policy)}: supported values: "OnFailure", "Never"`,
    },
  ]
}

export const jobs = resource({
  group: 'batch',
  plural: 'jobs',
  kind: 'Job',
  categories: ['all'],
  generations: true,
  subresources: [statusSubresource],
  columns: [
    name,
    column('Status', jobStatus),
    column('Completions', (job) => `${readNumber(job, 'status.succeeded')}/${readNumber(job, 'spec.completions', 1)}`),
    column('Duration', jobDuration),
    age,
    containers,
    images,
    selector,
  ],
  fields: { 'status.successful': (job) => String(readNumber(job, 'status.succeeded')) },
  complete: completeJob,
  validate: (job) => [
    ...validateCount(job, 'spec.completions'),
    ...validatePodSpec(readFields(job, 'spec.template.spec'), 'spec.template.spec'),
    ...validateRestartPolicy(job, 'spec.template.spec'),
  ],
})

const jobContainers = (cronJob: KubeObject, field: string) =>
  readList(cronJob, 'spec.jobTemplate.spec.template.spec.containers')
    .map((container) => readText(container, field))
    .join(',')

export const cronJobs = resource({
  group: 'batch',
  plural: 'cronjobs',
  kind: 'CronJob',
  shortNames: ['cj'],
  categories: ['all'],
  generations: true,
  subresources: [statusSubresource],
  columns: [
    name,
    column('Schedule', (cronJob) => readText(cronJob, 'spec.schedule')),
    column('Timezone', (cronJob) => orNone(readText(cronJob, 'spec.timeZone'))),
    column('Suspend', (cronJob) => (read(cronJob, 'spec.suspend') === true ? 'True' : 'False')),
    integer('Active', (cronJob) => readList(cronJob, 'status.active').length),
    column('Last Schedule', (cronJob, now) => {
      const last = readText(cronJob, 'status.lastScheduleTime')
      return last === '' ? '<none>' : since(last, now)
    }),
    age,
    wide('Containers', (cronJob) => jobContainers(cronJob, 'name')),
    wide('Images', (cronJob) => jobContainers(cronJob, 'image')),
    wide('Selector', () => '<none>'),
  ],
  complete: (cronJob) => ({
    ...cronJob,
    spec: {
      concurrencyPolicy: 'Allow',
      failedJobsHistoryLimit: 1,
      successfulJobsHistoryLimit: 3,
      suspend: false,
      ...readFields(cronJob, 'spec'),
    },
    status: isFields(cronJob['status']) ? cronJob['status'] : {},
  }),
  validate: (cronJob) => [
    ...(readText(cronJob, 'spec.schedule') === '' ? [required('spec.schedule')] : []),
    ...validateRestartPolicy(cronJob, 'spec.jobTemplate.spec.template.spec'),
  ],
})
