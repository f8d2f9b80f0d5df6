import { annotation, type AuditEvent } from '../model/audit.ts'
import { Fault } from '../model/fault.ts'
import type { JournalPort } from './port.ts'

export interface QuotaOptions {
  /** Bytes of lines that one subject may cause in `perMs`. */
  readonly bytes: number
  readonly perMs: number
  readonly now: () => number
}

/** What one subject's lines have used of its share, as of a moment. */
interface Used {
  readonly bytes: number
  readonly at: number
}

/** Chain fields and what JSON adds around an event's own texts. */
const OVERHEAD_BYTES = 1024
/** Characters of a text whose length in JSON is guessed. */
const SHORT_TEXT = 256
/** Subjects that are remembered; more than that are too many for one broker. */
const MAX_SUBJECTS = 10_000

/** Refusals for want of a share, and requests without an identity beyond theirs, are written once in so many ms. */
const TELL_EVERY_MS = 60_000
const anonymous = 'system:anonymous'

/** A gigabyte an hour: 250 requests a second, all day, is more than people and pipelines ask. */
export const defaultQuota = { bytes: 1024 ** 3, perMs: 3_600_000 } as const

/**
 * A journal in which each subject has a share that refills evenly, so that one that asks without end cannot fill the disk
 * and so stop all others. Only new requests are refused; what was begun is always written to its end. Of what was refused
 * for want of a share, and of requests without an identity beyond theirs, one line a minute stays.
 */
export function withQuota(journal: JournalPort, options: QuotaOptions): JournalPort {
  const { bytes: share, perMs, now } = options
  const used = new Map<string, Used>()
  const told = new Map<string, number>()
  const isNews = (name: string) => {
    if (now() - (told.get(name) ?? Number.NEGATIVE_INFINITY) < TELL_EVERY_MS) return false
    if (told.size >= MAX_SUBJECTS) told.clear()
    told.set(name, now())
    return true
  }
  const level = (name: string) => {
    const known = used.get(name)
    return known === undefined ? 0 : Math.max(0, known.bytes - ((now() - known.at) * share) / perMs)
  }
  return {
    append(event, durability) {
      const name = event.user.username
      const before = level(name)
      if (event.stage === 'RequestReceived' && durability !== 'reserved' && before >= share) {
        return Promise.reject(overQuota(name))
      }
      const isSurplus = event.annotations[annotation.reason] === 'over-quota' || (name === anonymous && before >= share)
      if (isSurplus && !isNews(name)) return Promise.resolve()
      used.delete(name)
      used.set(name, { bytes: before + sizeOf(event), at: now() })
      const [oldest] = used.keys()
      if (used.size > MAX_SUBJECTS && oldest !== undefined) used.delete(oldest)
      return journal.append(event, durability)
    },
  }
}

/** About the bytes of its line; exact is not needed, and writing the JSON twice would cost more than the rest. */
function sizeOf({ requestURI, userAgent, objectRef, responseStatus, annotations }: AuditEvent): number {
  let bytes = OVERHEAD_BYTES + lengthOf(requestURI) + lengthOf(userAgent) + lengthOf(responseStatus?.message ?? '')
  for (const value of Object.values(annotations)) bytes += lengthOf(value)
  for (const value of Object.values(objectRef ?? {})) bytes += lengthOf(value)
  return bytes
}

/** In JSON a quote takes two bytes: short texts are taken to be made of them, long ones are looked at. */
function lengthOf(text: string): number {
  return text.length > SHORT_TEXT ? Buffer.byteLength(JSON.stringify(text)) : text.length * 2
}

function overQuota(name: string): Fault {
  return new Fault('ERR_QUOTA', `${name} has caused more journal lines than one subject may.`, {
    advice: 'Ask less often; the share refills by itself within the hour.',
  })
}
