import type { AuditEvent } from '../model/audit.ts'

/**
 * `durable` resolves once the line is on disk; `soon` resolves once accepted (on disk within 100 ms). `reserved` is durable
 * and may use the room kept for it on a full disk: for orders that make things safer.
 */
export type Durability = 'durable' | 'soon' | 'reserved'

/** The journal as the pipeline sees it. Rejects with ERR_JOURNAL; the caller then refuses the request. */
export interface JournalPort {
  append(event: AuditEvent, durability: Durability): Promise<void>
}
