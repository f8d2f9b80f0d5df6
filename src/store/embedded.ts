import { join } from 'node:path'
import { Low } from 'lowdb'
import { z } from 'zod'
import { Fault } from '../model/fault.ts'
import { broken, DocumentFile, makeFolder } from './document-file.ts'
import type { Change, Collection, Entry, Store } from './port.ts'

const nameGrammar = /^[a-z][a-z-]{0,62}$/

const documentSchema = z.strictObject({
  format: z.literal('chaperone-store/1'),
  /** The latest revision that was given out, so that deleting never lets one come back. */
  revision: z.number().int().min(0),
  entries: z.array(z.strictObject({ key: z.string(), revision: z.number().int().min(1), value: z.unknown() })),
})
type Document = z.infer<typeof documentSchema>

/**
 * State of one broker on one machine: a file for each collection in `folder`. The files belong to one process (the
 * journal's lock sees to that), so memory and file agree.
 *
 * @throws Fault ERR_STATE when the folder cannot be made; a collection is refused when its file is broken.
 */
export async function openStore(options: { readonly folder: string }): Promise<Store> {
  await makeFolder(options.folder)
  const names = new Set<string>()
  const opened: { settled(): Promise<void> }[] = []
  return {
    async collection<T>(name: string, parse: (value: unknown) => T): Promise<Collection<T>> {
      if (!nameGrammar.test(name)) throw new Fault('ERR_INTERNAL', `A collection cannot be called ${name}.`)
      if (names.has(name)) throw new Fault('ERR_INTERNAL', `The collection ${name} is already open.`)
      names.add(name)
      const collection = await openCollection(join(options.folder, `${name}.json`), parse)
      opened.push(collection)
      return collection
    },
    async close() {
      await Promise.all(opened.map((collection) => collection.settled()))
    },
  }
}

async function openCollection<T>(path: string, parse: (value: unknown) => T): Promise<FileCollection<T>> {
  const database = new Low<unknown>(new DocumentFile(path), null)
  await database.read()
  if (database.data === null) return new FileCollection<T>(database, 0, [])
  const document = documentSchema.safeParse(database.data)
  if (!document.success) throw broken(path, 'does not have the shape that Chaperone writes', document.error)
  try {
    const entries = document.data.entries.map(({ key, revision, value }) => ({ key, revision, value: parse(value) }))
    return new FileCollection<T>(database, document.data.revision, entries)
  } catch (cause) {
    throw broken(path, 'holds a value that cannot be read', cause)
  }
}

class FileCollection<T> implements Collection<T> {
  readonly #database: Low<unknown>
  readonly #listeners = new Set<(change: Change<T>) => void>()
  #revision: number
  #entries: ReadonlyMap<string, Entry<T>>
  #queue: Promise<unknown> = Promise.resolve()

  constructor(database: Low<unknown>, revision: number, entries: readonly Entry<T>[]) {
    this.#database = database
    this.#revision = revision
    this.#entries = new Map(entries.map((entry) => [entry.key, entry]))
  }

  async get(key: string): Promise<Entry<T> | undefined> {
    return this.#entries.get(key)
  }

  async list(): Promise<readonly Entry<T>[]> {
    return [...this.#entries.values()].toSorted((a, b) => a.revision - b.revision)
  }

  async put(key: string, value: T, seen: number): Promise<Entry<T>> {
    const kept = structuredClone(value)
    return this.#serially(async () => {
      this.#assertSeen(key, seen)
      const entry: Entry<T> = { key, revision: this.#revision + 1, value: kept }
      await this.#keep(new Map(this.#entries).set(key, entry))
      this.#announce(entry)
      return entry
    })
  }

  async delete(key: string, seen: number): Promise<void> {
    return this.#serially(async () => {
      this.#assertSeen(key, seen)
      if (seen === 0) return
      const entries = new Map(this.#entries)
      entries.delete(key)
      await this.#keep(entries)
      this.#announce({ key, revision: this.#revision, value: undefined })
    })
  }

  subscribe(listener: (change: Change<T>) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Resolves when every write that was asked for has ended. */
  async settled(): Promise<void> {
    await this.#queue
  }

  #assertSeen(key: string, seen: number): void {
    const revision = this.#entries.get(key)?.revision ?? 0
    if (revision !== seen) {
      throw new Fault('ERR_CONFLICT', `${key} has changed meanwhile: its revision is ${revision}, not ${seen}.`)
    }
  }

  /** The file first: when it cannot be written, memory stays as it was. */
  async #keep(entries: ReadonlyMap<string, Entry<T>>): Promise<void> {
    const revision = this.#revision + 1
    const document: Document = { format: 'chaperone-store/1', revision, entries: [...entries.values()] }
    this.#database.data = document
    await this.#database.write()
    this.#revision = revision
    this.#entries = entries
  }

  #announce(change: Change<T>): void {
    for (const listener of this.#listeners) listener(change)
  }

  #serially<R>(work: () => Promise<R>): Promise<R> {
    const result = this.#queue.then(work)
    this.#queue = result.catch(() => undefined)
    return result
  }
}
