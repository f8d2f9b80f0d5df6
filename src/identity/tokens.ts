import { hash, randomBytes, timingSafeEqual } from 'node:crypto'

/** 256 random bits, base64url: what a bearer token is made of. */
export function newToken(): string {
  return randomBytes(32).toString('base64url')
}

/** SHA-256 (hex). Only this is kept, so that neither memory dumps of the registry nor the store hold a usable token. */
export function tokenHash(token: string): string {
  return hash('sha256', token, 'hex')
}

export function sameHash(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b))
}

/** The token of `Authorization: Bearer …` (RFC 6750 §2.1), or undefined when the header is anything else, or the token longer. */
export function bearerToken(authorization: string | undefined, longest = 4096): string | undefined {
  const token = /^Bearer ([A-Za-z0-9._~+/-]{16,}=*)$/i.exec(authorization ?? '')?.[1]
  return token === undefined || token.length > longest ? undefined : token
}
