import type { RequestTarget } from '../request/target.ts'
import { printable } from './headers.ts'

/** Parameters whose value may be a secret: what exec runs, and anything named like a credential. */
const secretBearing = /^command$|token|secret|password|passwd|credential|api-?key|signature|auth/i
const MAX_RAW = 512
const hidden = '***'

/** Query pairs with secret-bearing values hidden. */
export function shownQuery(query: RequestTarget['query']): RequestTarget['query'] {
  if (!query.some(([key]) => secretBearing.test(key))) return query
  return query.map(([key, value]) => [key, secretBearing.test(key) ? hidden : value])
}

/** Path and query for the journal, with secret-bearing values hidden. A target that did not parse shows only its path. */
export function shownTarget(target: RequestTarget | undefined, raw: string): string {
  if (target === undefined) return printable(raw.split('?')[0] ?? '').slice(0, MAX_RAW)
  const [path = ''] = target.encoded.split('?')
  const query = shownQuery(target.query).map(([key, value]) => {
    return `${encodeURIComponent(key)}=${value === hidden ? hidden : encodeURIComponent(value)}`
  })
  return query.length === 0 ? path : `${path}?${query.join('&')}`
}
