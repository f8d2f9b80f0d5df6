import type { AuditEvent } from '../model/audit.ts'

/**
 * The journal as the pipeline sees it. Rejects with ERR_JOURNAL; the caller then refuses the request.
 * `durable` resolves once the line is on disk; `soon` resolves once accepted (on disk within 100 ms).
 */
export interface JournalPort {
  append(event: AuditEvent, durability: 'durable' | 'soon'): Promise<void>
}
