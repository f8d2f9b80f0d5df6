import { decodeJwt } from 'jose'
import { Fault } from '../model/fault.ts'

/** However long a provider lets it live, an ID token speaks for a person no longer than this after its issue. */
const MAX_AGE_MS = 3_600_000

/**
 * Until when an ID token, whose signature was checked elsewhere, counts: milliseconds since the epoch. Whoever cannot refresh it
 * by then, because the provider does not let them, is nobody any more. Throws ERR_UNAUTHENTICATED.
 */
export function countsUntil(idToken: string): number {
  const { exp, iat } = claimsOf(idToken)
  return Math.min(exp * 1000, iat * 1000 + MAX_AGE_MS)
}

/** True when the token should be renewed: a minute, or a quarter of a short life, before it counts no more. */
export function isStale(idToken: string, now: number): boolean {
  const { iat } = claimsOf(idToken)
  const until = countsUntil(idToken)
  return now >= until - Math.min(60_000, (until - iat * 1000) / 4)
}

/** Subject of the token. */
export function subjectOf(idToken: string): string {
  return claimsOf(idToken).sub
}

function claimsOf(idToken: string): { readonly sub: string; readonly iat: number; readonly exp: number } {
  const { sub, iat, exp } = decodeJwt(idToken)
  if (sub !== undefined && iat !== undefined && exp !== undefined) return { sub, iat, exp }
  throw new Fault('ERR_UNAUTHENTICATED', 'The ID token does not say for whom, since when and until when it counts.')
}
