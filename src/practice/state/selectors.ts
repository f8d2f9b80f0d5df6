import { badRequest } from '../failure.ts'
import type { KubeObject } from './objects.ts'
import type { Resource } from '../resources/resource.ts'

export type Matches = (object: KubeObject) => boolean

type Requirement = (labels: Readonly<Record<string, string>>) => boolean

const key = String.raw`[A-Za-z0-9][-A-Za-z0-9_./]*`
const value = String.raw`[-A-Za-z0-9_.]*`
const setForm = new RegExp(String.raw`^(${key})\s+(in|notin)\s*\(([^()]*)\)$`)
const equalForm = new RegExp(String.raw`^(${key})\s*(==|=|!=)\s*(${value})$`)
const orderForm = new RegExp(String.raw`^(${key})\s*([<>])\s*(-?[0-9]+)$`)
const existsForm = new RegExp(String.raw`^(!?)\s*(${key})$`)

/** A label selector (k8s.io/apimachinery pkg/labels): equality, set, existence and order forms; all must hold. */
export function labelSelector(text: string): Matches {
  const requirements = splitOutsideParentheses(text)
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map(requirement)
  return (object) => requirements.every((holds) => holds(object.metadata.labels ?? {}))
}

function splitOutsideParentheses(text: string): string[] {
  return text.split(/,(?![^(]*\))/)
}

function requirement(part: string): Requirement {
  const set = setForm.exec(part)
  if (set !== null) return setRequirement(set[1] ?? '', set[2] === 'in', set[3] ?? '')
  const equal = equalForm.exec(part)
  if (equal !== null) {
    const [, label = '', operator, wanted] = equal
    return (labels) => (labels[label] === wanted) !== (operator === '!=')
  }
  const order = orderForm.exec(part)
  if (order !== null) return orderRequirement(order[1] ?? '', order[2] === '<', Number(order[3]))
  const exists = existsForm.exec(part)
  if (exists === null) throw badRequest(`unable to parse requirement: ${unexpected(part)}`)
  const [, not, label = ''] = exists
  return (labels) => Object.hasOwn(labels, label) === (not === '')
}

/** What a reader of label selectors stumbles over, in its words (k8s.io/apimachinery pkg/labels Parser). */
function unexpected(part: string): string {
  const [, , rest = ''] = /^([A-Za-z0-9][-A-Za-z0-9_./]*)\s*(?:==|=|!=)\s*(.*)$/.exec(part) ?? []
  if (rest !== '') return `found '${rest[0] ?? ''}', expected: identifier`
  const [first = ''] = /^[A-Za-z0-9][-A-Za-z0-9_./]*/.exec(part) ?? []
  if (first === '') return `found '${part[0] ?? ''}', expected: !, identifier, or 'end of string'`
  return `found '${part.slice(first.length).trim()}', expected: in, notin, =, ==, !=, gt, lt`
}

function setRequirement(label: string, isIn: boolean, list: string): Requirement {
  const wanted = new Set(list.split(',').map((item) => item.trim()))
  return (labels) => {
    const given = labels[label]
    return (given !== undefined && wanted.has(given)) === isIn
  }
}

function orderRequirement(label: string, less: boolean, bound: number): Requirement {
  return (labels) => {
    const given = labels[label]
    if (given === undefined || !/^-?[0-9]+$/.test(given)) return false
    return less ? Number(given) < bound : Number(given) > bound
  }
}

/** One `field=value` or `field!=value` of a field selector, escapes resolved. */
interface FieldTerm {
  readonly field: string
  readonly value: string
  readonly negated: boolean
}

/** The terms of a field selector (k8s.io/apimachinery pkg/fields): `,` `=` and `\` in values are escaped by `\`. */
function fieldTerms(text: string): readonly FieldTerm[] {
  return splitUnescaped(text)
    .filter((part) => part !== '')
    .map((part) => {
      const found = /^([^=!]*)(==|!=|=)(.*)$/s.exec(part)
      if (found === null) {
        throw badRequest(`invalid selector: '${text}'; can't understand '${part}'`)
      }
      const [, field = '', operator, raw = ''] = found
      return { field, value: raw.replace(/\\(.)/gs, '$1'), negated: operator === '!=' }
    })
}

function splitUnescaped(text: string): string[] {
  const parts = ['']
  for (const piece of text.match(/\\.|[^\\]/gs) ?? []) {
    if (piece === ',') parts.push('')
    else parts[parts.length - 1] += piece
  }
  return parts
}

/** A field selector over the fields the resource supports; others are a 400 as upstream. */
export function fieldSelector(text: string, resource: Resource): Matches {
  const readers: Readonly<Record<string, (object: KubeObject) => string>> = {
    'metadata.name': (object) => object.metadata.name,
    ...(resource.namespaced ? { 'metadata.namespace': (object: KubeObject) => object.metadata.namespace ?? '' } : {}),
    ...resource.fields,
  }
  const tests = fieldTerms(text).map(({ field, value: wanted, negated }): Matches => {
    const reader = Object.hasOwn(readers, field) ? readers[field] : undefined
    if (reader === undefined) throw badRequest(`field label not supported: ${field}`)
    return (object) => (reader(object) === wanted) !== negated
  })
  return (object) => tests.every((holds) => holds(object))
}
