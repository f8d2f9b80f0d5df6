import { isFields, type Fields } from '../state/objects.ts'

/**
 * The value without fields that its schema does not name, and with the defaults of those that are absent
 * (apiextensions.k8s.io/v1, "pruning" and "defaulting"). `dropped` learns of each field that goes.
 */
export function shaped(value: unknown, schema: unknown, path: string, dropped: (path: string) => void): unknown {
  const props = isFields(schema) ? schema : {}
  if (Array.isArray(value)) {
    return value.map((item: unknown, index) => shaped(item, props['items'], `${path}[${index}]`, dropped))
  }
  if (!isFields(value)) return value
  const properties = isFields(props['properties']) ? props['properties'] : {}
  const additional = props['additionalProperties']
  const keeps = props['x-kubernetes-preserve-unknown-fields'] === true || additional === true
  const isOpen = props['type'] === undefined && !('properties' in props)
  const result: Fields = {}
  for (const [name, inner] of Object.entries(value)) {
    const at = path === '' ? name : `${path}.${name}`
    const isMeta = path === '' || props['x-kubernetes-embedded-resource'] === true
    if (isMeta && (name === 'metadata' || name === 'apiVersion' || name === 'kind')) result[name] = inner
    else if (Object.hasOwn(properties, name)) result[name] = shaped(inner, properties[name], at, dropped)
    else if (isFields(additional)) result[name] = shaped(inner, additional, at, dropped)
    else if (keeps || isOpen) result[name] = inner
    else dropped(at)
  }
  for (const [name, one] of Object.entries(properties)) {
    if (!Object.hasOwn(result, name) && isFields(one) && one['default'] !== undefined) {
      result[name] = shaped(one['default'], one, `${path}.${name}`, dropped)
    }
  }
  return result
}
