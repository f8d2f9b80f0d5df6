import { hash } from 'node:crypto'
import type { AuditEvent } from '../model/audit.ts'

/** `prev` of the very first line. */
const noPrevious = '0'.repeat(64)

export type CheckpointReason = 'start' | 'progress' | 'rotation' | 'close'

/** A signature over everything up to and including the line before (see checkpoint.ts). */
export interface Checkpoint {
  /** RFC 3339. */
  readonly at: string
  readonly reason: CheckpointReason
  /** SHA-256 (hex) of the public key's SubjectPublicKeyInfo. */
  readonly keyID: string
  /** Ed25519, base64. */
  readonly signature: string
}

interface ChainFields {
  /** From 1, without gaps, across segments and restarts. */
  readonly seq: number
  /** SHA-256 (hex) of the line before, its newline included. */
  readonly prev: string
}
export type JournalLine = ChainFields & ({ readonly event: AuditEvent } | { readonly checkpoint: Checkpoint })

/** Where a chain stands: what the next line continues. */
export interface ChainTip {
  readonly seq: number
  readonly hash: string
}
export const emptyChain: ChainTip = { seq: 0, hash: noPrevious }

/** SHA-256 (hex) of one line with its newline, as `sha256sum` prints it for that line. */
export function hashLine(lineWithNewline: string | Uint8Array): string {
  return hash('sha256', lineWithNewline, 'hex')
}

/** One event line after `tip`, newline included; `eventJson` is the event already as JSON. */
export function eventLine(tip: ChainTip, eventJson: string): string {
  return `{"seq":${tip.seq + 1},"prev":"${tip.hash}","event":${eventJson}}\n`
}

export function checkpointLine(tip: ChainTip, checkpoint: Checkpoint): string {
  const { at, reason, keyID, signature } = checkpoint
  return `${JSON.stringify({ seq: tip.seq + 1, prev: tip.hash, checkpoint: { at, reason, keyID, signature } })}\n`
}

/** A line by its shape, without judging chain or signature; undefined when it has none. */
export function parseLine(text: string): JournalLine | undefined {
  let value: unknown
  try {
    value = JSON.parse(text) as unknown
  } catch (failure) {
    if (failure instanceof SyntaxError) return undefined
    throw failure
  }
  if (!isRecord(value) || typeof value['seq'] !== 'number' || typeof value['prev'] !== 'string') return undefined
  const { seq, prev, event, checkpoint, ...rest } = value
  if (Object.keys(rest).length > 0) return undefined
  if (checkpoint === undefined && isEvent(event)) return { seq, prev, event }
  if (event === undefined && isCheckpoint(checkpoint)) return { seq, prev, checkpoint }
  return undefined
}

function isEvent(value: unknown): value is AuditEvent {
  return (
    isRecord(value) &&
    ['auditID', 'stage', 'requestURI', 'verb', 'stageTimestamp'].every((name) => typeof value[name] === 'string') &&
    isRecord(value['user']) &&
    isRecord(value['annotations'])
  )
}

function isCheckpoint(value: unknown): value is Checkpoint {
  return (
    isRecord(value) &&
    ['at', 'reason', 'keyID', 'signature'].every((name) => typeof value[name] === 'string') &&
    Object.keys(value).length === 4
  )
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
