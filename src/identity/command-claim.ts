import type { CommandClaim } from './port.ts'

/** Process, dot, start time, dot, and the argument vector as in /proc/PID/cmdline, in hexadecimal. */
const claimPattern = /^(\d{1,10}\.\d{0,20})\.((?:[0-9a-f]{2}){0,1024})$/

/**
 * Splits what stands behind `~` from a token: the program that calls cannot say more than a token, and one credential for
 * each command would have to be asked for each time. The claim is not signed, and is never more than a claim. `false` when
 * what stands there is no claim.
 */
export function splitClaim(token: string): { readonly token: string; readonly claim?: CommandClaim } | false {
  const at = token.indexOf('~')
  if (at === -1) return { token }
  const [, process, hex] = claimPattern.exec(token.slice(at + 1)) ?? []
  if (process === undefined || hex === undefined) return false
  const words = Buffer.from(hex, 'hex').toString('utf8').replace(/\0$/, '').split('\0')
  return { token: token.slice(0, at), claim: { process, words } }
}
