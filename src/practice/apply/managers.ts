import { isFields, readText, timestamp, type Fields, type KubeObject } from '../state/objects.ts'
import { decodeFields, encodeFields } from './fields.ts'

/** Who owns which fields (metav1.ManagedFieldsEntry). */
export interface Manager {
  readonly manager: string
  readonly operation: 'Apply' | 'Update'
  readonly apiVersion: string
  readonly subresource: string
  readonly time: string
  readonly fields: ReadonlySet<string>
}

export type Identity = Pick<Manager, 'manager' | 'operation' | 'apiVersion' | 'subresource'>

/** One manager is the same across versions of the API only when it applies. */
export function isSame(a: Identity, b: Identity): boolean {
  const named = a.manager === b.manager && a.operation === b.operation && a.subresource === b.subresource
  return named && (a.operation === 'Apply' || a.apiVersion === b.apiVersion)
}

export function managersOf(object: KubeObject | undefined): readonly Manager[] {
  return (object?.metadata.managedFields ?? []).filter(isFields).map((entry) => ({
    manager: readText(entry, 'manager'),
    operation: entry['operation'] === 'Apply' ? 'Apply' : 'Update',
    apiVersion: readText(entry, 'apiVersion'),
    subresource: readText(entry, 'subresource'),
    time: readText(entry, 'time'),
    fields: decodeFields(entry['fieldsV1']),
  }))
}

/** The object with these managers; those without fields are left out. */
export function withManagers(object: KubeObject, managers: readonly Manager[]): KubeObject {
  const { managedFields: _before, ...metadata } = object.metadata
  const entries = managers.filter(({ fields, operation }) => fields.size > 0 || operation === 'Apply').map(entryOf)
  return { ...object, metadata: { ...metadata, ...(entries.length === 0 ? {} : { managedFields: entries }) } }
}

function entryOf({ manager, operation, apiVersion, subresource, time, fields }: Manager): Fields {
  return {
    manager,
    operation,
    apiVersion,
    time,
    fieldsType: 'FieldsV1',
    fieldsV1: encodeFields(fields),
    ...(subresource === '' ? {} : { subresource }),
  }
}

/** The managers with `own` in the place of its earlier self; its time moves when its fields do. */
export function replaceManager(
  managers: readonly Manager[],
  own: Identity,
  fields: ReadonlySet<string>,
  now: Date,
): readonly Manager[] {
  const before = managers.find((one) => isSame(one, own))
  const others = managers.filter((one) => one !== before)
  const isUnchanged = before !== undefined && sameSet(before.fields, fields)
  return [...others, { ...own, time: isUnchanged ? before.time : timestamp(now), fields }]
}

const sameSet = (a: ReadonlySet<string>, b: ReadonlySet<string>) =>
  a.size === b.size && [...a].every((path) => b.has(path))
