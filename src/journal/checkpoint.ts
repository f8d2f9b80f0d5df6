import { sign, verify, type KeyObject } from 'node:crypto'
import { checkpointLine, type ChainTip, type Checkpoint, type CheckpointReason, type JournalLine } from './line.ts'

/** What signs: `keyID` names the public key by the SHA-256 (hex) of its SubjectPublicKeyInfo. */
export interface CheckpointKey {
  readonly keyID: string
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}

/** The checkpoint line that follows `tip`, newline included. */
export function signCheckpoint(key: CheckpointKey, tip: ChainTip, reason: CheckpointReason, at: string): string {
  const unsigned = { at, reason, keyID: key.keyID }
  const signature = sign(null, signedText(tip, unsigned), key.privateKey).toString('base64')
  return checkpointLine(tip, { ...unsigned, signature })
}

/** True when the signature is right and the line is written exactly as `signCheckpoint` writes it. */
export function isGenuine(
  publicKey: KeyObject,
  line: JournalLine & { checkpoint: Checkpoint },
  lineWithNewline: Uint8Array,
): boolean {
  const tip = { seq: line.seq - 1, hash: line.prev }
  if (Buffer.compare(Buffer.from(checkpointLine(tip, line.checkpoint)), lineWithNewline) !== 0) return false
  const signature = Buffer.from(line.checkpoint.signature, 'base64')
  if (signature.toString('base64') !== line.checkpoint.signature) return false
  return verify(null, signedText(tip, line.checkpoint), publicKey, signature)
}

/** Six lines: what it is, position of the checkpoint, hash of the line before, time, reason, key. */
function signedText(tip: ChainTip, { at, reason, keyID }: Omit<Checkpoint, 'signature'>): Buffer {
  return Buffer.from(`chaperone-journal-checkpoint-1\n${tip.seq + 1}\n${tip.hash}\n${at}\n${reason}\n${keyID}\n`)
}
