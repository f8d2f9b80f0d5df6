import { describe, expect, it } from 'vitest'
import type { HoldOutcome } from '../../src/approval/port.ts'
import {
  ana,
  approve,
  askFor,
  confirmation,
  deny,
  digestOf,
  FakeTime,
  never,
  oneReview,
  openDesk,
  pending,
  person,
  rob,
  sue,
  twoReviews,
} from './desk.ts'

async function complete(outcome: HoldOutcome, ok = true): Promise<void> {
  if (outcome.kind !== 'approved') throw new Error(`not approved but ${outcome.kind}`)
  await outcome.complete({ ok, summary: 'The API server answered 200.' })
}

describe('A review', () => {
  it('releases the request once, and its end is known', async () => {
    const { approvals, told, heard } = await openDesk()
    const parked = approvals.park(askFor('web', oneReview), never)
    const held = await heard(pending)
    expect(held.id).toMatch(/^h-[a-z2-9]{6}$/)
    await approvals.review(held.id, { ...approve(held), comment: 'fine' })
    const outcome = await parked
    await complete(outcome)
    await complete(outcome, false)
    expect(told.map(({ state }) => state)).toEqual(['pending', 'approved', 'executing', 'completed'])
    expect(approvals.get(held.id)).toMatchObject({
      state: 'completed',
      outcome: 'The API server answered 200.',
      reviews: [{ reviewer: { name: 'rob' }, verdict: 'approve', comment: 'fine', at: '2026-11-23T10:00:00.000Z' }],
    })
  })

  it('that denies ends it, with the reviewer’s words', async () => {
    const { approvals, heard } = await openDesk()
    const parked = approvals.park(askFor('web', twoReviews), never)
    const held = await heard(pending)
    await approvals.review(held.id, approve(held, sue))
    await approvals.review(held.id, deny(held, rob, 'not on a Friday'))
    expect(await parked).toMatchObject({
      kind: 'denied',
      held: { state: 'denied' },
      reason: { code: 'review-denied', message: 'rob denied it: not on a Friday' },
    })
  })

  it('by two needs two different people', async () => {
    const { approvals, heard } = await openDesk()
    const parked = approvals.park(askFor('web', twoReviews), never)
    const held = await heard(pending)
    await approvals.review(held.id, approve(held, rob))
    await expect(approvals.review(held.id, approve(held, rob))).rejects.toMatchObject({ code: 'ERR_CONFLICT' })
    expect(approvals.get(held.id).state).toBe('pending')
    await approvals.review(held.id, approve(held, sue))
    expect((await parked).kind).toBe('approved')
  })

  it('may be taken back as a denial by one who approved before', async () => {
    const { approvals, heard } = await openDesk()
    const parked = approvals.park(askFor('web', twoReviews), never)
    const held = await heard(pending)
    await approvals.review(held.id, approve(held, rob))
    await approvals.review(held.id, deny(held, rob))
    expect((await parked).kind).toBe('denied')
  })

  const robot = { ...person('robot', 'reviewers'), onBehalfOf: 'zoe' }
  it.each([
    ['one’s own request', { ...ana, groups: ['reviewers'] }, ana],
    ['the request of one’s own agent', person('zoe', 'reviewers'), robot],
    ['the request of the human behind an agent', robot, person('zoe')],
    ['a request by another agent of the same human', { ...robot, name: 'robot-2' }, robot],
    ['anything by an agent', robot, ana],
    ['a request whose rule names others', person('tom', 'developers'), ana],
  ])('is refused for %s', async (_what, reviewer, subject) => {
    const { approvals, heard } = await openDesk()
    void approvals.park(askFor('web', oneReview, { subject }), never)
    const held = await heard(pending)
    await expect(approvals.review(held.id, approve(held, reviewer))).rejects.toMatchObject({ code: 'ERR_FORBIDDEN' })
    await expect(approvals.review(held.id, deny(held, reviewer))).rejects.toMatchObject({ code: 'ERR_FORBIDDEN' })
    expect(approvals.get(held.id)).toMatchObject({ state: 'pending', reviews: [] })
  })

  it('is refused when it is about another digest, a request that is gone, or one that only waits for its caller', async () => {
    const { approvals, heard } = await openDesk()
    void approvals.park(askFor('web', oneReview), never)
    const held = await heard(pending)
    const other = { ...approve(held), digest: digestOf('other') }
    await expect(approvals.review(held.id, other)).rejects.toMatchObject({ code: 'ERR_CONFLICT' })
    await expect(approvals.review('h-nobody', approve(held))).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' })
    await approvals.review(held.id, approve(held))
    await expect(approvals.review(held.id, deny(held))).rejects.toMatchObject({ code: 'ERR_CONFLICT' })
    void approvals.park(askFor('db', confirmation), never)
    const own = await heard((one) => one.requirement.kind === 'confirm')
    await expect(approvals.review(own.id, approve(own))).rejects.toMatchObject({ code: 'ERR_FORBIDDEN' })
  })
})

describe('What is not shown whole', () => {
  const cutBody = '{"a": "x [… 70000 of 80000 characters are not shown …] x"}'

  it('is approved only by a reviewer who says that they know, and denied by any', async () => {
    const { approvals, heard } = await openDesk()
    const parked = approvals.park({ ...askFor('web', twoReviews), shownBody: cutBody }, never)
    const held = await heard(pending)
    await expect(approvals.review(held.id, approve(held, rob))).rejects.toMatchObject({ code: 'ERR_FORBIDDEN' })
    expect(approvals.get(held.id).reviews).toEqual([])
    await approvals.review(held.id, { ...approve(held, rob), sawWhole: false })
    expect(approvals.get(held.id).reviews).toMatchObject([{ reviewer: { name: 'rob' }, sawWhole: false }])
    await approvals.review(held.id, deny(held, sue))
    expect((await parked).kind).toBe('denied')
  })

  it('is not confirmed at all', async () => {
    const { approvals, heard } = await openDesk()
    void approvals.park({ ...askFor('web', confirmation), shownBody: cutBody }, never)
    const held = await heard(pending)
    await expect(approvals.confirm(held.id, ana, held.digest)).rejects.toMatchObject({ code: 'ERR_FORBIDDEN' })
  })
})

describe('A confirmation', () => {
  it('is given by the caller alone, where the rule allows it', async () => {
    const { approvals, heard } = await openDesk()
    const parked = approvals.park(askFor('web', confirmation), never)
    const held = await heard(pending)
    await expect(approvals.confirm(held.id, rob, held.digest)).rejects.toMatchObject({ code: 'ERR_FORBIDDEN' })
    await expect(approvals.confirm(held.id, ana, digestOf('x'))).rejects.toMatchObject({ code: 'ERR_CONFLICT' })
    await approvals.confirm(held.id, ana, held.digest)
    expect((await parked).kind).toBe('approved')
    void approvals.park(askFor('db', oneReview), never)
    const reviewed = await heard((one) => one.requirement.kind === 'review')
    await expect(approvals.confirm(reviewed.id, ana, reviewed.digest)).rejects.toMatchObject({ code: 'ERR_FORBIDDEN' })
  })

  it('of an agent’s request is given by its human, never by the agent', async () => {
    const { approvals, heard } = await openDesk()
    const agent = { ...person('bot'), onBehalfOf: 'ana' }
    const parked = approvals.park(askFor('web', confirmation, { subject: agent }), never)
    const held = await heard(pending)
    await expect(approvals.confirm(held.id, agent, held.digest)).rejects.toMatchObject({ code: 'ERR_FORBIDDEN' })
    await approvals.confirm(held.id, ana, held.digest)
    expect((await parked).kind).toBe('approved')
  })
})

describe('A held request', () => {
  it('is kept before anybody hears of it', async () => {
    const { approvals, store, heard } = await openDesk()
    const collection = await store.collection<{ held: { state: string } }>('held-requests', (value) => value as never)
    const keptAtAnnouncement: string[] = []
    approvals.subscribe((held) => {
      void collection.get(held.id).then((entry) => keptAtAnnouncement.push(`${held.state}=${entry?.value.held.state}`))
    })
    const parked = approvals.park(askFor('web', oneReview), never)
    const held = await heard(pending)
    await approvals.review(held.id, deny(held))
    await parked
    expect(keptAtAnnouncement).toEqual(['pending=pending', 'denied=denied'])
  })

  it('expires when nobody decides, and no verdict is taken afterwards', async () => {
    const { approvals, time, heard } = await openDesk()
    const parked = approvals.park(askFor('web', oneReview), never)
    const held = await heard(pending)
    time.pass(60_000)
    const late = approvals.review(held.id, approve(held))
    await expect(late).rejects.toMatchObject({ code: 'ERR_CONFLICT' })
    expect(await parked).toMatchObject({ kind: 'expired', reason: { code: 'approval-expired' } })
  })

  it('is withdrawn when its client goes away, before or after it was parked', async () => {
    const { approvals, heard } = await openDesk()
    const client = new AbortController()
    const parked = approvals.park(askFor('web', oneReview), client.signal)
    await heard(pending)
    client.abort()
    expect(await parked).toMatchObject({ kind: 'withdrawn', held: { state: 'withdrawn' } })
    expect((await approvals.park(askFor('web', oneReview), client.signal)).kind).toBe('withdrawn')
  })

  it('is withdrawn by its caller, not by others, and not when it has ended', async () => {
    const { approvals, heard } = await openDesk()
    const parked = approvals.park(askFor('web', oneReview), never)
    const held = await heard(pending)
    await expect(approvals.withdraw(held.id, rob)).rejects.toMatchObject({ code: 'ERR_FORBIDDEN' })
    await approvals.withdraw(held.id, ana)
    expect((await parked).kind).toBe('withdrawn')
    await expect(approvals.withdraw(held.id, ana)).rejects.toMatchObject({ code: 'ERR_CONFLICT' })
  })

  it('carries its caller’s words', async () => {
    const { approvals, heard } = await openDesk()
    void approvals.park(askFor('web', oneReview), never)
    const held = await heard(pending)
    await expect(approvals.comment(held.id, rob, 'x')).rejects.toMatchObject({ code: 'ERR_FORBIDDEN' })
    expect(await approvals.comment(held.id, ana, 'moving to v2')).toMatchObject({ comment: 'moving to v2' })
  })

  it('ends with its session, and none is parked for a session that has ended', async () => {
    const { approvals, heard } = await openDesk()
    const parked = approvals.park(askFor('web', oneReview), never)
    const other = approvals.park(askFor('db', oneReview, { session: { id: 's-bbbbbbbb' } }), never)
    await heard((held) => held.sessionID === 's-bbbbbbbb')
    await approvals.endSession('s-aaaaaaaa')
    expect((await parked).kind).toBe('withdrawn')
    expect(await approvals.park(askFor('web', oneReview), never)).toMatchObject({
      kind: 'denied',
      reason: { code: 'session-ended' },
    })
    expect(approvals.list('pending').map(({ target }) => target)).toEqual([
      '/apis/apps/v1/namespaces/shop/deployments/db',
    ])
    await approvals.close()
    expect((await other).kind).toBe('withdrawn')
  })

  it('is refused at once when its caller has a hundred already', async () => {
    const { approvals, heard, told } = await openDesk()
    const session = (index: number) => ({ session: { id: `s-${index % 5}` } })
    for (let index = 0; index < 100; index++) void approvals.park(askFor(`w${index}`, oneReview, session(index)), never)
    await heard((held) => held.target.endsWith('w99'))
    expect(await approvals.park(askFor('one-more', oneReview), never)).toMatchObject({ kind: 'denied' })
    expect(told).toHaveLength(100)
    void approvals.park(askFor('other', oneReview, { subject: person('tom') }), never)
    await heard((held) => held.subject.name === 'tom')
  })

  it('is refused at once when its session has twenty already, and other sessions go on', async () => {
    const { approvals, heard, time } = await openDesk()
    const impatient = { session: { waitMs: 1000 } }
    for (let index = 0; index < 20; index++) void approvals.park(askFor(`w${index}`, oneReview, impatient), never)
    const last = await heard((held) => held.target.endsWith('w19'))
    time.pass(1000)
    await heard((held) => held.id === last.id && !held.waiting)
    expect(await approvals.park(askFor('one-more', oneReview, impatient), never)).toMatchObject({
      kind: 'denied',
      reason: { message: expect.stringMatching(/^20 requests of this session are held already/) as string },
    })
    void approvals.park(askFor('other', oneReview, { session: { id: 's-bbbbbbbb' } }), never)
    await heard((held) => held.sessionID === 's-bbbbbbbb')
    await approvals.review(last.id, approve(last))
    expect(
      await approvals.park(askFor('w19', oneReview, impatient), never),
      'a repeat is no further one',
    ).toMatchObject({
      kind: 'approved',
    })
  })

  it('is listed with at most two hundred that have ended', async () => {
    const { approvals } = await openDesk()
    const gone = AbortSignal.abort()
    for (let index = 0; index < 210; index++) await approvals.park(askFor(`w${index}`, oneReview), gone)
    expect(approvals.list()).toHaveLength(200)
    expect(approvals.list().at(-1)?.target).toMatch(/w209$/)
  })
})

describe('A value that was asked for without waiting', () => {
  const asking = { reveals: true, session: { id: 's-aaaaaaaa', waitMs: 1000 } }
  const elsewhere = { ...asking, session: { id: 's-bbbbbbbb' } }

  async function approvedReveal() {
    const desk = await openDesk()
    const first = desk.approvals.park(askFor('db', oneReview, asking), never)
    const held = await desk.heard(pending)
    desk.time.pass(1000)
    expect(await first).toMatchObject({ reason: { message: expect.stringMatching(/in this session/) as string } })
    await desk.approvals.review(held.id, approve(held))
    return { ...desk, held }
  }

  it('is for the session that asked, and another one of the same subject asks anew', async () => {
    const { approvals, held, heard } = await approvedReveal()
    void approvals.park(askFor('db', oneReview, elsewhere), never)
    await heard((one) => one.state === 'pending' && one.id !== held.id)
    expect(approvals.get(held.id)).toMatchObject({ state: 'approved', sessionID: 's-aaaaaaaa' })
    const again = await approvals.park(askFor('db', oneReview, asking), never)
    expect(again).toMatchObject({ kind: 'approved', held: { id: held.id } })
  })

  it('is for the session to which the asker moved it, once, and for the first one no more', async () => {
    const { approvals, held, heard } = await approvedReveal()
    await approvals.moveTo('s-bbbbbbbb', held.id, ana)
    void approvals.park(askFor('db', oneReview, asking), never)
    await heard((one) => one.state === 'pending' && one.id !== held.id)
    expect((await approvals.park(askFor('db', oneReview, elsewhere), never)).kind).toBe('approved')
    await expect(approvals.moveTo('s-cccccccc', held.id, ana)).rejects.toMatchObject({ code: 'ERR_CONFLICT' })
  })

  it.each([
    ['somebody else', person('tom')],
    ['another account of the same name', { ...ana, uid: 'u-2' }],
    ['an agent that acts for the asker', { ...ana, onBehalfOf: 'ana' }],
  ])('is not moved by %s', async (_who, by) => {
    const { approvals, held } = await approvedReveal()
    await expect(approvals.moveTo('s-bbbbbbbb', held.id, by)).rejects.toMatchObject({ code: 'ERR_FORBIDDEN' })
  })

  it('is not moved away from a client that waits for it, nor after its time', async () => {
    const { approvals, time, heard } = await openDesk()
    void approvals.park(askFor('db', oneReview, { ...asking, session: {} }), never)
    const held = await heard(pending)
    const moved = () => approvals.moveTo('s-bbbbbbbb', held.id, ana)
    await expect(moved()).rejects.toThrow(/waits for .* already/)
    time.pass(60_000)
    await expect(moved()).rejects.toMatchObject({ code: 'ERR_CONFLICT' })
  })
})

describe('After a restart', () => {
  it('what waited is withdrawn, what ran is unknown, what was detached goes on', async () => {
    const before = await openDesk()
    void before.approvals.park(askFor('waits', oneReview), never)
    const running = before.approvals.park(askFor('runs', confirmation), never)
    const own = await before.heard((held) => held.requirement.kind === 'confirm')
    await before.approvals.confirm(own.id, ana, own.digest)
    await running
    const left = before.approvals.park(askFor('left', oneReview, { session: { waitMs: 10 } }), never)
    const detached = await before.heard((held) => held.target.endsWith('left'))
    before.time.pass(10)
    await left

    const after = await openDesk({ store: before.store.afterCrash(), time: before.time })
    expect(after.approvals.list().map(({ target, state }) => [target.split('/').at(-1), state])).toEqual([
      ['waits', 'withdrawn'],
      ['runs', 'unknown'],
      ['left', 'pending'],
    ])
    await after.approvals.review(detached.id, approve(detached))
    expect((await after.approvals.park(askFor('left', oneReview), never)).kind).toBe('approved')
  })

  it('an approval for one cluster is none for another, and none after its time', async () => {
    const before = await openDesk()
    const left = before.approvals.park(askFor('web', oneReview, { session: { waitMs: 10 } }), never)
    const held = await before.heard(pending)
    before.time.pass(10)
    await left
    await before.approvals.review(held.id, approve(held))
    const { store, time } = before
    const other = await openDesk({ store: store.afterCrash(), time, cluster: 'https://two:6443' })
    expect(other.approvals.get(held.id).state).toBe('withdrawn')
  })

  it('what has expired meanwhile is expired', async () => {
    const before = await openDesk()
    void before.approvals.park(askFor('web', oneReview, { session: { waitMs: 0 } }), never)
    const held = await before.heard((one) => one.state === 'pending')
    before.time.pass(1)
    await before.heard((one) => !one.waiting)
    const later = new FakeTime()
    later.pass(60_000)
    const last = await openDesk({ store: before.store.afterCrash(), time: later })
    expect(last.approvals.get(held.id).state).toBe('expired')
  })
})

describe('When state cannot be kept', () => {
  it('nothing is parked and nothing is approved, but what is denied stays denied', async () => {
    const { approvals, store, heard } = await openDesk()
    const parked = approvals.park(askFor('web', oneReview), never)
    const held = await heard(pending)
    store.full = true
    await expect(approvals.park(askFor('db', oneReview), never)).rejects.toMatchObject({ code: 'ERR_STATE' })
    await expect(approvals.review(held.id, approve(held))).rejects.toMatchObject({ code: 'ERR_STATE' })
    expect(approvals.get(held.id).state).toBe('pending')
    await expect(approvals.review(held.id, deny(held))).rejects.toMatchObject({ code: 'ERR_STATE' })
    expect((await parked).kind).toBe('denied')
    store.full = false
    await expect(approvals.review(held.id, approve(held))).rejects.toMatchObject({ code: 'ERR_CONFLICT' })
  })

  it('what was denied or withdrawn meanwhile is so after a restart too, once there was room again', async () => {
    const { approvals, store, time, heard } = await openDesk()
    const impatient = { session: { waitMs: 1000 } }
    for (const what of ['web', 'db']) void approvals.park(askFor(what, oneReview, impatient), never)
    const [web, db] = await Promise.all(
      ['web', 'db'].map((what) => heard((held) => held.target.endsWith(what) && pending(held))),
    )
    time.pass(1000)
    await heard((held) => held.id === db!.id && !held.waiting)
    await approvals.review(db!.id, approve(db!))
    store.full = true
    await expect(approvals.review(web!.id, deny(web!))).rejects.toMatchObject({ code: 'ERR_STATE' })
    await expect(approvals.withdraw(db!.id, ana)).rejects.toMatchObject({ code: 'ERR_STATE' })
    store.full = false
    await approvals.park(askFor('other', oneReview), AbortSignal.abort())
    const after = await openDesk({ store: store.afterCrash(), time })
    expect(after.approvals.get(web!.id).state).toBe('denied')
    expect(after.approvals.get(db!.id).state).toBe('withdrawn')
  })
})
