import { readNumber, readText, type KubeObject } from '../state/objects.ts'
import { column, name, since, wide } from './columns.ts'
import { resource } from './resource.ts'

export const events = resource({
  plural: 'events',
  kind: 'Event',
  shortNames: ['ev'],
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
