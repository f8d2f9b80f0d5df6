import { dirname } from 'node:path'
import { toFault, Fault } from '../model/fault.ts'

/** A mounted ConfigMap or a remote folder tells of no changes by itself, so files are looked at once a second. */
const intervalMs = 1000

/** A file and what is in it. */
export interface Source {
  readonly file: string
  readonly text: string
}

export interface Watched {
  readonly files: readonly string[]
  /** What they held when it was last in force. */
  readonly known: readonly Source[]
  /** What they are together, for messages: `policy`. */
  readonly what: string
  readonly read: (files: readonly string[]) => Promise<readonly Source[]>
  readonly apply: (sources: readonly Source[]) => Promise<void>
  readonly failed: (fault: Fault) => Promise<void>
  readonly intervalMs?: number
}

/**
 * Hands the texts of all files to `apply` whenever one of them is another than it was, and stayed so for an interval: a file that
 * is being written may end before its denies do. When they cannot be read, or `apply` throws, `failed` is told once and whoever
 * uses the texts goes on with the old ones. A text that is wrong is not tried again; what failed for another reason (a full disk
 * under the journal) is, at every interval: who was taken from a list must not stay because nobody could note it down.
 */
export function watchFiles({ files, known, what, read, apply, failed, ...rest }: Watched): Disposable {
  let inForce = textOf(known)
  let before = inForce
  let refused: string | undefined
  let told: string | undefined
  const look = async () => {
    const sources = await read(files)
    const text = textOf(sources)
    const isWritten = text === before
    before = text
    if (!isWritten || text === refused) return
    if (text !== inForce) {
      refused = text
      await apply(sources).catch((thrown: unknown) => {
        if (!isWrong(toFault(thrown))) refused = undefined
        throw thrown
      })
      inForce = text
    }
    refused = undefined
    told = undefined
  }
  const tell = async (thrown: unknown) => {
    const { code, message } = toFault(thrown)
    if (message === told) return
    told = message
    const advice = `The ${what} before stays in force; correct the file in ${dirname(files[0] ?? '.')}.`
    await failed(new Fault(code, message, { advice, cause: thrown }))
  }
  let isLooking = false
  const timer = setInterval(() => {
    if (isLooking) return
    isLooking = true
    void look()
      .catch(tell)
      .finally(() => {
        isLooking = false
      })
  }, rest.intervalMs ?? intervalMs)
  timer.unref()
  // The built-in policy is in no file, and nothing takes its place.
  if (files.length === 0) clearInterval(timer)
  return { [Symbol.dispose]: () => clearInterval(timer) }
}

function textOf(sources: readonly Source[]): string {
  return JSON.stringify(sources.map(({ text }) => text))
}

function isWrong({ code }: Fault): boolean {
  return code === 'ERR_CONFIG' || code === 'ERR_POLICY'
}
