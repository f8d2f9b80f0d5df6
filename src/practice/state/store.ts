import { randomUUID } from 'node:crypto'
import type { KubeObject, Metadata } from './objects.ts'

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
const historyLimit = 8192

/** First resource version: a number that looks like a cluster that has lived for a while. */
const firstRevision = 184_000

const orderKey = ({ metadata }: KubeObject) => nameKey(metadata.namespace, metadata.name)

const nameKey = (namespace: string | undefined, name: string) => `${namespace ?? ''}/${name}`

/** Objects of one resource by namespace and name, with those names in their order. */
interface Shelf {
  readonly objects: Map<string, KubeObject>
  readonly names: string[]
}

/** The state of the cluster: objects by resource, one counter of revisions, a bounded history, listeners. */
export class Store {
  readonly #shelves = new Map<string, Shelf>()
  /** Objects by the uid of an owner, as key of the resource, namespace and name. */
  readonly #owned = new Map<string, Map<string, readonly [string, Metadata]>>()
  readonly #history: Change[] = []
  readonly #listeners = new Set<(change: Change) => void>()
  #revision = firstRevision
  #forgotten = firstRevision

  get revision(): number {
    return this.#revision
  }

  get(key: string, namespace: string | undefined, name: string): KubeObject | undefined {
    return this.#shelves.get(key)?.objects.get(nameKey(namespace, name))
  }

  /** Objects of one resource in the order of namespace and name; of all namespaces when none is given. */
  list(key: string, namespace?: string): KubeObject[] {
    const { objects, names } = this.#shelves.get(key) ?? { objects: new Map<string, KubeObject>(), names: [] }
    const prefix = namespace === undefined ? '' : `${namespace}/`
    const found: KubeObject[] = []
    for (let at = placeOf(names, prefix); at < names.length; at += 1) {
      const name = names[at] ?? ''
      if (!name.startsWith(prefix)) break
      const object = objects.get(name)
      if (object !== undefined) found.push(object)
    }
    return found
  }

  /** The same as it was at an earlier revision; undefined when the history no longer reaches back that far. */
  listAt(key: string, namespace: string | undefined, revision: number): KubeObject[] | undefined {
    const since = this.changesSince(revision)
    if (since === undefined) return undefined
    const objects = new Map(this.list(key, namespace).map((object) => [orderKey(object), object]))
    for (const { key: changed, object, old } of since.toReversed()) {
      if (changed !== key || (namespace !== undefined && object.metadata.namespace !== namespace)) continue
      if (old === undefined) objects.delete(orderKey(object))
      else objects.set(orderKey(object), old)
    }
    return [...objects].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, object]) => object)
  }

  /** Every stored object with the key of its resource. */
  *all(): Generator<readonly [string, KubeObject]> {
    for (const [key, { objects }] of this.#shelves) for (const object of objects.values()) yield [key, object]
  }

  /** The objects that name this uid among their owners, each with the key of its resource. */
  ownedBy(uid: string): (readonly [string, KubeObject])[] {
    return [...(this.#owned.get(uid)?.values() ?? [])].flatMap(([key, { namespace, name }]) => {
      const object = this.get(key, namespace, name)
      return object === undefined ? [] : [[key, object] as const]
    })
  }

  /** Stores the object under its name with a new resourceVersion (and a uid when it has none); returns what is stored. */
  put(key: string, object: KubeObject): KubeObject {
    const { namespace, name } = object.metadata
    const old = this.get(key, namespace, name)
    const stored = this.#stamp(object, old)
    this.#shelve(key, nameKey(namespace, name), stored, old)
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
    const shelf = this.#shelves.get(key)
    if (old === undefined || shelf === undefined) return undefined
    const full = nameKey(namespace, name)
    shelf.objects.delete(full)
    shelf.names.splice(placeOf(shelf.names, full), 1)
    this.#disown(key, full, old)
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

  #shelve(key: string, full: string, object: KubeObject, old: KubeObject | undefined): void {
    const shelf = this.#shelves.get(key) ?? { objects: new Map<string, KubeObject>(), names: [] }
    this.#shelves.set(key, shelf)
    shelf.objects.set(full, object)
    if (old === undefined) shelf.names.splice(placeOf(shelf.names, full), 0, full)
    else this.#disown(key, full, old)
    for (const { uid } of object.metadata.ownerReferences ?? []) {
      const owned = this.#owned.get(uid) ?? new Map<string, readonly [string, Metadata]>()
      this.#owned.set(uid, owned.set(`${key} ${full}`, [key, object.metadata]))
    }
  }

  #disown(key: string, full: string, { metadata: { ownerReferences = [] } }: KubeObject): void {
    for (const { uid } of ownerReferences) {
      const owned = this.#owned.get(uid)
      owned?.delete(`${key} ${full}`)
      if (owned?.size === 0) this.#owned.delete(uid)
    }
  }

  /** Members stand in the order in which the API server writes them. */
  #stamp({ kind, apiVersion, metadata, ...rest }: KubeObject, old: KubeObject | undefined): KubeObject {
    this.#revision += 1
    const { name, generateName, namespace, uid: given, resourceVersion: _before, generation, ...others } = metadata
    const { creationTimestamp, ...more } = others
    const uid = old?.metadata.uid ?? (given || randomUUID())
    const ordered: Metadata = {
      name,
      ...(generateName === undefined ? {} : { generateName }),
      ...(namespace === undefined ? {} : { namespace }),
      uid,
      resourceVersion: String(this.#revision),
      ...(generation === undefined ? {} : { generation }),
      creationTimestamp,
      ...more,
    }
    return { kind, apiVersion, metadata: ordered, ...rest }
  }

  #publish(change: Change): void {
    this.#history.push(change)
    if (this.#history.length > historyLimit) this.#forgotten = this.#history.shift()?.revision ?? this.#forgotten
    for (const listener of this.#listeners) listener(change)
  }
}

/** The place of the first name that is not before this one. */
function placeOf(names: readonly string[], wanted: string): number {
  let [low, high] = [0, names.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((names[middle] ?? '') < wanted) low = middle + 1
    else high = middle
  }
  return low
}
