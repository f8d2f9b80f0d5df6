import type { Schema } from '../schema/schema.ts'
import { isFields, sameJson, type Fields } from '../state/objects.ts'
import { stepsOf, type Step } from './fields.ts'
import { fieldSchema, isAtomicMap, itemSchema, keysOf, listShape } from './shape.ts'

/** The live value with what was applied: objects and keyed lists are joined, all else is replaced. */
export function mergeApplied(live: unknown, applied: unknown, schema?: Schema, name = ''): unknown {
  if (isFields(live) && isFields(applied) && (name === '' || !isAtomicMap(name, schema))) {
    const merged: Fields = { ...live }
    for (const [key, value] of Object.entries(applied)) {
      merged[key] = Object.hasOwn(live, key) ? mergeApplied(live[key], value, fieldSchema(schema, key), key) : value
    }
    return merged
  }
  if (!Array.isArray(live) || !Array.isArray(applied)) return applied
  const shape = listShape(name, [...live, ...applied], schema)
  if (shape.kind === 'atomic') return applied
  if (shape.kind === 'set') return [...live, ...applied.filter((item) => !live.some((one) => sameJson(one, item)))]
  const same = (a: unknown, b: unknown) => sameJson(keysOf(a, shape.keys), keysOf(b, shape.keys))
  const joined = live.map((item: unknown) => {
    const counterpart = applied.find((one) => same(one, item))
    return counterpart === undefined ? item : mergeApplied(item, counterpart, itemSchema(schema))
  })
  return [...joined, ...applied.filter((item) => !live.some((one) => same(one, item)))]
}

/** The value without the field at a path; objects that become empty by it go too. */
export function withoutField(value: unknown, path: string): unknown {
  return removed(value, stepsOf(path))
}

function removed(value: unknown, [step = '', ...rest]: readonly Step[]): unknown {
  if (Array.isArray(value)) {
    const at = value.findIndex((item) => isAt(item, step))
    if (at < 0) return value
    if (rest.length === 0) return value.filter((_item, index) => index !== at)
    return value.map((item: unknown, index) => (index === at ? removed(item, rest) : item))
  }
  const key = step.slice(2)
  if (!isFields(value) || !Object.hasOwn(value, key)) return value
  const { [key]: inner, ...others } = value
  if (rest.length === 0) return others
  const left = removed(inner, rest)
  const isEmpty = isFields(left) && Object.keys(left).length === 0 && isFields(inner) && Object.keys(inner).length > 0
  const isEmptied = Array.isArray(left) && left.length === 0 && Array.isArray(inner) && inner.length > 0
  return isEmpty || isEmptied ? others : { ...value, [key]: left }
}

function isAt(item: unknown, step: Step): boolean {
  if (step.startsWith('v:')) return JSON.stringify(item) === step.slice(2)
  if (!step.startsWith('k:')) return false
  const keys = JSON.parse(step.slice(2)) as Fields
  return sameJson(keysOf(item, Object.keys(keys)), keys)
}
