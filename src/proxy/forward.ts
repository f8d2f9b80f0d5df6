import type { Impersonation, Upstream, UpstreamAnswer } from '../kube/port.ts'
import { Fault } from '../model/fault.ts'
import { isLongRunning, isMutation, type CanonicalRequest, type RequestAttributes } from '../model/request.ts'
import type { ClientRequest } from './client.ts'
import { isDiscovery } from './discovery.ts'
import { conditionalHeaders, printable, userAgent } from './headers.ts'
import { acceptJson } from './media.ts'
import { unpacked } from './unpacked.ts'

/**
 * The Accept header that goes upstream: JSON for objects, the client's own for discovery, anything for other paths.
 * Undefined when the client takes nothing that can be given.
 */
export function negotiate(asked: ClientRequest, request: RequestAttributes): string | undefined {
  const accept = asked.headers.accept
  if (request.kind === 'resource') return acceptJson(accept)
  return isDiscovery(request) && accept !== undefined ? printable(accept) : '*/*'
}

/**
 * Sends the judged request once. A mutation is not cut off when its client leaves, so that its outcome is known.
 *
 * @throws Fault ERR_UPSTREAM_*.
 */
export async function forward(
  asked: ClientRequest,
  request: RequestAttributes,
  canonical: CanonicalRequest,
  options: {
    readonly accept: string
    readonly auditID: string
    readonly upstream: Upstream
    /** The session's id. */
    readonly party: string
    readonly as: Impersonation | undefined
    /** Ends reads and streams. */
    readonly gone: AbortSignal
    /** Ends everything. */
    readonly closing: AbortSignal
  },
): Promise<UpstreamAnswer> {
  const longRunning = isLongRunning(request)
  const agent = userAgent(asked)
  const answer = await options.upstream.request({
    method: canonical.method,
    target: canonical.target,
    headers: {
      accept: options.accept,
      'accept-encoding': 'identity',
      'audit-id': options.auditID,
      ...(agent === '' ? {} : { 'user-agent': agent }),
      ...(canonical.contentType === '' ? {} : { 'content-type': canonical.contentType }),
      ...(isDiscovery(request) ? conditionalHeaders(asked) : {}),
    },
    ...(canonical.contentType === '' ? {} : { body: canonical.body }),
    longRunning,
    party: options.party,
    ...(options.as === undefined ? {} : { as: options.as }),
    signal: longRunning || !isMutation(request) ? options.gone : options.closing,
  })
  try {
    assertUsable(answer, request)
    return unpacked(answer)
  } catch (fault) {
    answer.body.destroy()
    throw fault
  }
}

/** Answers that would mislead a client or lead it elsewhere. */
function assertUsable(answer: UpstreamAnswer, request: RequestAttributes): void {
  const { statusCode } = answer
  if (statusCode === 401) {
    throw new Fault('ERR_UPSTREAM_CREDENTIAL', "The cluster refuses the broker's own credential.", {
      advice: 'It may have expired: whoever runs the broker has to renew it.',
    })
  }
  const isUnchanged = statusCode === 304 && isDiscovery(request)
  if (statusCode < 200 || (statusCode >= 300 && statusCode < 400 && !isUnchanged)) {
    throw new Fault('ERR_UPSTREAM_UNREACHABLE', `The API server answers ${statusCode}, which is not passed on.`)
  }
}
