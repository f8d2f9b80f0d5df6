import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { HoldOutcome } from '../../src/approval/port.ts'
import type { HeldRequest, HeldState } from '../../src/model/held.ts'
import {
  ana,
  approve,
  askFor,
  confirmation,
  deny,
  oneReview,
  openDesk,
  rob,
  sue,
  settled,
  twoReviews,
  type OpenDesk,
} from './desk.ts'

const allowed: Readonly<Record<HeldState, readonly HeldState[]>> = {
  pending: ['pending', 'approved', 'denied', 'expired', 'withdrawn'],
  approved: ['approved', 'executing', 'expired', 'withdrawn'],
  executing: ['completed', 'failed', 'unknown'],
  completed: [],
  failed: [],
  denied: [],
  expired: [],
  withdrawn: [],
  unknown: [],
}

interface Client {
  readonly gone: AbortController
  readonly outcome: Promise<HoldOutcome>
  readonly label: string
}

/** What the world knows beside the desk: its clients and what they were told. */
interface World {
  desk: OpenDesk
  clients: Client[]
  /** Brokers that crashed: what they still try fails, and nobody hears of it. */
  readonly crashed: Set<OpenDesk>
  readonly runs: Map<string, number>
  readonly problems: string[]
}

type Step =
  | { readonly kind: 'park'; readonly what: number; readonly waits: boolean }
  | { readonly kind: 'approve' | 'deny' | 'confirm' | 'withdraw'; readonly which: number; readonly by: number }
  | { readonly kind: 'abort'; readonly which: number }
  | { readonly kind: 'pass'; readonly milliseconds: number }
  | { readonly kind: 'endSession' | 'restart' }

const requirements = [oneReview, twoReviews, confirmation]

/** Starts the step; several may be under way at once. Refusals are part of the game, other failures are not. */
async function take(step: Step, world: World): Promise<void> {
  const { desk, clients } = world
  switch (step.kind) {
    case 'park': {
      const gone = new AbortController()
      const label = `w${step.what}`
      const session = step.waits ? {} : { session: { id: 's-impatient', waitMs: 20_000 } }
      const outcome = desk.approvals.park(askFor(label, requirements[step.what % 3]!, session), gone.signal)
      clients.push({ gone, outcome, label })
      void outcome.then((end) => (end.kind === 'approved' ? run(end, desk, world) : undefined))
      return
    }
    case 'abort':
      clients[step.which % Math.max(1, clients.length)]?.gone.abort()
      return
    case 'pass':
      return desk.time.pass(step.milliseconds)
    case 'endSession':
      return desk.approvals.endSession('s-impatient')
    case 'restart':
      await settled(desk.approvals)
      world.crashed.add(desk)
      world.desk = await openDesk({ store: desk.store.afterCrash(), time: desk.time })
      world.clients = []
      watch(world)
      return
    default:
      return verdict(step, world)
  }
}

async function verdict(step: Extract<Step, { by: number }>, world: World): Promise<void> {
  const { approvals } = world.desk
  const all = approvals.list()
  const held = all[step.which % Math.max(1, all.length)]
  if (held === undefined) return
  const person = [rob, sue, ana][step.by % 3]!
  const act = {
    approve: () => approvals.review(held.id, approve(held, person)),
    deny: () => approvals.review(held.id, deny(held, person)),
    confirm: () => approvals.confirm(held.id, person, held.digest),
    withdraw: () => approvals.withdraw(held.id, person),
  }
  await act[step.kind]().catch((failure: unknown) => {
    const code = (failure as { code?: string }).code
    if (code !== 'ERR_FORBIDDEN' && code !== 'ERR_CONFLICT') world.problems.push(`${step.kind}: ${String(failure)}`)
  })
}

async function run(end: Extract<HoldOutcome, { kind: 'approved' }>, desk: OpenDesk, world: World): Promise<void> {
  world.runs.set(end.held.id, (world.runs.get(end.held.id) ?? 0) + 1)
  const { requirement, reviews } = end.held
  const approvers = new Set(reviews.filter(({ verdict }) => verdict === 'approve').map(({ reviewer }) => reviewer.name))
  if (requirement.kind === 'review' && (approvers.size < requirement.count || approvers.has('ana'))) {
    world.problems.push(`${end.held.id} ran with ${[...approvers].join()}`)
  }
  await end.complete({ ok: true, summary: 'done' }).catch((failure: unknown) => {
    if (!world.crashed.has(desk)) world.problems.push(`complete: ${String(failure)}`)
  })
}

function watch(world: World): void {
  const states = new Map(world.desk.approvals.list().map((held) => [held.id, held.state]))
  world.desk.approvals.subscribe((held: HeldRequest) => {
    const before = states.get(held.id)
    if (before !== undefined && !allowed[before].includes(held.state)) {
      world.problems.push(`${held.id}: ${before} became ${held.state}`)
    }
    states.set(held.id, held.state)
  })
}

const index = fc.nat(9)
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('park' as const), what: fc.nat(2), waits: fc.boolean() }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        'approve' as const,
        'approve' as const,
        'deny' as const,
        'confirm' as const,
        'withdraw' as const,
      ),
      which: index,
      by: fc.nat(2),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('abort' as const), which: index }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('pass' as const), milliseconds: fc.constantFrom(1000, 20_000, 60_000) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('endSession' as const, 'restart' as const) }) },
)

describe('Whatever people, clients and clocks do', () => {
  it('a request runs at most once, only with its quorum, and only along the states that exist', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(step, { minLength: 1, maxLength: 4 }), { maxLength: 25 }), async (rounds) => {
        const world: World = { desk: await openDesk(), clients: [], crashed: new Set(), runs: new Map(), problems: [] }
        watch(world)
        for (const round of rounds) {
          const restarts = round.some(({ kind }) => kind === 'restart')
          if (restarts) for (const one of round) await take(one, world)
          else await Promise.all(round.map((one) => take(one, world)))
        }
        const { desk } = world
        desk.time.pass(120_000)
        await desk.approvals.close()
        expect(world.problems).toEqual([])
        expect([...world.runs.values()].filter((times) => times > 1)).toEqual([])
        expect(desk.approvals.list().filter(({ state }) => state === 'pending' || state === 'approved')).toEqual([])
      }),
      { numRuns: 300 },
    )
  })
})
