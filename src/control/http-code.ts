import type { FaultCode } from '../model/fault.ts'

const httpCodes: Partial<Record<FaultCode, number>> = {
  ERR_USAGE: 400,
  ERR_BODY_TOO_LARGE: 413,
  ERR_UNAUTHENTICATED: 401,
  ERR_FORBIDDEN: 403,
  ERR_NOT_FOUND: 404,
  ERR_CONFLICT: 409,
  ERR_QUOTA: 429,
  ERR_JOURNAL: 503,
  ERR_STATE: 503,
}

/** The HTTP status (RFC 9110 section 15) of a refusal. */
export function httpCode(code: FaultCode): number {
  return httpCodes[code] ?? 500
}
