import { Fault } from '../../src/model/fault.ts'
import type { Change, Collection, Entry, Store } from '../../src/store/port.ts'

/** The Store port without a disk, for tests that count steps and break writes on purpose. */
export class MemoryStore implements Store {
  readonly #collections = new Map<string, MemoryCollection>()
  /** While true every write is refused, as on a full disk. */
  full = false

  async collection<T>(name: string, parse: (value: unknown) => T): Promise<Collection<T>> {
    const collection = this.#collections.get(name) ?? new MemoryCollection(() => this.full)
    this.#collections.set(name, collection)
    for (const { value } of await collection.list()) parse(value)
    return collection as Collection<unknown> as Collection<T>
  }

  /** What a broker finds that starts now, however the one before ended; that one can write no more. */
  afterCrash(): MemoryStore {
    const next = new MemoryStore()
    for (const [name, collection] of this.#collections)
      next.#collections.set(
        name,
        collection.copy(() => next.full),
      )
    this.full = true
    return next
  }

  async close(): Promise<void> {}
}

class MemoryCollection implements Collection<unknown> {
  readonly #full: () => boolean
  readonly #entries = new Map<string, Entry<unknown>>()
  readonly #listeners = new Set<(change: Change<unknown>) => void>()
  #revision = 0

  constructor(full: () => boolean) {
    this.#full = full
  }

  copy(full: () => boolean): MemoryCollection {
    const other = new MemoryCollection(full)
    for (const [key, entry] of this.#entries) other.#entries.set(key, entry)
    other.#revision = this.#revision
    return other
  }

  async get(key: string): Promise<Entry<unknown> | undefined> {
    return this.#entries.get(key)
  }

  async list(): Promise<readonly Entry<unknown>[]> {
    return [...this.#entries.values()].toSorted((a, b) => a.revision - b.revision)
  }

  async put(key: string, value: unknown, seen: number): Promise<Entry<unknown>> {
    this.#assertMay(key, seen)
    const entry = { key, revision: ++this.#revision, value: JSON.parse(JSON.stringify(value)) as unknown }
    this.#entries.set(key, entry)
    this.#tell(entry)
    return entry
  }

  async delete(key: string, seen: number): Promise<void> {
    this.#assertMay(key, seen)
    this.#entries.delete(key)
    this.#tell({ key, revision: ++this.#revision, value: undefined })
  }

  subscribe(listener: (change: Change<unknown>) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #assertMay(key: string, seen: number): void {
    if (this.#full()) throw new Fault('ERR_STATE', 'The disk is full.')
    if ((this.#entries.get(key)?.revision ?? 0) !== seen) throw new Fault('ERR_CONFLICT', `${key} has changed.`)
  }

  #tell(change: Change<unknown>): void {
    for (const listener of this.#listeners) listener(change)
  }
}
