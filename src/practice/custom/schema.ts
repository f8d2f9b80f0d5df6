import type { ListSchema, ObjectSchema, Schema } from '../schema/schema.ts'
import { isFields, readTexts, type Fields } from '../state/objects.ts'

/** The structural schema of a custom resource (apiextensions.k8s.io/v1 JSONSchemaProps) as patches and apply need it. */
function structural(given: unknown): Schema {
  const props = isFields(given) ? given : {}
  const described = typeof props['description'] === 'string' ? { description: props['description'] } : {}
  if (props['x-kubernetes-int-or-string'] === true) return { ...described, type: 'int-or-string' }
  switch (props['type']) {
    case 'object':
      return { ...described, ...objectSchema(props) }
    case 'array':
      return { ...described, ...listSchema(props) }
    case 'string':
    case 'integer':
    case 'number':
    case 'boolean':
      return { ...described, type: props['type'] }
    default:
      return { ...described, type: 'any' }
  }
}

function objectSchema(props: Fields): ObjectSchema {
  const properties = isFields(props['properties']) ? props['properties'] : {}
  const additional = props['additionalProperties']
  const keeps = props['x-kubernetes-preserve-unknown-fields'] === true
  return {
    type: 'object',
    properties: Object.fromEntries(Object.entries(properties).map(([name, one]) => [name, structural(one)])),
    required: readTexts(props, 'required'),
    ...(isFields(additional)
      ? { additional: structural(additional) }
      : keeps || additional === true
        ? { additional: true }
        : {}),
    ...(props['x-kubernetes-map-type'] === 'atomic' ? { mapType: 'atomic' as const } : {}),
  }
}

function listSchema(props: Fields): ListSchema {
  const listType = props['x-kubernetes-list-type']
  return {
    type: 'array',
    items: structural(props['items']),
    ...(listType === 'set' || listType === 'map' ? { listType } : {}),
    ...(listType === 'map' ? { mapKeys: readTexts(props, 'x-kubernetes-list-map-keys') } : {}),
  }
}

/** The schema of a whole custom object: metadata and type are every object's. */
export function wholeSchema(given: unknown): Schema {
  const schema = structural(given)
  const metadata: ObjectSchema = {
    type: 'object',
    additional: true,
    properties: { finalizers: { type: 'array', items: { type: 'string' }, listType: 'set' } },
  }
  const text = { type: 'string' as const }
  const own = { apiVersion: text, kind: text, metadata }
  if (schema.type !== 'object') return { type: 'object', properties: own, additional: true }
  return { ...schema, properties: { ...schema.properties, ...own } }
}
