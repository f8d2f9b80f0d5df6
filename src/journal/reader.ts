import type { AuditEvent } from '../model/audit.ts'
import { parseLine } from './line.ts'
import { compileQuery, type JournalQuery } from './query.ts'
import { listSegments, readSegment } from './segments.ts'

export { verifyJournal } from './verify.ts'
export type { JournalQuery } from './query.ts'

/**
 * Events of a journal folder in the order they were written; a broker may be writing to it meanwhile. Lines that do not
 * parse are left out: `verifyJournal` reports them.
 *
 * @throws Fault ERR_USAGE for a query that cannot be read, ERR_JOURNAL when the folder cannot be.
 */
export async function* searchJournal(folder: string, query: JournalQuery): AsyncGenerator<AuditEvent> {
  const matches = compileQuery(query)
  const needle = query.auditID === undefined ? undefined : JSON.stringify(query.auditID)
  for (const number of await listSegments(folder)) {
    for await (const { text } of readSegment(folder, number)) {
      if (needle !== undefined && !text.includes(needle)) continue
      const line = parseLine(text)
      if (line !== undefined && 'event' in line && matches(line.event)) yield line.event
    }
  }
}
