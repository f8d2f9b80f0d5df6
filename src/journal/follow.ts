import { open, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { AuditEvent } from '../model/audit.ts'
import { parseLine } from './line.ts'
import { compileQuery, type JournalQuery } from './query.ts'
import { listSegments, segmentName } from './segments.ts'

/** Lines are on disk within 100 ms: looking that often, a reader is at most that much later. */
const pollMs = 100
const newline = 0x0a

/**
 * Events that are written from now on, until `signal` aborts. Lines that do not parse are left out, as by `searchJournal`.
 *
 * @throws Fault ERR_USAGE for a query that cannot be read, ERR_JOURNAL when the folder cannot be.
 */
export async function* followJournal(
  folder: string,
  query: JournalQuery,
  signal: AbortSignal,
): AsyncGenerator<AuditEvent> {
  const matches = compileQuery(query)
  let segment = (await listSegments(folder)).at(-1) ?? 0
  let at = segment === 0 ? 0 : (await stat(join(folder, segmentName(segment)))).size
  let rest = Buffer.alloc(0)
  while (!signal.aborted) {
    const bytes = segment === 0 ? Buffer.alloc(0) : await readFrom(join(folder, segmentName(segment)), at)
    at += bytes.length
    rest = Buffer.concat([rest, bytes])
    const end = rest.lastIndexOf(newline) + 1
    for (const text of rest.subarray(0, end).toString('utf8').split('\n')) {
      const line = parseLine(text)
      if (line !== undefined && 'event' in line && matches(line.event)) yield line.event
    }
    rest = rest.subarray(end)
    if (bytes.length > 0) continue
    const next = (await listSegments(folder)).find((number) => number > segment)
    if (next === undefined) await pause(pollMs, undefined, { signal }).catch(() => {})
    else [segment, at, rest] = [next, 0, Buffer.alloc(0)]
  }
}

async function readFrom(path: string, at: number): Promise<Buffer> {
  await using file = await open(path, 'r')
  const { bytesRead, buffer } = await file.read({ position: at, buffer: Buffer.alloc(256 * 1024) })
  return buffer.subarray(0, bytesRead)
}
