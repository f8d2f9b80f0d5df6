import { AuthorizationResponseError, ClientError, ResponseBodyError } from 'openid-client'
import { Fault } from '../model/fault.ts'

const again = 'Run `chaperone login` to sign in again.'

/**
 * What went wrong between this machine and the provider. Without the cause: it would hold tokens. What the provider itself
 * says is cut, and has to be shown as plain text.
 */
export function signInFault(thrown: unknown, issuer: string): Fault {
  if (thrown instanceof Fault) return thrown
  if (thrown instanceof AuthorizationResponseError) {
    if (thrown.error === 'access_denied') {
      return refused('The sign-in was cancelled at the provider.', 'Run `chaperone login` to try again.')
    }
    return refused(`The provider ${issuer} does not let you sign in: ${said(thrown)}.`)
  }
  if (thrown instanceof ResponseBodyError) return refusal(thrown, issuer)
  const code = codeOf(thrown)
  if (certificateCodes.test(code)) {
    return new Fault('ERR_ISSUER', `The provider ${issuer} does not prove who it is (${code}).`, {
      advice: 'Check identity.people.certificateAuthority: it is the PEM of the authority of the provider.',
    })
  }
  // An answer that broke off, or was too large to be read, says nothing of the sign-in.
  const message = thrown instanceof ClientError && !brokenCodes.test(code) ? tokenProblem(thrown) : undefined
  if (message !== undefined) return refused(message.sentence, message.advice)
  return new Fault('ERR_ISSUER', `The provider ${issuer} does not answer as one (${code}).`, {
    advice: 'Check the address, the network and the provider, then try again.',
  })
}

const brokenCodes = /^(UND_ERR_|ECONN|EPIPE|ETIMEDOUT)/
const certificateCodes = /CERT|SELF_SIGNED|UNABLE_TO_(GET_ISSUER|VERIFY)|ALTNAME/

function refusal(answer: ResponseBodyError, issuer: string): Fault {
  switch (answer.error) {
    case 'access_denied':
      return refused('The sign-in was denied at the provider.', 'Run `chaperone login` to try again.')
    case 'expired_token':
      return refused('Nobody entered the code in time.', 'Run `chaperone login` to try again.')
    case 'invalid_grant':
      return refused(`The provider ${issuer} does not know this sign-in any more.`, again)
    case 'invalid_client':
    case 'unauthorized_client':
      return refused(
        `The provider ${issuer} has no public client of that name that may do this: ${said(answer)}.`,
        'Check identity.people.clientID, and how the client is registered there.',
      )
    default:
      return answer.status >= 500
        ? new Fault('ERR_ISSUER', `The provider ${issuer} failed (${answer.status}): ${said(answer)}.`, {
            advice: 'Try again in a moment.',
          })
        : refused(`The provider ${issuer} refuses: ${said(answer)}.`)
  }
}

/** Which check of the answer failed; undefined when it was none. */
function tokenProblem({ code, cause }: ClientError): { sentence: string; advice?: string } | undefined {
  const { message = '', claim } = detailsOf(cause)
  switch (code) {
    case 'OAUTH_JWT_TIMESTAMP_CHECK_FAILED':
      return {
        sentence: 'The times in the ID token do not fit the clock of this machine.',
        advice: 'Set the clock (timedatectl), then run `chaperone login` again.',
      }
    case 'OAUTH_JWT_CLAIM_COMPARISON_FAILED': {
      const words = claimWords[claim] ?? `its claim ${claim} is not what it must be`
      return { sentence: `The ID token is not accepted: ${words}.`, advice: again }
    }
    case 'OAUTH_KEY_SELECTION_FAILED':
      return { sentence: 'The ID token is not accepted: the provider has no such key.', advice: again }
    case 'OAUTH_INVALID_RESPONSE':
    case 'OAUTH_PARSE_ERROR':
    case 'OAUTH_UNSUPPORTED_OPERATION':
      return { sentence: `The answer of the provider is not accepted: ${message}.`, advice: again }
    default:
      return undefined
  }
}

const claimWords: Readonly<Record<string, string>> = {
  aud: 'it was made for another audience',
  azp: 'it was made for another party (azp)',
  iss: 'it comes from another issuer',
  nonce: 'it answers another sign-in (nonce)',
}

/** Of the library's own errors: fixed sentences, and the name of a claim. */
function detailsOf(cause: unknown): { readonly message?: string; readonly claim: string } {
  if (!(cause instanceof Error)) return { claim: '' }
  const { claim } = (cause.cause ?? {}) as { claim?: unknown }
  return { message: cause.message.replaceAll('"', ''), claim: typeof claim === 'string' ? claim : '' }
}

function said(answer: { readonly error: string; readonly error_description?: string | undefined }): string {
  const words = [answer.error, answer.error_description ?? ''].filter((part) => part !== '').join(', ')
  return words
    .replaceAll(/[^\x20-\x7e]/g, '?')
    .slice(0, 300)
    .replace(/\.$/, '')
}

/** The innermost code, as ECONNREFUSED below `fetch failed`. */
function codeOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return 'unknown error'
  const inner = thrown.cause === undefined ? undefined : codeOf(thrown.cause)
  if (inner !== undefined && inner !== 'unknown error') return inner
  const { code } = thrown as { code?: unknown }
  return typeof code === 'string' && /^[A-Z0-9_]{1,64}$/.test(code) ? code : 'unknown error'
}

function refused(message: string, advice = ''): Fault {
  return new Fault('ERR_UNAUTHENTICATED', message, { advice })
}
