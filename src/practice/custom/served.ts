import { age, name, since } from '../resources/columns.ts'
import { resource, scaleSubresource, statusSubresource, type Column, type Resource } from '../resources/resource.ts'
import {
  isFields,
  read,
  readFields,
  readList,
  readText,
  readTexts,
  type Fields,
  type KubeObject,
} from '../state/objects.ts'
import { jsonPath } from './jsonpath.ts'
import { shaped } from './prune.ts'
import { wholeSchema } from './schema.ts'
import { schemaCauses } from './validate.ts'

/** True once the names of a definition were accepted and it is served. */
export function isEstablished(definition: KubeObject): boolean {
  return readList(definition, 'status.conditions').some(
    (condition) => condition['type'] === 'Established' && condition['status'] === 'True',
  )
}

/** The resources of a definition, one for each version it serves; the stored one first. */
export function resourcesOf(definition: KubeObject): Resource[] {
  const versions = readList(definition, 'spec.versions')
  const ordered = [...versions].sort((a, b) => Number(b['storage'] === true) - Number(a['storage'] === true))
  const stored = readText(ordered[0], 'name')
  return ordered.filter((version) => version['served'] === true).map((version) => served(definition, version, stored))
}

function served(definition: KubeObject, version: Fields, storedVersion: string): Resource {
  const group = readText(definition, 'spec.group')
  const names = readFields(definition, 'spec.names')
  const versionName = readText(version, 'name')
  const schema = readFields(version, 'schema.openAPIV3Schema')
  const hasStatus = isFields(read(version, 'subresources.status'))
  const hasScale = isFields(read(version, 'subresources.scale'))
  const to = (apiVersion: string) => (object: KubeObject) => ({ ...object, apiVersion })
  return resource({
    group,
    version: versionName,
    plural: readText(names, 'plural'),
    singular: readText(names, 'singular') || readText(names, 'kind').toLowerCase(),
    kind: readText(names, 'kind'),
    shortNames: readTexts(names, 'shortNames'),
    categories: readTexts(names, 'categories'),
    namespaced: readText(definition, 'spec.scope') === 'Namespaced',
    generations: true,
    subresources: [...(hasStatus ? [statusSubresource] : []), ...(hasScale ? [scaleSubresource] : [])],
    columns: columnsOf(version),
    fields: Object.fromEntries(
      readList(version, 'selectableFields').map((one) => {
        const path = readText(one, 'jsonPath')
        return [path.replace(/^\./, ''), (object: KubeObject) => textOf(jsonPath(object, path)[0])]
      }),
    ),
    schema: wholeSchema(schema),
    custom: { schema, ...(hasScale ? { scale: readFields(version, 'subresources.scale') } : {}) },
    ...(versionName === storedVersion
      ? {}
      : { conversion: { toServed: to(`${group}/${versionName}`), toStored: to(`${group}/${storedVersion}`) } }),
    complete: (object) => shaped(object, schema, '', () => {}) as KubeObject,
    validate: (object) => schemaCauses(object, schema, ''),
  })
}

function columnsOf(version: Fields): Column[] {
  const extra = readList(version, 'additionalPrinterColumns').map((given): Column => {
    const path = readText(given, 'jsonPath')
    const type = readText(given, 'type')
    return {
      name: readText(given, 'name'),
      type: type === 'integer' ? 'integer' : 'string',
      priority: Number(given['priority'] ?? 0) > 0 ? 1 : 0,
      description: readText(given, 'description'),
      cell: (object, now) => cellOf(jsonPath(object, path), type, now),
    }
  })
  return extra.length === 0 ? [name, age] : [name, ...extra]
}

function cellOf(values: readonly unknown[], type: string, now: Date): string | number {
  const [value] = values
  if (value === undefined || value === null) return ''
  if (type === 'date') return since(textOf(value), now)
  if (type === 'integer' && typeof value === 'number') return value
  return values.map(textOf).join(',')
}

function textOf(value: unknown): string {
  if (value === undefined || value === null) return ''
  return typeof value === 'string' ? value : JSON.stringify(value)
}
