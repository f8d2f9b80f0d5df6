import type { KubeObject } from './objects.ts'
import type { Change, Store } from './store.ts'

/** What answers need of a store. */
export type ObjectStore = Pick<
  Store,
  'revision' | 'get' | 'list' | 'listAt' | 'all' | 'ownedBy' | 'put' | 'remove' | 'changesSince' | 'subscribe'
>

/** How the stored form of an object and the form of one served version become each other. */
export interface Conversion {
  toServed(stored: KubeObject, now: Date): KubeObject
  toStored(served: KubeObject): KubeObject
  /** Which stored objects are served at all; all when not given. */
  includes?(stored: KubeObject): boolean
}

/** A store seen through one version of one of its resources; all others look as they are. */
export class ServedStore implements ObjectStore {
  readonly #store: Store
  readonly #key: string
  readonly #conversion: Conversion
  readonly #now: () => Date

  constructor(store: Store, key: string, conversion: Conversion, now: () => Date) {
    this.#store = store
    this.#key = key
    this.#conversion = conversion
    this.#now = now
  }

  get revision(): number {
    return this.#store.revision
  }

  get(key: string, namespace: string | undefined, name: string): KubeObject | undefined {
    const found = this.#store.get(key, namespace, name)
    return found === undefined || !this.#includes(key, found) ? undefined : this.#served(key, found)
  }

  list(key: string, namespace?: string): KubeObject[] {
    const stored = this.#store.list(key, namespace).filter((object) => this.#includes(key, object))
    return stored.map((object) => this.#served(key, object))
  }

  listAt(key: string, namespace: string | undefined, revision: number): KubeObject[] | undefined {
    const stored = this.#store.listAt(key, namespace, revision)?.filter((object) => this.#includes(key, object))
    return stored?.map((object) => this.#served(key, object))
  }

  all(): ReturnType<Store['all']> {
    return this.#store.all()
  }

  ownedBy(uid: string): ReturnType<Store['ownedBy']> {
    return this.#store.ownedBy(uid)
  }

  put(key: string, object: KubeObject): KubeObject {
    return this.#served(key, this.#store.put(key, key === this.#key ? this.#conversion.toStored(object) : object))
  }

  remove(key: string, namespace: string | undefined, name: string): KubeObject | undefined {
    const removed = this.#store.remove(key, namespace, name)
    return removed === undefined ? undefined : this.#served(key, removed)
  }

  changesSince(revision: number): readonly Change[] | undefined {
    return this.#store.changesSince(revision)?.map((change) => this.#change(change))
  }

  subscribe(listener: (change: Change) => void): () => void {
    return this.#store.subscribe((change) => listener(this.#change(change)))
  }

  #includes(key: string, object: KubeObject): boolean {
    return key !== this.#key || (this.#conversion.includes?.(object) ?? true)
  }

  #served(key: string, object: KubeObject): KubeObject {
    return key === this.#key ? this.#conversion.toServed(object, this.#now()) : object
  }

  #change(change: Change): Change {
    if (change.key !== this.#key) return change
    const { object, old } = change
    const served = { ...change, object: this.#conversion.toServed(object, this.#now()) }
    return old === undefined ? served : { ...served, old: this.#conversion.toServed(old, this.#now()) }
  }
}
