import type { Cause } from '../failure.ts'
import { isFields, read, readTexts, sameJson, type Fields } from '../state/objects.ts'

/** What is wrong with a value by its schema, in the words of k8s.io/apiextensions-apiserver pkg/apiserver/validation. */
export function schemaCauses(value: unknown, schema: unknown, path: string): Cause[] {
  if (!isFields(schema)) return []
  if (value === null) return schema['nullable'] === true ? [] : [wrongType(path, schema['type'], 'null')]
  const type = typeCause(value, schema, path)
  if (type !== undefined) return [type]
  return [
    ...scalarCauses(value, schema, path),
    ...objectCauses(value, schema, path),
    ...listCauses(value, schema, path),
    ...combined(value, schema, path),
  ]
}

const cause = (field: string, message: string): Cause => ({ reason: 'FieldValueInvalid', field, message })

const shown = (value: unknown) => JSON.stringify(value)

function wrongType(path: string, type: unknown, given: string): Cause {
  return cause(path, `Invalid value: ${shown(given)}: ${path} in body must be of type ${String(type)}: ${shown(given)}`)
}

function nameOf(value: unknown): string {
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number'
  return typeof value
}

function typeCause(value: unknown, schema: Fields, path: string): Cause | undefined {
  const given = nameOf(value)
  if (schema['x-kubernetes-int-or-string'] === true) {
    return given === 'integer' || given === 'string' ? undefined : wrongType(path, 'integer,string', given)
  }
  const type = schema['type']
  if (type === undefined || type === given || (type === 'number' && given === 'integer')) return undefined
  return wrongType(path, type, given)
}

function scalarCauses(value: unknown, schema: Fields, path: string): Cause[] {
  const causes: Cause[] = []
  const allowed = schema['enum']
  if (Array.isArray(allowed) && !allowed.some((one) => sameJson(one, value))) {
    const list = allowed.map((one) => shown(one)).join(', ')
    causes.push({
      reason: 'FieldValueNotSupported',
      field: path,
      message: `Unsupported value: ${shown(value)}: supported values: ${list}`,
    })
  }
  const must = (holds: boolean, words: string) => {
    if (!holds) causes.push(cause(path, `Invalid value: ${shown(value)}: ${path} in body should ${words}`))
  }
  if (typeof value === 'number') {
    const { minimum, maximum, multipleOf } = schema
    const under = schema['exclusiveMinimum'] === true ? 'be greater than' : 'be greater than or equal to'
    const over = schema['exclusiveMaximum'] === true ? 'be less than' : 'be less than or equal to'
    if (typeof minimum === 'number')
      must(schema['exclusiveMinimum'] === true ? value > minimum : value >= minimum, `${under} ${minimum}`)
    if (typeof maximum === 'number')
      must(schema['exclusiveMaximum'] === true ? value < maximum : value <= maximum, `${over} ${maximum}`)
    if (typeof multipleOf === 'number') must(value % multipleOf === 0, `be a multiple of ${multipleOf}`)
  }
  if (typeof value === 'string') {
    const { minLength, maxLength, pattern } = schema
    if (typeof minLength === 'number') must([...value].length >= minLength, `be at least ${minLength} chars long`)
    if (typeof maxLength === 'number') must([...value].length <= maxLength, `be at most ${maxLength} chars long`)
    if (typeof pattern === 'string') must(matches(pattern, value), `match '${pattern}'`)
    if (schema['format'] === 'date-time') must(!Number.isNaN(Date.parse(value)), 'be a valid date-time')
  }
  return causes
}

/** RE2 and JavaScript agree on what schemas use; a pattern that JavaScript cannot read matches everything. */
function matches(pattern: string, value: string): boolean {
  try {
    return new RegExp(pattern, 'u').test(value)
  } catch {
    return true
  }
}

function objectCauses(value: unknown, schema: Fields, path: string): Cause[] {
  if (!isFields(value)) return []
  const properties = isFields(schema['properties']) ? schema['properties'] : {}
  const below = (name: string) => (path === '' ? name : `${path}.${name}`)
  const missing = readTexts(schema, 'required')
    .filter((name) => !Object.hasOwn(value, name))
    .map((name): Cause => ({ reason: 'FieldValueRequired', field: below(name), message: 'Required value' }))
  const { minProperties, maxProperties } = schema
  const count = Object.keys(value).length
  const sizes = [
    ...(typeof minProperties === 'number' && count < minProperties
      ? [cause(path, `Invalid value: ${count}: ${path} in body should have at least ${minProperties} properties`)]
      : []),
    ...(typeof maxProperties === 'number' && count > maxProperties
      ? [cause(path, `Too many: ${count}: must have at most ${maxProperties} items`)]
      : []),
  ]
  const inner = Object.entries(value).flatMap(([name, one]) => {
    if (path === '' && ['metadata', 'apiVersion', 'kind'].includes(name)) return []
    const own = Object.hasOwn(properties, name) ? properties[name] : schema['additionalProperties']
    return schemaCauses(one, own, below(name))
  })
  return [...missing, ...sizes, ...inner]
}

function listCauses(value: unknown, schema: Fields, path: string): Cause[] {
  if (!Array.isArray(value)) return []
  const { minItems, maxItems } = schema
  const sizes = [
    ...(typeof minItems === 'number' && value.length < minItems
      ? [cause(path, `Invalid value: ${value.length}: ${path} in body should have at least ${minItems} items`)]
      : []),
    ...(typeof maxItems === 'number' && value.length > maxItems
      ? [cause(path, `Too many: ${value.length}: must have at most ${maxItems} items`)]
      : []),
  ]
  const inner = value.flatMap((item: unknown, index) => schemaCauses(item, schema['items'], `${path}[${index}]`))
  return [...sizes, ...inner, ...duplicates(value, schema, path)]
}

function duplicates(value: readonly unknown[], schema: Fields, path: string): Cause[] {
  const keys = readTexts(schema, 'x-kubernetes-list-map-keys')
  const kind = schema['x-kubernetes-list-type']
  if (kind !== 'set' && kind !== 'map') return []
  const idOf = (item: unknown) => JSON.stringify(kind === 'set' ? item : keys.map((key) => read(item, key) ?? null))
  const ids = value.map(idOf)
  return ids.flatMap((id, index) =>
    ids.indexOf(id) < index
      ? [{ reason: 'FieldValueDuplicate' as const, field: `${path}[${index}]`, message: `Duplicate value: ${id}` }]
      : [],
  )
}

function combined(value: unknown, schema: Fields, path: string): Cause[] {
  const fits = (one: unknown) => schemaCauses(value, one, path).length === 0
  const list = (name: string) => (Array.isArray(schema[name]) ? (schema[name] as unknown[]) : undefined)
  const [all, any, one] = [list('allOf'), list('anyOf'), list('oneOf')]
  const said = (words: string) => cause(path, `Invalid value: "": ${shown(path)} must validate ${words}`)
  return [
    ...(all?.flatMap((each) => schemaCauses(value, each, path)) ?? []),
    ...(any !== undefined && !any.some(fits) ? [said('at least one schema (anyOf)')] : []),
    ...(one !== undefined && one.filter(fits).length !== 1 ? [said('one and only one schema (oneOf)')] : []),
    ...(isFields(schema['not']) && fits(schema['not'])
      ? [cause(path, `Invalid value: "": ${shown(path)} must not validate the schema (not)`)]
      : []),
  ]
}
