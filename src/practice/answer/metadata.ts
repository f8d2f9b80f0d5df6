import { z } from 'zod'
import { badRequest, invalid, type Cause } from '../failure.ts'
import { nameSuffix } from '../state/names.ts'
import type { KubeObject, Metadata } from '../state/objects.ts'
import type { Route } from './route.ts'

const text = z.string().nullish()
const count = z.int().nullish()
const texts = z.record(z.string(), z.string()).nullish()
const time = z.iso.datetime({ offset: true }).nullish()

const ownerReference = z.object({
  apiVersion: z.string(),
  kind: z.string(),
  name: z.string(),
  uid: z.string(),
  controller: z.boolean().optional(),
  blockOwnerDeletion: z.boolean().optional(),
})

/** metav1.ObjectMeta as a caller may send it; members it does not have are dropped, null means absent. */
const shape = z.object({
  name: text,
  generateName: text,
  namespace: text,
  uid: text,
  resourceVersion: text,
  generation: count,
  creationTimestamp: time,
  deletionTimestamp: time,
  deletionGracePeriodSeconds: count,
  labels: texts,
  annotations: texts,
  ownerReferences: z.array(ownerReference).nullish(),
  finalizers: z.array(z.string()).nullish(),
  managedFields: z.array(z.looseObject({})).nullish(),
})

/** The metadata of a request body below `namespace`; 400 when a member has the wrong type or another namespace. */
export function incomingMetadata(value: unknown, namespace: string | undefined): Metadata {
  const parsed = shape.safeParse(value)
  if (!parsed.success) throw badRequest(`cannot decode metadata: ${z.prettifyError(parsed.error)}`)
  const { name, namespace: given, ...members } = parsed.data
  if (given && given !== namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request')
  }
  const present = Object.fromEntries(
    Object.entries(members).filter(([, member]) => member !== null),
  ) as Partial<Metadata>
  return {
    ...present,
    name: name || (present.generateName ? present.generateName + nameSuffix(5) : ''),
    uid: present.uid ?? '',
    resourceVersion: present.resourceVersion ?? '',
    creationTimestamp: present.creationTimestamp ?? '',
    ...(namespace === undefined ? {} : { namespace }),
  }
}

const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/
const label = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/
const labelValue = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/

/** Names and labels must be well formed (RFC 1123; RBAC names may be any path segment). */
export function checkMetadata(object: KubeObject, route: Route): void {
  const { metadata } = object
  const causes = [
    ...nameCauses(metadata.name, route),
    ...labelCauses(metadata),
    ...keyCauses(metadata),
    ...sizeCauses(metadata),
  ]
  if (causes.length > 0) throw invalid(route.resource, metadata.name, causes)
}

function nameCauses(name: string, { resource }: Route): Cause[] {
  const field = 'metadata.name'
  if (name === '') {
    return [{ reason: 'FieldValueRequired', field, message: 'Required value: name or generateName is required' }]
  }
  const form = ['namespaces', 'services'].includes(resource.plural) ? label : subdomain
  const limit = form === label ? 63 : 253
  const free = resource.group === 'rbac.authorization.k8s.io'
  if (free ? !/[/%]/.test(name) : form.test(name) && name.length <= limit) return []
  const message = `Invalid value: ${JSON.stringify(name)}: a lowercase RFC 1123 ${form === label ? 'label' : 'subdomain'} must consist of lower case alphanumeric characters, '-'${form === label ? '' : " or '.'"}, and must start and end with an alphanumeric character`
  return [{ reason: 'FieldValueInvalid', field, message }]
}

/** `prefix/name` or `name` (k8s.io/apimachinery pkg/util/validation IsQualifiedName). */
const qualifiedName = /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/

function keyCauses({ labels = {}, annotations = {} }: Metadata): Cause[] {
  const wrong = (field: string) => (key: string) => ({
    reason: 'FieldValueInvalid' as const,
    field,
    message: `Invalid value: ${JSON.stringify(key)}: name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character`,
  })
  const isWrong = (key: string) => !qualifiedName.test(key.toLowerCase())
  return [
    ...Object.keys(labels).filter(isWrong).map(wrong('metadata.labels')),
    ...Object.keys(annotations).filter(isWrong).map(wrong('metadata.annotations')),
  ]
}

/** Bytes of all annotations together (k8s.io/apimachinery TotalAnnotationSizeLimitB). */
const annotationLimitBytes = 256 * 1024

function sizeCauses({ annotations = {} }: Metadata): Cause[] {
  const size = Object.entries(annotations).reduce((sum, [key, value]) => sum + key.length + Buffer.byteLength(value), 0)
  if (size <= annotationLimitBytes) return []
  const message = `Too long: may not be more than ${annotationLimitBytes} bytes`
  return [{ reason: 'FieldValueTooLong', field: 'metadata.annotations', message }]
}

function labelCauses({ labels = {} }: Metadata): Cause[] {
  return Object.values(labels)
    .filter((value) => value.length > 63 || !labelValue.test(value))
    .map((value) => ({
      reason: 'FieldValueInvalid',
      field: 'metadata.labels',
      message: `Invalid value: ${JSON.stringify(value)}: a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character`,
    }))
}
