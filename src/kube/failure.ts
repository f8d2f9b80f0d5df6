import { Fault } from '../model/fault.ts'

const unreachable: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EPIPE',
  'UND_ERR_SOCKET',
  'UND_ERR_CLOSED',
  'UND_ERR_DESTROYED',
])
const timeouts: ReadonlySet<string> = new Set([
  'ETIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
])
/** OpenSSL verify results and TLS alerts, as Node names them (node:tls, "X509 certificate error codes"). */
const certificate = /^(ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|INVALID_CA|HOSTNAME_MISMATCH|EPROTO)/
/** TLS alerts by which a server refuses our certificate (RFC 8446 section 6.2). */
const clientCertificate = /^ERR_SSL_.*ALERT_.*(CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED)/

/**
 * A transport error as a Fault. Only the error's code and the server's URL are quoted, never its message, which may
 * hold what was sent.
 */
export function upstreamFailure(thrown: unknown, server: string): Fault {
  if (thrown instanceof Fault) return thrown
  const code = codeOf(thrown)
  if (clientCertificate.test(code)) {
    return new Fault('ERR_UPSTREAM_CREDENTIAL', `The API server ${server} does not accept the client certificate.`, {
      advice: 'It may have expired: renew it in the kubeconfig.',
    })
  }
  if (certificate.test(code)) {
    return new Fault('ERR_UPSTREAM_CERTIFICATE', `The API server ${server} could not be verified (${code}).`, {
      advice: 'Check certificate-authority and tls-server-name of this cluster in the kubeconfig.',
    })
  }
  if (timeouts.has(code)) {
    return new Fault('ERR_UPSTREAM_TIMEOUT', `The API server ${server} did not answer in time (${code}).`, {
      advice: 'Check that it is up and that no firewall drops the connection.',
    })
  }
  const detail = unreachable.has(code) ? code : code || 'no further detail'
  return new Fault('ERR_UPSTREAM_UNREACHABLE', `The API server ${server} cannot be reached (${detail}).`, {
    advice: 'Check the server address in the kubeconfig and the network.',
  })
}

function codeOf(thrown: unknown): string {
  if (thrown instanceof AggregateError) return codeOf(thrown.errors[0])
  if (!(thrown instanceof Error)) return ''
  if (thrown.name === 'TimeoutError') return 'ETIMEDOUT'
  if ('code' in thrown && typeof thrown.code === 'string') return thrown.code
  return codeOf(thrown.cause)
}
