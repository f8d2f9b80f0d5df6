import type { KubeObject } from '../state/objects.ts'
import { readFields, readList, readText } from '../state/objects.ts'
import type { Column } from './resource.ts'

const second = 1000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour

/** Milliseconds as people read ages (k8s.io/apimachinery pkg/util/duration HumanDuration): `5d2h`, `17m`, `42s`. */
export function humanDuration(milliseconds: number): string {
  if (milliseconds < -second) return '<invalid>'
  if (milliseconds < 0) return '0s'
  const seconds = Math.floor(milliseconds / second)
  if (seconds < 120) return `${seconds}s`
  const minutes = Math.floor(milliseconds / minute)
  if (minutes < 10) return pair(minutes, 'm', seconds % 60, 's')
  if (minutes < 180) return `${minutes}m`
  const hours = Math.floor(milliseconds / hour)
  if (hours < 8) return pair(hours, 'h', minutes % 60, 'm')
  if (hours < 48) return `${hours}h`
  const days = Math.floor(milliseconds / day)
  if (hours < 192) return pair(days, 'd', hours % 24, 'h')
  if (hours < 24 * 365 * 2) return `${days}d`
  const years = Math.floor(days / 365)
  return hours < 24 * 365 * 8 ? pair(years, 'y', days % 365, 'd') : `${years}y`
}

function pair(big: number, bigUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${big}${bigUnit}` : `${big}${bigUnit}${small}${smallUnit}`
}

/** The age of an RFC 3339 time; `<unknown>` when there is none. */
export function since(time: string, now: Date): string {
  const start = Date.parse(time)
  return Number.isNaN(start) ? '<unknown>' : humanDuration(now.getTime() - start)
}

type Cell = (object: KubeObject, now: Date) => string | number

export function column(name: string, cell: Cell, priority: 0 | 1 = 0, description = ''): Column {
  return { name, type: 'string', priority, description, cell }
}

export function integer(name: string, cell: (object: KubeObject) => number, priority: 0 | 1 = 0): Column {
  return { name, type: 'integer', priority, description: '', cell }
}

export const wide = (name: string, cell: Cell): Column => column(name, cell, 1)

export const name: Column = {
  name: 'Name',
  type: 'string',
  format: 'name',
  priority: 0,
  description: 'Name must be unique within a namespace.',
  cell: (object) => object.metadata.name,
}

export const age: Column = column('Age', (object, now) => since(object.metadata.creationTimestamp, now))

export const createdAt: Column = column('Created At', (object) => object.metadata.creationTimestamp)

export const orNone = (text: string): string => (text === '' ? '<none>' : text)

/** `a=1,b=2` of a label map; `<none>` when it is empty. */
export function labelText(labels: Readonly<Record<string, unknown>>): string {
  return orNone(
    Object.keys(labels)
      .sort()
      .map((key) => `${key}=${String(labels[key])}`)
      .join(','),
  )
}

const templateContainers = (object: KubeObject) => readList(object, 'spec.template.spec.containers')

export const containers: Column = wide('Containers', (object) =>
  templateContainers(object)
    .map((container) => readText(container, 'name'))
    .join(','),
)

export const images: Column = wide('Images', (object) =>
  templateContainers(object)
    .map((container) => readText(container, 'image'))
    .join(','),
)

export const selector: Column = wide('Selector', (object) => labelText(readFields(object, 'spec.selector.matchLabels')))
