import { randomUUID } from 'node:crypto'
import { timestamp, type Fields, type KubeObject, type Metadata } from '../state/objects.ts'
import { groupVersion, resourceKey, type Resource } from '../resources/resource.ts'
import type { Store } from '../state/store.ts'

const dayMs = 24 * 3600 * 1000

export type Given = Partial<Pick<Metadata, 'namespace' | 'labels' | 'annotations'>> & {
  readonly name: string
  /** Age in days at the start of the cluster. */
  readonly days: number
}

/** Puts seed objects into a store, aged relative to now and completed as the API server would. */
export class Planter {
  readonly store: Store
  readonly now: Date

  constructor(store: Store, now: Date) {
    this.store = store
    this.now = now
  }

  ago(days: number): Date {
    return new Date(this.now.getTime() - days * dayMs)
  }

  plant(resource: Resource, { days, ...given }: Given, fields: Fields): KubeObject {
    const metadata: Metadata = {
      ...given,
      uid: randomUUID(),
      resourceVersion: '',
      creationTimestamp: timestamp(this.ago(days)),
      ...(resource.generations ? { generation: 1 } : {}),
    }
    const object = { apiVersion: groupVersion(resource), kind: resource.kind, metadata, ...fields }
    return this.store.put(resourceKey(resource), resource.complete(object, this.now))
  }
}
