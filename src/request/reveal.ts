import { Fault } from '../model/fault.ts'
import type { CanonicalRequest, RequestAttributes } from '../model/request.ts'
import { canonicalRequest } from './canonical.ts'
import { parameter, type RequestTarget } from './target.ts'

/** Subresource of Chaperone's own; the API server never sees it. */
export const revealSubresource = 'reveal'

/** One named value that a caller asks to see as it is stored. */
export interface Reveal {
  /** JSON pointer (RFC 6901) of the value within its object. */
  readonly pointer: string
  /** The request for the whole object, which is what goes upstream. */
  readonly upstream: CanonicalRequest
}

/**
 * The reveal that a request asks for: `GET …/RESOURCE/NAME/reveal?pointer=/data/password`. Undefined when it asks for none.
 *
 * @throws Fault ERR_TARGET when it does not name one value of one object.
 */
export function revealOf(method: string, request: RequestAttributes, target: RequestTarget): Reveal | undefined {
  if (request.kind !== 'resource' || request.subresource !== revealSubresource) return undefined
  const pointer = parameter(target, 'pointer') ?? ''
  const isWhole = request.name !== '' && target.segments.at(-1) === revealSubresource && target.query.length === 1
  if (
    method !== 'GET' ||
    request.verb !== 'get' ||
    !isWhole ||
    !/^(\/[^/]+)+$/.test(pointer) ||
    /~(?![01])/.test(pointer)
  ) {
    throw new Fault('ERR_TARGET', 'A reveal names one value of one object.', {
      advice: 'Ask with GET …/secrets/NAME/reveal?pointer=/data/KEY, and nothing else in the query.',
    })
  }
  const path = target.encoded.split('?', 1)[0] ?? ''
  const object = path.slice(0, -`/${revealSubresource}`.length)
  return {
    pointer,
    upstream: canonicalRequest({ method: 'GET', target: object, contentType: '', body: new Uint8Array() }),
  }
}
