import { describe, expect, it } from 'vitest'
import { ana, approve, askFor, deny, never, oneReview, openDesk, pending, person, rob, twoReviews } from './desk.ts'

describe('A caller who does not wait', () => {
  const impatient = { session: { waitMs: 1000 } }

  /** A desk with a request that nobody waits for any more. */
  async function left() {
    const desk = await openDesk()
    const first = desk.approvals.park(askFor('web', oneReview, impatient), never)
    const held = await desk.heard(pending)
    desk.time.pass(1000)
    await first
    return { ...desk, held }
  }

  it('is told that the request is still held; repeated after the approval, it runs once', async () => {
    const { approvals, time, heard } = await openDesk()
    const first = approvals.park(askFor('web', oneReview, impatient), never)
    const held = await heard(pending)
    time.pass(1000)
    expect(await first).toMatchObject({ kind: 'still-held', held: { state: 'pending', waiting: false } })
    await approvals.endSession('s-aaaaaaaa')
    await approvals.review(held.id, approve(held))
    expect(approvals.get(held.id).state).toBe('approved')
    const again = { session: { id: 's-cccccccc', waitMs: 1000 } }
    const repeats = [
      approvals.park(askFor('web', oneReview, again), never),
      approvals.park(askFor('web', oneReview, again), never),
    ]
    const winner = await repeats[0]!
    expect(winner).toMatchObject({ kind: 'approved', held: { id: held.id } })
    const second = await heard((one) => one.state === 'pending' && one.id !== held.id)
    await approvals.withdraw(second.id, ana)
    expect((await repeats[1]!).kind).toBe('withdrawn')
  })

  it('learns from the next repeat that it was denied meanwhile, and why; after that it asks anew', async () => {
    const { approvals, time, store, held } = await left()
    await approvals.review(held.id, deny(held, rob, 'Use the runbook'))
    const after = await openDesk({ store, time })
    const told = await after.approvals.park(askFor('web', oneReview, impatient), never)
    expect(told).toMatchObject({
      kind: 'denied',
      held: { id: held.id },
      reason: { code: 'review-denied', message: 'rob denied it: Use the runbook' },
    })
    // Screens have shown the denial already.
    expect(after.told).toEqual([])
    void after.approvals.park(askFor('web', oneReview), never)
    expect((await after.heard(pending)).id).not.toBe(held.id)
  })

  it('who was told of the denial while it waited, or comes back too late, asks anew', async () => {
    const { approvals, time, heard } = await openDesk()
    const waiting = approvals.park(askFor('web', oneReview), never)
    const held = await heard(pending)
    await approvals.review(held.id, deny(held))
    expect((await waiting).kind).toBe('denied')
    const left = approvals.park(askFor('web', oneReview, impatient), never)
    const second = await heard((one) => pending(one) && one.id !== held.id)
    time.pass(1000)
    await left
    await approvals.review(second.id, deny(second))
    time.pass(60_000)
    void approvals.park(askFor('web', oneReview), never)
    const third = await heard((one) => pending(one) && one.id !== held.id && one.id !== second.id)
    expect(third.state).toBe('pending')
  })

  it('may repeat while it is pending, and waits for the same verdict', async () => {
    const { approvals, heard, held } = await left()
    const second = approvals.park(askFor('web', oneReview), never)
    await heard((one) => one.id === held.id && one.waiting && one !== held)
    await approvals.review(held.id, approve(held))
    expect(await second).toMatchObject({ kind: 'approved', held: { id: held.id } })
    expect(approvals.list()).toHaveLength(1)
  })

  it.each([
    ['another caller', askFor('web', oneReview, { subject: person('tom') })],
    ['another request', askFor('db', oneReview)],
    ['the same under another rule', askFor('web', oneReview, { rule: 'test/newer' })],
    ['the same under a stricter rule', askFor('web', twoReviews)],
  ])('leaves nothing for %s', async (_what, ask) => {
    const { approvals, heard, held } = await left()
    await approvals.review(held.id, approve(held))
    void approvals.park(ask, never)
    const other = await heard((one) => one.state === 'pending' && one.id !== held.id)
    expect(other.state).toBe('pending')
    expect(approvals.get(held.id).state).toBe('approved')
  })

  it('cannot use an approval after its time', async () => {
    const { approvals, time, heard, held } = await left()
    await approvals.review(held.id, approve(held))
    time.pass(60_000)
    void approvals.park(askFor('web', oneReview), never)
    await heard((one) => one.state === 'pending' && one.id !== held.id)
    expect(approvals.get(held.id).state).toBe('expired')
  })
})
