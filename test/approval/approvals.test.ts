import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createApprovals } from '../../src/approval/approvals.ts'
import type { Approvals, HoldAsk, HoldOutcome } from '../../src/approval/port.ts'
import type { Requirement } from '../../src/model/decision.ts'
import type { HeldRequest } from '../../src/model/held.ts'
import type { Subject } from '../../src/model/subject.ts'
import { openStore } from '../../src/store/embedded.ts'
import { temporaryFolder } from '../support/tmp.ts'

const subject = (name: string, groups: string[] = [], onBehalfOf?: string): Subject => ({
  name,
  uid: name,
  groups,
  extra: {},
  authenticatedBy: 'local',
  ...(onBehalfOf === undefined ? {} : { onBehalfOf }),
})
const ana = subject('ana')
const bob = subject('bob', ['leads'])
const cleo = subject('cleo', ['leads'])
const anasAgent = subject('claude', ['leads'], 'ana')
const byLeads: Requirement = { kind: 'review', reviewers: [{ group: 'leads' }], count: 1, expiresAfterMs: 60_000 }
const byTwoLeads: Requirement = { ...byLeads, count: 2 }
const bySelf: Requirement = { kind: 'confirm', expiresAfterMs: 60_000 }
const digest = 'd'.repeat(64)

let parts: AsyncDisposableStack
let folder: string
let counter: Approvals & { close(): void }
let now: number
let seen: HeldRequest[]

async function open() {
  const store = await openStore({ folder })
  let byte = 0
  counter = await createApprovals({
    store,
    clock: { now: () => new Date(now) },
    random: (bytes) => Uint8Array.from({ length: bytes }, () => Math.floor(++byte * 7.3 + Math.random() * 200) % 256),
  })
  counter.subscribe((held) => seen.push(held))
  return async () => {
    counter.close()
    await store.close()
  }
}

beforeEach(async () => {
  parts = new AsyncDisposableStack()
  folder = parts.use(await temporaryFolder()).path
  now = Date.parse('2026-11-23T10:00:00Z')
  seen = []
  parts.defer(await open())
})
afterEach(async () => {
  vi.useRealTimers()
  await parts.disposeAsync()
})

function ask(requirement: Requirement, more: { waitMs?: number; digest?: string; who?: Subject } = {}): HoldAsk {
  const who = more.who ?? ana
  return {
    auditID: `audit-${Math.random()}`,
    subject: who,
    session: {
      id: 's-1',
      kind: 'run',
      subject: who,
      mode: 'local',
      command: ['kubectl'],
      startedAt: '',
      recording: '',
      counts: { requests: 0, held: 0, denied: 0, masked: 0 },
      ...(more.waitMs === undefined ? {} : { waitMs: more.waitMs }),
    },
    request: { kind: 'non-resource', verb: 'get', path: '/x', effects: ['read'] },
    canonical: {
      method: 'DELETE',
      target: '/x',
      contentType: '',
      body: new Uint8Array(),
      digest: more.digest ?? digest,
    },
    shownBody: '',
    command: 'kubectl delete namespace x',
    claimedCommand: '',
    decision: { effect: 'hold', requirement, reasons: [], obligations: [], policyDigest: '' },
  }
}

/** Parks and waits until the request is on the counter. */
async function park(
  given: HoldAsk,
  signal = new AbortController().signal,
): Promise<{ id: string; outcome: Promise<HoldOutcome> }> {
  const placed = Promise.withResolvers<string>()
  const stop = counter.subscribe((held) => placed.resolve(held.id))
  const outcome = counter.park(given, signal)
  const id = await placed.promise
  stop()
  return { id, outcome }
}

const approve = (id: string, reviewer: Subject, seenDigest = digest) =>
  counter.review(id, { reviewer, verdict: 'approve', comment: '', digest: seenDigest })

describe('a held request', () => {
  it('runs once a named reviewer approves what was shown, and is closed after', async () => {
    const { id, outcome } = await park(ask(byLeads))
    await approve(id, bob)
    const ended = await outcome
    expect(ended.kind).toBe('approved')
    expect(counter.get(id).state).toBe('executing')
    if (ended.kind === 'approved') await ended.complete({ ok: true, summary: 'The API server answered 200.' })
    expect(seen.map(({ state }) => state)).toEqual(['pending', 'approved', 'executing', 'completed'])
  })

  it('is not approved by its own subject, by that person’s agent, or by someone the rule does not name', async () => {
    const { id } = await park(ask(byLeads))
    for (const who of [subject('ana', ['leads']), anasAgent, subject('eve')]) {
      await expect(approve(id, who)).rejects.toMatchObject({ code: 'ERR_FORBIDDEN' })
    }
    await expect(counter.confirm(id, ana, digest)).rejects.toMatchObject({ code: 'ERR_FORBIDDEN' })
    expect(counter.get(id)).toMatchObject({ state: 'pending', reviews: [] })
  })

  it('is not approved on the digest of something else', async () => {
    const { id } = await park(ask(byLeads))
    await expect(approve(id, bob, 'e'.repeat(64))).rejects.toMatchObject({ code: 'ERR_CONFLICT' })
    expect(counter.get(id).state).toBe('pending')
  })

  it('that needs two people is not approved by one of them twice', async () => {
    const { id, outcome } = await park(ask(byTwoLeads))
    await approve(id, bob)
    await expect(approve(id, bob)).rejects.toMatchObject({ code: 'ERR_CONFLICT' })
    expect(counter.get(id).state).toBe('pending')
    await approve(id, cleo)
    expect((await outcome).kind).toBe('approved')
  })

  it('is denied by one denial, with the words of the reviewer', async () => {
    const { id, outcome } = await park(ask(byTwoLeads))
    await counter.review(id, { reviewer: bob, verdict: 'deny', comment: 'too risky', digest })
    expect(await outcome).toMatchObject({ kind: 'denied', reason: { message: 'bob denied it: too risky' } })
    await expect(approve(id, cleo)).rejects.toMatchObject({ code: 'ERR_CONFLICT' })
  })

  it('that its rule lets one confirm is confirmed by its initiator alone', async () => {
    const { id, outcome } = await park(ask(bySelf))
    await expect(counter.confirm(id, bob, digest)).rejects.toMatchObject({ code: 'ERR_FORBIDDEN' })
    await expect(approve(id, bob)).rejects.toMatchObject({ code: 'ERR_FORBIDDEN' })
    await counter.confirm(id, ana, digest)
    expect((await outcome).kind).toBe('approved')
  })

  it('is withdrawn when its client leaves, and nothing can approve it then', async () => {
    const client = new AbortController()
    const { id, outcome } = await park(ask(byLeads), client.signal)
    client.abort()
    expect((await outcome).kind).toBe('withdrawn')
    await expect(approve(id, bob)).rejects.toMatchObject({ code: 'ERR_CONFLICT' })
  })

  it('has one end, whoever is first: verdicts and a leaving client at once', async () => {
    for (let round = 0; round < 30; round++) {
      const client = new AbortController()
      const { id, outcome } = await park(ask(byLeads, { digest: String(round).padStart(64, '0') }), client.signal)
      const given = counter.get(id).digest
      const racers = [
        () => approve(id, bob, given),
        () => counter.review(id, { reviewer: cleo, verdict: 'deny', comment: 'no', digest: given }),
        () => Promise.resolve(client.abort()),
      ]
      const order = round % 3
      const results = await Promise.allSettled([...racers.slice(order), ...racers.slice(0, order)].map((run) => run()))
      const verdicts = results.filter(({ status, value }: PromiseSettledResult<unknown> & { value?: unknown }) => {
        return status === 'fulfilled' && value !== undefined
      })
      const { kind } = await outcome
      const state = { approved: 'executing', denied: 'denied', withdrawn: 'withdrawn' }[kind as 'approved']
      expect(counter.get(id).state).toBe(state)
      expect(verdicts).toHaveLength(kind === 'withdrawn' ? 0 : 1)
    }
  })

  it('expires, also when the timer is late', async () => {
    vi.useFakeTimers()
    const { id, outcome } = await park(ask(byLeads))
    now += 60_000
    await expect(approve(id, bob)).rejects.toMatchObject({
      code: 'ERR_CONFLICT',
      message: expect.stringContaining('expired') as string,
    })
    await vi.advanceTimersByTimeAsync(60_000)
    expect((await outcome).kind).toBe('expired')
    expect(counter.get(id).state).toBe('expired')
  })

  it('ends with its session', async () => {
    const { outcome } = await park(ask(byLeads))
    await counter.endSession('s-1')
    expect((await outcome).kind).toBe('withdrawn')
  })

  it('takes a comment from its initiator alone', async () => {
    const { id } = await park(ask(byLeads))
    await expect(counter.comment(id, bob, 'mine')).rejects.toMatchObject({ code: 'ERR_FORBIDDEN' })
    expect((await counter.comment(id, ana, 'ticket 7')).comment).toBe('ticket 7')
  })
})

describe('a request that does not wait', () => {
  it('stays for review, and its repeat runs exactly once after approval', async () => {
    const { id, outcome } = await park(ask(byLeads, { waitMs: 0 }))
    expect((await outcome).kind).toBe('still-held')
    await counter.endSession('s-1')
    await approve(id, bob)
    const [first, second] = await Promise.all([
      counter.park(ask(byLeads, { waitMs: 0 }), new AbortController().signal),
      counter.park(ask(byLeads, { waitMs: 0 }), new AbortController().signal),
    ])
    expect([first.kind, second.kind].toSorted()).toEqual(['approved', 'still-held'])
  })

  it('is not picked up by another person, or for another request', async () => {
    const { id } = await park(ask(byLeads, { waitMs: 0 }))
    await approve(id, bob)
    const others = [ask(byLeads, { waitMs: 0, who: cleo }), ask(byLeads, { waitMs: 0, digest: 'f'.repeat(64) })]
    for (const other of others) {
      expect((await counter.park(other, new AbortController().signal)).kind).toBe('still-held')
    }
    expect(counter.get(id).state).toBe('approved')
  })

  it('is joined by a repeat that waits', async () => {
    const { id } = await park(ask(byLeads, { waitMs: 0 }))
    const { outcome } = await park(ask(byLeads))
    expect(counter.list('pending')).toHaveLength(1)
    await approve(id, bob)
    expect((await outcome).kind).toBe('approved')
  })

  it('gives up waiting after its patience, and no sooner', async () => {
    vi.useFakeTimers()
    const { id, outcome } = await park(ask(byLeads, { waitMs: 5_000 }))
    await vi.advanceTimersByTimeAsync(4_999)
    expect(counter.get(id).waiting).toBe(true)
    await vi.advanceTimersByTimeAsync(1)
    vi.useRealTimers()
    expect((await outcome).kind).toBe('still-held')
    expect(counter.get(id)).toMatchObject({ state: 'pending', waiting: false })
  })
})

describe('after a crash', () => {
  it('what waited is withdrawn, what ran is unknown, what was left for review still stands', async () => {
    const waiting = await park(ask(byLeads, { digest: 'a'.repeat(64) }))
    const running = await park(ask(byLeads, { digest: 'b'.repeat(64) }))
    await approve(running.id, bob, 'b'.repeat(64))
    await running.outcome
    const left = await park(ask(byLeads, { waitMs: 0, digest: 'c'.repeat(64) }))
    parts.defer(await open())
    expect([waiting.id, running.id, left.id].map((id) => counter.get(id).state)).toEqual([
      'withdrawn',
      'unknown',
      'pending',
    ])
  })
})

describe('a loop of requests', () => {
  it('is denied beyond a hundred, so that reviewers still see the others', async () => {
    for (let index = 0; index < 100; index++) {
      await counter.park(
        ask(byLeads, { waitMs: 0, digest: String(index).padStart(64, '0') }),
        new AbortController().signal,
      )
    }
    const last = await counter.park(ask(byLeads, { waitMs: 0 }), new AbortController().signal)
    expect(last).toMatchObject({ kind: 'denied' })
    const other = await counter.park(ask(byLeads, { waitMs: 0, who: cleo }), new AbortController().signal)
    expect(other.kind).toBe('still-held')
  })
})
