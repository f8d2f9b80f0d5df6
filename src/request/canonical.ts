import { createHash } from 'node:crypto'
import type { CanonicalRequest } from '../model/request.ts'

/**
 * The exact upstream request and its digest: SHA-256 over each part, preceded by its length as 8 bytes, big-endian. The
 * digest is made when it is asked for: most requests pass without anybody reviewing them.
 */
export function canonicalRequest(parts: Omit<CanonicalRequest, 'digest'>): CanonicalRequest {
  let digest: string | undefined
  return {
    ...parts,
    get digest() {
      return (digest ??= digestOf(parts))
    },
  }
}

function digestOf({ method, target, contentType, body }: Omit<CanonicalRequest, 'digest'>): string {
  const hash = createHash('sha256')
  for (const part of [method, target, contentType, body]) {
    const bytes = typeof part === 'string' ? Buffer.from(part, 'utf8') : part
    const length = Buffer.alloc(8)
    length.writeBigUInt64BE(BigInt(bytes.length))
    hash.update(length).update(bytes)
  }
  return hash.digest('hex')
}
