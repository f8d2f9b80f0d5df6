import { createHash } from 'node:crypto'
import type { CanonicalRequest } from '../model/request.ts'

/** The exact upstream request and its digest: SHA-256 over each part, preceded by its length as 8 bytes, big-endian. */
export function canonicalRequest(parts: Omit<CanonicalRequest, 'digest'>): CanonicalRequest {
  const hash = createHash('sha256')
  for (const part of [parts.method, parts.target, parts.contentType, parts.body]) {
    const bytes = typeof part === 'string' ? Buffer.from(part, 'utf8') : part
    const length = Buffer.alloc(8)
    length.writeBigUInt64BE(BigInt(bytes.length))
    hash.update(length).update(bytes)
  }
  return { ...parts, digest: hash.digest('hex') }
}
