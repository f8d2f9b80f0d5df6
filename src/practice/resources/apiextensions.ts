import type { Cause } from '../failure.ts'
import { isFields, readFields, readList, readText, type KubeObject } from '../state/objects.ts'
import { createdAt, name } from './columns.ts'
import { required, wrong } from './podspec.ts'
import { resource, statusSubresource } from './resource.ts'

function validate(definition: KubeObject): Cause[] {
  const spec = readFields(definition, 'spec')
  const group = readText(spec, 'group')
  const names = readFields(spec, 'names')
  const wanted = `${readText(names, 'plural')}.${group}`
  const versions = readList(spec, 'versions')
  const stored = versions.filter((version) => version['storage'] === true)
  return [
    ...(definition.metadata.name === wanted
      ? []
      : [wrong('metadata.name', definition.metadata.name, 'must be spec.names.plural+"."+spec.group')]),
    ...(group === '' ? [required('spec.group')] : []),
    ...(['plural', 'kind'] as const)
      .filter((field) => readText(names, field) === '')
      .map((field) => required(`spec.names.${field}`)),
    ...(['Namespaced', 'Cluster'].includes(readText(spec, 'scope')) ? [] : [unsupportedScope(readText(spec, 'scope'))]),
    ...(stored.length === 1
      ? []
      : [
          wrong(
            'spec.versions',
            versions.map((version) => readText(version, 'name')),
            'must have exactly one version marked as storage version',
          ),
        ]),
    ...versions.flatMap((version, index) => schemaCauses(readFields(version, 'schema'), index)),
    ...(readText(spec, 'conversion.strategy') === 'Webhook'
      ? [wrong('spec.conversion.strategy', 'Webhook', 'the practice cluster calls no webhooks: use None')]
      : []),
  ]
}

function unsupportedScope(scope: string): Cause {
  const message = `Unsupported value: ${JSON.stringify(scope)}: supported values: "Cluster", "Namespaced"`
  return { reason: 'FieldValueNotSupported', field: 'spec.scope', message }
}

function schemaCauses(schema: Record<string, unknown>, index: number): Cause[] {
  const path = `spec.versions[${index}].schema.openAPIV3Schema`
  const root = schema['openAPIV3Schema']
  if (!isFields(root)) return [{ ...required(path), message: 'Required value: schemas are required' }]
  if (root['type'] !== 'object') {
    const given = JSON.stringify(root['type'] ?? '')
    return [{ ...wrong(`${path}.type`, '', ''), message: `Invalid value: ${given}: must be object at the root` }]
  }
  return []
}

export const customResourceDefinitions = resource({
  group: 'apiextensions.k8s.io',
  plural: 'customresourcedefinitions',
  kind: 'CustomResourceDefinition',
  shortNames: ['crd', 'crds'],
  categories: ['api-extensions'],
  namespaced: false,
  generations: true,
  subresources: [statusSubresource],
  columns: [name, createdAt],
  complete: (definition) => {
    const spec = readFields(definition, 'spec')
    const names = readFields(spec, 'names')
    const kind = readText(names, 'kind')
    return {
      ...definition,
      spec: {
        conversion: { strategy: 'None' },
        ...spec,
        names: { listKind: `${kind}List`, singular: kind.toLowerCase(), ...names },
      },
      status: isFields(definition['status'])
        ? definition['status']
        : { acceptedNames: { kind: '', plural: '' }, conditions: [], storedVersions: [] },
    }
  },
  validate,
})
