import { randomUUID } from 'node:crypto'
import { sameJson, timestamp, type KubeObject } from '../state/objects.ts'
import type { Cluster } from '../cluster.ts'

/** What controllers work on. */
export type World = Pick<Cluster, 'store' | 'registry' | 'runtime' | 'now'>

/** As much of it as writing objects needs. */
export type State = Pick<Cluster, 'store' | 'now'>

/** Objects of one resource that the owner controls. */
export function children({ store }: World, key: string, owner: KubeObject): KubeObject[] {
  return store.ownedBy(owner.metadata.uid).flatMap(([one, object]) => (one === key ? [object] : []))
}

/** Stores the object if it differs from what is stored. */
export function putChanged({ store }: State, key: string, object: KubeObject): void {
  const { namespace, name } = object.metadata
  if (!sameJson(store.get(key, namespace, name), object)) store.put(key, object)
}

export interface Note {
  readonly type: 'Normal' | 'Warning'
  readonly reason: string
  readonly message: string
  readonly component: string
  readonly count?: number
  /** When it was first and last seen; now when not given. */
  readonly first?: Date
  readonly last?: Date
}

let told = 0

/** Names of events end in their time in hexadecimal nanoseconds, so that lists come in its order. */
function eventSuffix(time: Date): string {
  told = (told + 1) % 1_000_000
  return (BigInt(time.getTime()) * 1_000_000n + BigInt(told)).toString(16)
}

/** An event about an object (core/v1 Event). */
export function eventAbout(about: KubeObject, note: Note, now: Date): KubeObject {
  const { namespace = 'default', name, uid, resourceVersion } = about.metadata
  const { type, reason, message, component, count = 1, first = now, last = now } = note
  const metadata = {
    name: `${name}.${eventSuffix(last)}`,
    namespace,
    uid: randomUUID(),
    resourceVersion: '',
    creationTimestamp: timestamp(first),
  }
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata,
    involvedObject: { kind: about.kind, apiVersion: about.apiVersion, namespace, name, uid, resourceVersion },
    type,
    reason,
    message,
    count,
    firstTimestamp: timestamp(first),
    lastTimestamp: timestamp(last),
    eventTime: null,
    reportingComponent: component,
    reportingInstance: '',
    source: { component },
  }
}

export function tell(world: World, about: KubeObject, note: Note): void {
  world.store.put('/events', eventAbout(about, note, world.now()))
}
