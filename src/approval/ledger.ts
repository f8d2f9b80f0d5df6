import { Fault, toFault } from '../model/fault.ts'
import type { HeldRequest } from '../model/held.ts'
import type { Collection, Entry } from '../store/port.ts'
import { fateAfterRestart, type Kept } from './kept.ts'

/** Ended requests that stay listed; the journal has them all. */
const MAX_ENDED = 200

/** Every held request with its revision in the store: kept first, then told. */
export class Ledger {
  readonly #collection: Collection<Kept>
  readonly #cluster: string
  readonly #entries = new Map<string, { held: HeldRequest; revision: number }>()
  readonly #listeners = new Set<(held: HeldRequest) => void>()
  /** Requests whose permission was taken away here while the store could not keep that. */
  readonly #owed = new Set<string>()

  private constructor(collection: Collection<Kept>, cluster: string, entries: readonly Entry<Kept>[]) {
    this.#collection = collection
    this.#cluster = cluster
    for (const { key, revision, value } of entries) this.#entries.set(key, { held: value.held, revision })
  }

  /** Reads what an earlier broker left, and settles what cannot go on. */
  static async open(collection: Collection<Kept>, cluster: string, now: Date): Promise<Ledger> {
    const entries = await collection.list()
    const settled = []
    for (const { key, revision, value } of entries) {
      const fate = fateAfterRestart(value, cluster, now)
      const held: HeldRequest = { ...value.held, ...fate }
      const kept = fate === undefined ? revision : (await collection.put(key, { ...value, held }, revision)).revision
      settled.push({ key, revision: kept, value: { ...value, held } })
    }
    return new Ledger(collection, cluster, settled)
  }

  list(): readonly HeldRequest[] {
    const all = Array.from(this.#entries.values(), ({ held }) => held)
    return all.toSorted((a, b) => (a.createdAt < b.createdAt ? -1 : a.createdAt > b.createdAt ? 1 : 0))
  }

  has(id: string): boolean {
    return this.#entries.has(id)
  }

  get(id: string): HeldRequest {
    const entry = this.#entries.get(id)
    if (entry === undefined) {
      throw new Fault('ERR_NOT_FOUND', `There is no held request ${id}.`, { advice: 'chaperone held list shows all.' })
    }
    return entry.held
  }

  async add(held: HeldRequest): Promise<void> {
    await this.settle()
    await this.#forget()
    const { revision } = await this.#collection.put(held.id, { held, cluster: this.#cluster }, 0)
    this.#entries.set(held.id, { held, revision })
    this.#tell(held)
  }

  /** Rejects with ERR_STATE, and then nothing has changed. */
  async change(id: string, change: Partial<HeldRequest>): Promise<HeldRequest> {
    const held = await this.note(id, change)
    this.#tell(held)
    return held
  }

  /** The same for what no screen shows: it is kept, and not announced. */
  async note(id: string, change: Partial<HeldRequest>): Promise<HeldRequest> {
    await this.settle()
    const held = { ...this.get(id), ...change }
    await this.#keep(held)
    return held
  }

  /**
   * For changes that only take permission away: they hold in this broker even when the store cannot keep them. `failure`
   * is why it could not; the store gets them before it gets anything else.
   */
  async revoke(id: string, change: Partial<HeldRequest>): Promise<{ held: HeldRequest; failure?: Fault }> {
    try {
      return { held: await this.change(id, change) }
    } catch (thrown) {
      const held = { ...this.get(id), ...change }
      this.#entries.set(id, { held, revision: this.#entries.get(id)?.revision ?? 0 })
      this.#owed.add(id)
      this.#tell(held)
      return { held, failure: toFault(thrown) }
    }
  }

  /** Gives the store what it could not keep before. Rejects with ERR_STATE while it still cannot. */
  async settle(): Promise<void> {
    for (const id of this.#owed) {
      await this.#keep(this.get(id))
      this.#owed.delete(id)
    }
  }

  subscribe(listener: (held: HeldRequest) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  async #keep(held: HeldRequest): Promise<void> {
    const seen = this.#entries.get(held.id)?.revision ?? 0
    const { revision } = await this.#collection.put(held.id, { held, cluster: this.#cluster }, seen)
    this.#entries.set(held.id, { held, revision })
  }

  #tell(held: HeldRequest): void {
    for (const listener of this.#listeners) listener(held)
  }

  async #forget(): Promise<void> {
    const ended = this.list().filter(
      ({ state }) => state !== 'pending' && state !== 'approved' && state !== 'executing',
    )
    for (const { id } of ended.slice(0, Math.max(0, ended.length - MAX_ENDED + 1))) {
      await this.#collection.delete(id, this.#entries.get(id)?.revision ?? 0)
      this.#entries.delete(id)
    }
  }
}
