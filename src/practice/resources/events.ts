import { read, readNumber, readText, type Fields, type KubeObject } from '../state/objects.ts'
import { column, name, since, wide } from './columns.ts'
import { resource } from './resource.ts'

const fields = {
  plural: 'events',
  kind: 'Event',
  shortNames: ['ev'],
}

export const events = resource({
  ...fields,
  columns: [
    column('Last Seen', (event, now) =>
      since(readText(event, 'lastTimestamp') || event.metadata.creationTimestamp, now),
    ),
    column('Type', (event) => readText(event, 'type')),
    column('Reason', (event) => readText(event, 'reason')),
    column('Object', (event) => {
      const kind = readText(event, 'involvedObject.kind').toLowerCase()
      return `${kind}/${readText(event, 'involvedObject.name')}`
    }),
    wide('Subobject', (event) => readText(event, 'involvedObject.fieldPath')),
    wide('Source', (event) =>
      [readText(event, 'source.component'), readText(event, 'source.host')].filter((text) => text !== '').join(', '),
    ),
    column('Message', (event) => readText(event, 'message').trim()),
    wide('First Seen', (event, now) =>
      since(readText(event, 'firstTimestamp') || event.metadata.creationTimestamp, now),
    ),
    wide('Count', (event) => readNumber(event, 'count', 1)),
    { ...name, priority: 1 },
  ],
  fields: {
    ...Object.fromEntries(
      ['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'].map((field) => [
        `involvedObject.${field}`,
        (event: KubeObject) => readText(event, `involvedObject.${field}`),
      ]),
    ),
    reason: (event) => readText(event, 'reason'),
    reportingComponent: (event) => readText(event, 'reportingComponent'),
    source: (event) => readText(event, 'source.component'),
    type: (event) => readText(event, 'type'),
  },
})

/** The same events as events.k8s.io/v1 names their parts (k8s.io/api events/v1 types.go). */
const renamed = [
  ['message', 'note'],
  ['involvedObject', 'regarding'],
  ['source', 'deprecatedSource'],
  ['firstTimestamp', 'deprecatedFirstTimestamp'],
  ['lastTimestamp', 'deprecatedLastTimestamp'],
  ['count', 'deprecatedCount'],
  ['reportingComponent', 'reportingController'],
] as const

function rename(event: KubeObject, apiVersion: string, names: ReadonlyMap<string, string>): KubeObject {
  const pairs = Object.entries(event).map(([field, value]) => [names.get(field) ?? field, value] as const)
  return { ...(Object.fromEntries(pairs) as KubeObject), apiVersion }
}

const toNew = new Map<string, string>(renamed.map(([old, now]) => [old, now]))
const toOld = new Map<string, string>(renamed.map(([old, now]) => [now, old]))

const regarding = (field: string) => (event: KubeObject) => readText(event, `regarding.${field}`)

export const eventsV1 = resource({
  ...fields,
  group: 'events.k8s.io',
  storedAs: '/events',
  conversion: {
    toServed: (stored) => rename(stored, 'events.k8s.io/v1', toNew),
    toStored: (served) => rename(served, 'v1', toOld),
  },
  columns: [
    column('Last Seen', (event, now) => since(lastSeen(event), now)),
    column('Type', (event) => readText(event, 'type')),
    column('Reason', (event) => readText(event, 'reason')),
    column('Object', (event) => `${regarding('kind')(event).toLowerCase()}/${regarding('name')(event)}`),
    column('Message', (event) => readText(event, 'note').trim()),
    { ...name, priority: 1 },
  ],
  fields: {
    ...Object.fromEntries(
      ['kind', 'namespace', 'name', 'uid'].map((field) => [`regarding.${field}`, regarding(field)]),
    ),
    reason: (event) => readText(event, 'reason'),
    type: (event) => readText(event, 'type'),
  },
})

function lastSeen(event: KubeObject): string {
  const series: Fields | undefined = read(event, 'series') as Fields | undefined
  return (
    readText(series, 'lastObservedTime') ||
    readText(event, 'deprecatedLastTimestamp') ||
    event.metadata.creationTimestamp
  )
}
