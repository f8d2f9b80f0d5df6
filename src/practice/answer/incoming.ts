import { randomBytes } from 'node:crypto'
import { badRequest, invalid, type Cause } from '../failure.ts'
import { isFields, type Fields, type KubeObject, type Metadata } from '../state/objects.ts'
import { groupVersion } from '../resources/resource.ts'
import type { Route } from './route.ts'

/** Characters of generated names: no vowels, so no words (k8s.io/apimachinery pkg/util/rand). */
const suffixLetters = 'bcdfghjklmnpqrstvwxz2456789'

/** `length` random characters as Kubernetes appends to generated names. */
export function nameSuffix(length: number): string {
  return Array.from(randomBytes(length), (byte) => suffixLetters[byte % suffixLetters.length]).join('')
}

/** A decoded body as an object of the route's kind and namespace; 400 when they contradict each other. */
export function incomingObject(body: unknown, route: Route): KubeObject {
  const { resource, namespace } = route
  if (!isFields(body)) throw badRequest('the request body must be an object')
  const expected = groupVersion(resource)
  const { kind = resource.kind, apiVersion = expected } = body
  if (kind !== resource.kind || apiVersion !== expected) {
    const given = `${String(kind)} in version "${String(apiVersion)}"`
    throw badRequest(
      `${given} cannot be handled as a ${resource.kind}: it does not match ${resource.kind} of ${expected}`,
    )
  }
  const metadata = isFields(body['metadata']) ? body['metadata'] : {}
  checkNamespace(metadata, namespace)
  return { ...body, apiVersion: expected, kind: resource.kind, metadata: completeMetadata(metadata, namespace) }
}

function checkNamespace(metadata: Fields, namespace: string | undefined): void {
  const given = metadata['namespace']
  if (given === undefined || given === '' || given === namespace) return
  throw badRequest('the namespace of the provided object does not match the namespace sent on the request')
}

const text = (value: unknown) => (typeof value === 'string' ? value : '')

function completeMetadata(given: Fields, namespace: string | undefined): Metadata {
  const { labels, annotations, namespace: _namespace, ...rest } = given
  const prefix = text(given['generateName'])
  return {
    ...rest,
    name: text(given['name']) || (prefix === '' ? '' : prefix + nameSuffix(5)),
    uid: text(given['uid']),
    resourceVersion: text(given['resourceVersion']),
    creationTimestamp: text(given['creationTimestamp']),
    ...(namespace === undefined ? {} : { namespace }),
    ...(isFields(labels) ? { labels: checkedTexts(labels, 'labels') } : {}),
    ...(isFields(annotations) ? { annotations: checkedTexts(annotations, 'annotations') } : {}),
  }
}

function checkedTexts(map: Fields, field: string): Record<string, string> {
  const entries = Object.entries(map).map(([key, value]) => {
    if (typeof value !== 'string') throw badRequest(`metadata.${field}[${key}] must be a string`)
    return [key, value] as const
  })
  return Object.fromEntries(entries)
}

const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/
const label = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/
const labelValue = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/

/** Names and labels must be well formed (RFC 1123; RBAC names may be any path segment). */
export function checkMetadata(object: KubeObject, route: Route): void {
  const causes = [...nameCauses(object.metadata.name, route), ...labelCauses(object.metadata)]
  if (causes.length > 0) throw invalid(route.resource, object.metadata.name, causes)
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

function labelCauses({ labels = {} }: Metadata): Cause[] {
  return Object.values(labels)
    .filter((value) => value.length > 63 || !labelValue.test(value))
    .map((value) => ({
      reason: 'FieldValueInvalid',
      field: 'metadata.labels',
      message: `Invalid value: ${JSON.stringify(value)}: a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character`,
    }))
}
