import type { RequestAttributes } from '../model/request.ts'

const exact: ReadonlySet<string> = new Set(['/api', '/apis', '/version', '/openapi/v2', '/openapi/v3'])
const below = ['/api/', '/apis/', '/openapi/v3/'] as const

/**
 * True for what every client asks before it does anything: lists of API groups, OpenAPI, the version. Such a request is
 * never parked (clients give up after 32 s) and never masked (it holds no objects).
 */
export function isDiscovery(request: RequestAttributes): boolean {
  if (request.kind === 'resource' || request.effects.some((effect) => effect !== 'read')) return false
  return exact.has(request.path) || below.some((prefix) => request.path.startsWith(prefix))
}
