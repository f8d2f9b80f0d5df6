import { Fault } from '../model/fault.ts'
import type { Session } from '../model/session.ts'
import type { Identify } from './port.ts'
import { bearerToken } from './tokens.ts'

/** Identifies a data-plane caller by its session token; nothing else is accepted there. */
export function identifyBySession(lookUp: (token: string) => Session | undefined): Identify {
  return (authorization) => {
    const token = bearerToken(authorization)
    const session = token === undefined ? undefined : lookUp(token)
    if (session === undefined) {
      return Promise.reject(
        new Fault('ERR_UNAUTHENTICATED', 'This is not the token of a running Chaperone session.', {
          advice: 'Start one with `chaperone shell` or `chaperone run -- CMD`.',
        }),
      )
    }
    return Promise.resolve({ subject: session.subject, session })
  }
}
