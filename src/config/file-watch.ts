import { unwatchFile, watchFile } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Fault, toFault } from '../model/fault.ts'

/** A mounted ConfigMap or a remote folder tells of no changes by itself, so files are looked at once a second. */
const intervalMs = 1000

/** A file and what is in it. */
export interface Source {
  readonly file: string
  readonly text: string
}

export interface Watched {
  readonly files: readonly string[]
  /** What they are together, for messages: `policy`. */
  readonly what: string
  readonly read: (files: readonly string[]) => Promise<readonly Source[]>
  readonly apply: (sources: readonly Source[]) => Promise<void>
  readonly failed: (fault: Fault) => Promise<void>
  readonly intervalMs?: number
}

/**
 * Reads all files anew and hands them to `apply` whenever one of them changes. When they cannot be read, or `apply` throws,
 * `failed` is told and nothing else happens: whoever uses the texts goes on with the old ones.
 */
export function watchFiles({
  files,
  what,
  read,
  apply,
  failed,
  intervalMs: interval = intervalMs,
}: Watched): Disposable {
  let turn = Promise.resolve()
  const reread = async () => {
    try {
      await apply(await settled(() => read(files), interval))
    } catch (thrown) {
      const fault = toFault(thrown)
      await failed(
        new Fault(fault.code, fault.message, {
          advice: `The ${what} before stays in force; correct the file in ${dirname(files[0] ?? '.')}.`,
          cause: thrown,
        }),
      )
    }
  }
  const changed = () => {
    turn = turn.then(reread)
  }
  for (const file of files) watchFile(file, { interval, persistent: false }, changed)
  return {
    [Symbol.dispose]() {
      for (const file of files) unwatchFile(file, changed)
    },
  }
}

/** A file that is being written may end before its denies do, so its text counts once it stays the same. */
async function settled(read: () => Promise<readonly Source[]>, interval: number): Promise<readonly Source[]> {
  let before = await read()
  for (;;) {
    await pause(interval, undefined, { ref: false })
    const now = await read()
    if (now.every(({ text }, index) => text === before[index]?.text)) return now
    before = now
  }
}
