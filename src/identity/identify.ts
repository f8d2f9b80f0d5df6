import { Fault } from '../model/fault.ts'
import type { Session } from '../model/session.ts'
import { splitClaim } from './command-claim.ts'
import type { Identify } from './port.ts'
import { bearerToken } from './tokens.ts'

/** Identifies a data-plane caller by the token of its session, or by a credential for one; nothing else is accepted there. */
export function identifyBySession(lookUp: (token: string) => Session | undefined): Identify {
  return (authorization) => {
    const bearer = bearerToken(authorization)
    const split = bearer === undefined ? false : splitClaim(bearer)
    const session = split === false ? undefined : lookUp(split.token)
    if (split === false || session === undefined) {
      return Promise.reject(
        new Fault('ERR_UNAUTHENTICATED', 'This is not the token of a running Chaperone session.', {
          advice:
            'It may have ended or been revoked: open another with `chaperone shell` or `chaperone run -- CMD`, sign in with `chaperone login`, or get a new token with `chaperone token`.',
        }),
      )
    }
    const { claim } = split
    return Promise.resolve({ subject: session.subject, session, ...(claim === undefined ? {} : { claim }) })
  }
}
