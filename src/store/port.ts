/** One kept value. `revision` grows with every change in the collection and is never used twice. */
export interface Entry<T> {
  readonly key: string
  readonly revision: number
  readonly value: T
}

/** A change that is already durable; `value` is undefined when the key was deleted. */
export interface Change<T> {
  readonly key: string
  readonly revision: number
  readonly value: T | undefined
}

/**
 * Values of one kind, by key. Writers compare and set: a write names the revision it has seen, 0 for "not there yet",
 * and rejects with ERR_CONFLICT when another writer was faster. Every call rejects with ERR_STATE when the state cannot
 * be kept; then nothing has changed.
 */
export interface Collection<T> {
  get(key: string): Promise<Entry<T> | undefined>
  /** In the order of their revisions, oldest change first. */
  list(): Promise<readonly Entry<T>[]>
  /** Resolves once the value is durable. */
  put(key: string, value: T, seen: number): Promise<Entry<T>>
  delete(key: string, seen: number): Promise<void>
  /** Tells of every change after it is durable, in order. Returns the unsubscribe function. */
  subscribe(listener: (change: Change<T>) => void): () => void
}

/** State that outlives a broker. Values are JSON: what is read back equals what `JSON.stringify` kept. */
export interface Store {
  /** `name` is lower-case letters and dashes. `parse` checks a kept value; when it throws, the collection is refused. */
  collection<T>(name: string, parse: (value: unknown) => T): Promise<Collection<T>>
  close(): Promise<void>
}
