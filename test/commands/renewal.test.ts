import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { keepRenewed } from '../../src/commands/renewal.ts'
import type { Link } from '../../src/commands/link.ts'
import { Fault } from '../../src/model/fault.ts'
import type { Session } from '../../src/model/session.ts'

const minute = 60_000
const inMinutes = (count: number) => new Date(Date.now() + count * minute).toISOString()
const session = (expiresAt?: string) =>
  ({ id: 's-aaaaaaaa', ...(expiresAt === undefined ? {} : { expiresAt }) }) as Session

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** A broker that renews as `renew` says. */
function kept(first: Session, renew: () => Session) {
  const renewSession = vi.fn(() => Promise.resolve().then(renew))
  const warnings: string[] = []
  const link = { client: { renewSession } } as unknown as Link
  return { renewSession, warnings, renewal: keepRenewed(link, first, (sentence) => warnings.push(sentence)) }
}

it('renews shortly before the end, again and again', async () => {
  const { renewSession, warnings } = kept(session(inMinutes(10)), () => session(inMinutes(10)))
  await vi.advanceTimersByTimeAsync(9 * minute)
  expect(renewSession).toHaveBeenCalledTimes(0)
  await vi.advanceTimersByTimeAsync(minute)
  expect(renewSession).toHaveBeenCalledTimes(1)
  await vi.advanceTimersByTimeAsync(60 * minute)
  expect(renewSession.mock.calls.length).toBeGreaterThan(5)
  expect(warnings).toEqual([])
})

it('tries again when it fails, says so once, and gives up when the session has ended', async () => {
  const end = inMinutes(10)
  const { renewSession, warnings } = kept(session(end), () => {
    throw new Fault('ERR_UNAUTHENTICATED', 'Nobody is signed in.', { advice: 'Run `chaperone login`.' })
  })
  await vi.advanceTimersByTimeAsync(30 * minute)
  expect(renewSession.mock.calls.length).toBeGreaterThan(2)
  expect(renewSession.mock.calls.length).toBeLessThan(6)
  expect(warnings).toEqual([`this session ends at ${end}: Nobody is signed in. Run \`chaperone login\`.`])
})

it('leaves a session alone that does not end by itself, and stops when it is told to', async () => {
  const endless = kept(session(), () => session())
  const ended = kept(session(inMinutes(10)), () => session(inMinutes(10)))
  ended.renewal[Symbol.dispose]()
  await vi.advanceTimersByTimeAsync(60 * minute)
  expect(endless.renewSession).not.toHaveBeenCalled()
  expect(ended.renewSession).not.toHaveBeenCalled()
})
