import { z } from 'zod'
import { toFault, type Fault } from '../model/fault.ts'
import type { Collection } from '../store/port.ts'
import type { KeptSpent } from './spent-tokens.ts'

/** Name in the store, and of its only entry. */
export const spentCollection = 'spent-tokens'
const entry = 'all'

const hashes = z.array(z.string().regex(/^[0-9a-f]{64}$/))

/** Checks what an earlier broker left. Throws when it is not as it was written: a token that was thrown out would be back. */
export function parseSpent(value: unknown): readonly string[] {
  return hashes.parse(value)
}

/** The hashes of spent tokens in the store; `settled` once they are there. What cannot be kept is told, and tried again with the next change. */
export async function keptSpent(
  collection: Collection<readonly string[]>,
  failed: (fault: Fault) => void,
): Promise<KeptSpent & { settled(): Promise<void> }> {
  const before = await collection.get(entry)
  let revision = before?.revision ?? 0
  let latest: readonly string[] = []
  let writing: Promise<void> | undefined
  const write = async () => {
    try {
      for (let written: readonly string[] | undefined; written !== latest;) {
        written = latest
        revision = (await collection.put(entry, written, revision)).revision
      }
    } catch (thrown) {
      failed(toFault(thrown))
    } finally {
      writing = undefined
    }
  }
  return {
    known: before?.value ?? [],
    keep(all) {
      latest = all
      writing ??= write()
    },
    settled: async () => writing,
  }
}
