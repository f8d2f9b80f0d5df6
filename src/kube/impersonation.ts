import { Fault } from '../model/fault.ts'
import type { Impersonation } from './port.ts'

/**
 * The headers that make the API server act for somebody else (k8s.io/api authentication/v1 Impersonate*Header), in the way of
 * client-go transport.NewImpersonatingRoundTripper. Throws ERR_UPSTREAM_CREDENTIAL for a value that no header can hold.
 */
export function impersonationHeaders({ user, uid, groups, extra }: Impersonation): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = { 'impersonate-user': headerValue(user) }
  if (uid !== '') headers['impersonate-uid'] = headerValue(uid)
  if (groups.length > 0) headers['impersonate-group'] = groups.map(headerValue)
  for (const [key, values] of Object.entries(extra)) {
    if (values.length > 0) headers[`impersonate-extra-${headerKey(key)}`] = values.map(headerValue)
  }
  return headers
}

/** Percent-encoded where a header's name may not hold a byte; the API server lower-cases and decodes it. */
function headerKey(key: string): string {
  const escaped = (byte: number) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  return Array.from(Buffer.from(key.toLowerCase()), (byte) => {
    const character = String.fromCharCode(byte)
    return /[a-z0-9._-]/.test(character) ? character : escaped(byte)
  }).join('')
}

/** UTF-8 as Go reads it; undici writes one byte for each character. */
function headerValue(value: string): string {
  if (!/[\u0000-\u001f\u007f]/.test(value) && value !== '') return Buffer.from(value).toString('latin1')
  throw new Fault('ERR_UPSTREAM_CREDENTIAL', 'The cluster cannot be told for whom the broker acts.', {
    advice: `${JSON.stringify(value.slice(0, 64))} can stand in no header: map another claim.`,
  })
}
