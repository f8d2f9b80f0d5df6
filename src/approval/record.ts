import { Fault } from '../model/fault.ts'
import type { HeldRequest } from '../model/held.ts'
import { shortId } from '../model/id.ts'
import type { HoldAsk } from './port.ts'

/** A new request at the counter, made from what the pipeline asks. */
export function newRecord(ask: HoldAsk, now: Date, random: (bytes: number) => Uint8Array): HeldRequest {
  const { requirement } = ask.decision
  return {
    id: shortId('h', 6, random),
    auditID: ask.auditID,
    sessionID: ask.session.id,
    subject: ask.subject,
    request: ask.request,
    command: ask.command,
    claimedCommand: ask.claimedCommand,
    method: ask.canonical.method,
    target: ask.canonical.target,
    body: ask.shownBody,
    digest: ask.canonical.digest,
    reasons: ask.decision.reasons,
    requirement,
    state: 'pending',
    createdAt: now.toISOString(),
    expiresAt: new Date(now.getTime() + requirement.expiresAfterMs).toISOString(),
    comment: '',
    reviews: [],
    waiting: true,
    outcome: '',
  }
}

/** A kept record; what is not one refuses the whole collection, since a broken record could approve something. */
export function parseRecord(value: unknown): HeldRequest {
  const record = value as Partial<HeldRequest> | null
  const texts = [record?.id, record?.digest, record?.state, record?.expiresAt, record?.createdAt, record?.subject?.name]
  if (texts.every((text) => typeof text === 'string') && Array.isArray(record?.reviews) && record?.requirement) {
    return record as HeldRequest
  }
  throw new Fault('ERR_STATE', 'A kept held request is not one.')
}
