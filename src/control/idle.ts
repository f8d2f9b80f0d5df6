import type { Approvals } from '../approval/port.ts'

/** A broker started by a shell ends this long after nobody uses it any more. */
const idleMs = 3_000
/** A broker that nobody ever used ends after this. */
const unusedMs = 60_000

/** A request left for review must find its broker when the verdict comes. */
export function isAwaited(approvals: Approvals): boolean {
  return approvals.list('pending').length > 0 || approvals.list('approved').length > 0
}

/** Looks once a second: sessions begin and end rarely, and a second more or less is nothing to a person. */
export function whenIdle(inUse: () => boolean): Promise<string> {
  return new Promise((resolve) => {
    let allowance = unusedMs
    let since = Date.now()
    const timer = setInterval(() => {
      if (inUse()) {
        allowance = idleMs
        since = Date.now()
      } else if (Date.now() - since >= allowance) {
        clearInterval(timer)
        resolve('nobody uses it any more')
      }
    }, 1000)
    timer.unref()
  })
}
