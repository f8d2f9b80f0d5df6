import { randomBytes } from 'node:crypto'

/** `bytes` random bytes as base64url; 32 make a bearer token. */
export function randomToken(bytes: number): string {
  return randomBytes(bytes).toString('base64url')
}
