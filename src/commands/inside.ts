import { Fault } from '../model/fault.ts'
import type { Context } from './command.ts'

/**
 * Keeps what is another person's work out of the supervised shell. In local mode this guards against slips, not
 * against a program that means harm: see the modes in SECURITY.md.
 */
export function refuseInsideSession(context: Context, what: string): void {
  const { insideSession } = context.environment
  if (insideSession === '') return
  throw new Fault('ERR_FORBIDDEN', `${what} is not possible inside supervised session ${insideSession}.`, {
    advice: 'A review comes from another person, in a terminal of their own.',
  })
}
