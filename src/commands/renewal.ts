import { toFault } from '../model/fault.ts'
import type { Session } from '../model/session.ts'
import type { Link } from './link.ts'

/** Between two attempts to renew. */
const RETRY_MS = 10_000

/**
 * Gives the session of a person who signed in more time, again and again, shortly before it would end; what fails is said once and
 * tried again until it has ended. A session that does not end by itself is left alone.
 */
export function keepRenewed(
  { client }: Link,
  { id, expiresAt }: Session,
  warn: (sentence: string) => void,
): Disposable {
  let timer: NodeJS.Timeout | undefined
  let hasWarned = false
  const arm = (end: string | undefined, retry: boolean) => {
    if (end === undefined) return
    const left = Date.parse(end) - Date.now()
    if (left <= 0) return
    timer = setTimeout(() => void renew(end), retry ? Math.min(RETRY_MS, left) : left - Math.min(30_000, left / 8))
    timer.unref()
  }
  const renew = async (end: string) => {
    try {
      const renewed = await client.renewSession(id)
      hasWarned = false
      arm(renewed.expiresAt, renewed.expiresAt === end)
    } catch (thrown) {
      if (!hasWarned) warn(`this session ends at ${end}: ${toFault(thrown).sentence}`)
      hasWarned = true
      arm(end, true)
    }
  }
  arm(expiresAt, false)
  return { [Symbol.dispose]: () => clearTimeout(timer) }
}
