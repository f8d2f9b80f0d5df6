import { isFields, sameJson } from '../state/objects.ts'

type Step =
  | { readonly name: string }
  | { readonly index: number }
  | { readonly all: true }
  | { readonly field: string; readonly value: unknown }

/** The values of a simple JSONPath as printer columns use it: `.spec.x`, `['a.b']`, `[0]`, `[*]`, `[?(@.type=="Ready")]`. */
export function jsonPath(root: unknown, path: string): unknown[] {
  return stepsOf(path).reduce<unknown[]>((values, step) => values.flatMap((value) => follow(value, step)), [root])
}

function stepsOf(path: string): Step[] {
  const grammar =
    /\.?([A-Za-z_$][\w-]*(?:\\\.[\w-]+)*)|\['([^']*)'\]|\[(\d+)\]|(\[\*\]|\.\*)|\[\?\(@\.([\w.]+)\s*==\s*("[^"]*"|'[^']*'|[\w.]+)\)\]/gy
  return [...path.replace(/^\$/, '').matchAll(grammar)].map(([, name, quoted, index, all, field, value]): Step => {
    if (index !== undefined) return { index: Number(index) }
    if (all !== undefined) return { all: true }
    if (field !== undefined) return { field, value: parsed(value ?? '') }
    return { name: (name ?? quoted ?? '').replaceAll('\\.', '.') }
  })
}

function parsed(text: string): unknown {
  if (/^['"]/.test(text)) return text.slice(1, -1)
  if (text === 'true' || text === 'false') return text === 'true'
  return Number.isNaN(Number(text)) ? text : Number(text)
}

function follow(value: unknown, step: Step): unknown[] {
  if ('name' in step) return isFields(value) && Object.hasOwn(value, step.name) ? [value[step.name]] : []
  if ('index' in step) return Array.isArray(value) && step.index < value.length ? [value[step.index]] : []
  if ('all' in step) return Array.isArray(value) ? value : isFields(value) ? Object.values(value) : []
  const items: unknown[] = Array.isArray(value) ? value : []
  return items.filter((item) => jsonPath(item, `.${step.field}`).some((one) => sameJson(one, step.value)))
}
