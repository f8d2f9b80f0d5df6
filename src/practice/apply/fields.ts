import type { Schema } from '../schema/schema.ts'
import { isFields, sameJson, type Fields } from '../state/objects.ts'
import { fieldSchema, isAtomicMap, itemSchema, keysOf, listShape } from './shape.ts'

/** A step of a path as fieldsV1 writes it: `f:name`, `k:{"name":"a"}`, `v:"x"`. */
export type Step = string

/** A set of fields: paths, each its steps joined by a character no step holds. */
export type FieldSet = ReadonlySet<string>

const joint = '\0'

const pathOf = (steps: readonly Step[]): string => steps.join(joint)
export const stepsOf = (path: string): Step[] => path.split(joint)

/** Fields that belong to nobody. */
const unowned: ReadonlySet<string> = new Set([
  ...['f:apiVersion', 'f:kind', 'f:metadata'],
  ...['name', 'generateName', 'namespace', 'uid', 'resourceVersion', 'generation', 'creationTimestamp', 'managedFields']
    .concat(['deletionTimestamp', 'deletionGracePeriodSeconds', 'selfLink'])
    .map((name) => pathOf(['f:metadata', `f:${name}`])),
])

/** The fields that an object has, with their values. */
export function fieldsOf(object: unknown, schema?: Schema): Map<string, unknown> {
  const found = new Map<string, unknown>()
  visit(object, '', schema, [], (steps, value) => {
    const path = pathOf(steps)
    if (!unowned.has(path)) found.set(path, value)
  })
  return found
}

type Note = (steps: readonly Step[], value: unknown) => void

function visit(value: unknown, name: string, schema: Schema | undefined, steps: readonly Step[], note: Note): void {
  if (Array.isArray(value)) visitList(value, name, schema, steps, note)
  else if (isFields(value) && !(steps.length > 0 && isAtomicMap(name, schema))) {
    const entries = Object.entries(value)
    if (entries.length === 0 && steps.length > 0) note(steps, value)
    for (const [key, inner] of entries) {
      visit(inner, key, fieldSchema(schema, key), [...steps, `f:${key}`], note)
    }
  } else note(steps, value)
}

function visitList(
  value: readonly unknown[],
  name: string,
  schema: Schema | undefined,
  steps: readonly Step[],
  note: Note,
): void {
  const shape = listShape(name, value, schema)
  if (shape.kind === 'atomic' || value.length === 0) {
    note(steps, value)
    return
  }
  for (const item of value) {
    if (shape.kind === 'set') note([...steps, `v:${JSON.stringify(item)}`], item)
    else {
      const step = `k:${JSON.stringify(keysOf(item, shape.keys))}`
      note([...steps, step], keysOf(item, shape.keys))
      visit(item, '', itemSchema(schema), [...steps, step], note)
    }
  }
}

/** Fields of `after` that `before` does not have, or has with another value. */
export function changedFields(before: ReadonlyMap<string, unknown>, after: ReadonlyMap<string, unknown>): Set<string> {
  const changed = new Set<string>()
  for (const [path, value] of after) {
    if (!before.has(path) || !sameJson(before.get(path), value)) changed.add(path)
  }
  return changed
}

/** fieldsV1 of a set (k8s.io/apimachinery pkg/apis/meta/v1 FieldsV1). */
export function encodeFields(fields: FieldSet): Fields {
  const root: Fields = {}
  for (const path of [...fields].sort()) {
    let place = root
    const steps = stepsOf(path)
    for (const [index, step] of steps.entries()) {
      const known = place[step]
      const next: Fields = isFields(known) ? known : {}
      place[step] = next
      place = next
      if (index === steps.length - 1) next['.'] = {}
    }
  }
  return trimmed(root)
}

/** A member with nothing below it needs no mark of its own. */
function trimmed(fields: Fields): Fields {
  return Object.fromEntries(
    Object.entries(fields).map(([step, inner]) => {
      const below = isFields(inner) ? inner : {}
      const isLeaf = Object.keys(below).every((key) => key === '.')
      return [step, isLeaf ? {} : trimmed(below)]
    }),
  )
}

/** The set of a fieldsV1; what cannot be read is left out. */
export function decodeFields(fields: unknown): Set<string> {
  const found = new Set<string>()
  const walk = (value: unknown, steps: readonly Step[]) => {
    const entries = isFields(value) ? Object.entries(value) : []
    if (entries.length === 0 && steps.length > 0) found.add(pathOf(steps))
    for (const [step, inner] of entries) {
      if (step === '.') found.add(pathOf(steps))
      else walk(inner, [...steps, step])
    }
  }
  walk(fields, [])
  return found
}

/** A path as conflicts name it: `.spec.containers[name="main"].image`. */
export function pathText(path: string): string {
  return stepsOf(path)
    .map((step) => {
      if (step.startsWith('f:')) return `.${step.slice(2)}`
      if (step.startsWith('v:')) return `[=${step.slice(2)}]`
      const keys = JSON.parse(step.slice(2)) as Fields
      return `[${Object.entries(keys)
        .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
        .join(',')}]`
    })
    .join('')
}
