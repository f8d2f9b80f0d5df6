import { randomUUID } from 'node:crypto'
import type { KubeObject } from './objects.ts'

export type ChangeType = 'ADDED' | 'MODIFIED' | 'DELETED'

/** One change of the cluster's state, in the order of `revision`. */
export interface Change {
  readonly revision: number
  /** `group/plural`, see resourceKey. */
  readonly key: string
  readonly type: ChangeType
  /** The object after the change; for DELETED its last state, with the deletion's resourceVersion. */
  readonly object: KubeObject
  /** The object before the change, when there was one. */
  readonly old?: KubeObject
}

/** Changes kept for watches that resume; older resource versions answer 410 Expired. Bounds memory. */
const historyLimit = 4096

/** First resource version: a number that looks like a cluster that has lived for a while. */
const firstRevision = 184_000

const nameKey = (namespace: string | undefined, name: string) => `${namespace ?? ''}/${name}`

/** The state of the cluster: objects by resource, one counter of revisions, a bounded history, listeners. */
export class Store {
  readonly #objects = new Map<string, Map<string, KubeObject>>()
  readonly #history: Change[] = []
  readonly #listeners = new Set<(change: Change) => void>()
  #revision = firstRevision
  #forgotten = firstRevision

  get revision(): number {
    return this.#revision
  }

  get(key: string, namespace: string | undefined, name: string): KubeObject | undefined {
    return this.#objects.get(key)?.get(nameKey(namespace, name))
  }

  /** Objects of one resource in the order of namespace and name; of all namespaces when none is given. */
  list(key: string, namespace?: string): KubeObject[] {
    const objects = [...(this.#objects.get(key)?.values() ?? [])]
    const wanted = namespace === undefined ? objects : objects.filter((one) => one.metadata.namespace === namespace)
    return wanted.sort((a, b) => compare(orderKey(a), orderKey(b)))
  }

  /** Every stored object with the key of its resource. */
  *all(): Generator<readonly [string, KubeObject]> {
    for (const [key, objects] of this.#objects) for (const object of objects.values()) yield [key, object]
  }

  /** Stores the object under its name with a new resourceVersion (and a uid when it has none); returns what is stored. */
  put(key: string, object: KubeObject): KubeObject {
    const { namespace, name } = object.metadata
    const old = this.get(key, namespace, name)
    const stored = this.#stamp(object, old)
    const objects = this.#objects.get(key) ?? new Map<string, KubeObject>()
    this.#objects.set(key, objects.set(nameKey(namespace, name), stored))
    this.#publish({
      revision: this.#revision,
      key,
      type: old === undefined ? 'ADDED' : 'MODIFIED',
      object: stored,
      ...(old === undefined ? {} : { old }),
    })
    return stored
  }

  /** Removes the object; returns its last state, undefined when there was none. */
  remove(key: string, namespace: string | undefined, name: string): KubeObject | undefined {
    const old = this.get(key, namespace, name)
    if (old === undefined) return undefined
    this.#objects.get(key)?.delete(nameKey(namespace, name))
    const object = this.#stamp(old, old)
    this.#publish({ revision: this.#revision, key, type: 'DELETED', object, old })
    return object
  }

  /** Changes after `revision`, oldest first; undefined when the history no longer reaches back that far. */
  changesSince(revision: number): readonly Change[] | undefined {
    if (revision < this.#forgotten) return undefined
    return this.#history.filter((change) => change.revision > revision)
  }

  /** Calls back on every change, after it is stored; returns the unsubscribe function. */
  subscribe(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #stamp(object: KubeObject, old: KubeObject | undefined): KubeObject {
    this.#revision += 1
    const uid = old?.metadata.uid ?? (object.metadata.uid || randomUUID())
    return { ...object, metadata: { ...object.metadata, uid, resourceVersion: String(this.#revision) } }
  }

  #publish(change: Change): void {
    this.#history.push(change)
    if (this.#history.length > historyLimit) this.#forgotten = this.#history.shift()?.revision ?? this.#forgotten
    for (const listener of this.#listeners) listener(change)
  }
}

const orderKey = ({ metadata }: KubeObject) => nameKey(metadata.namespace, metadata.name)

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)
