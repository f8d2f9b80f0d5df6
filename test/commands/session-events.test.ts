import { describe, expect, it } from 'vitest'
import { SessionEvents, type SessionEvent } from '../../src/commands/session-events.ts'
import type { BrokerEvent, ControlClient, RequestNote } from '../../src/control/contract.ts'
import type { Session } from '../../src/model/session.ts'

type Told = BrokerEvent | { readonly type: 'lost'; readonly reason: string }

const session: Session = {
  id: 's-aaaaaaaa',
  kind: 'run',
  subject: { name: 'ana', uid: '1', groups: [], extra: {}, authenticatedBy: 'local' },
  mode: 'local',
  command: ['sh'],
  startedAt: '2026-11-23T10:00:00Z',
  recording: '',
  counts: { requests: 0, held: 0, denied: 0, masked: 0 },
}
const counted: Session = { ...session, counts: { requests: 3, held: 1, denied: 0, masked: 2 } }
const hello = (...sessions: Session[]): Told => ({ type: 'hello', held: [], sessions })
const lost: Told = { type: 'lost', reason: 'ECONNREFUSED' }

/** What a session's own stream makes of what the broker tells. */
async function follow(told: readonly Told[]): Promise<{ events: SessionEvent[]; session: Session }> {
  const stream = async function* () {
    await Promise.resolve()
    yield* told
  }
  const events: SessionEvent[] = []
  const following = new SessionEvents({ events: stream } as unknown as ControlClient, session)
  following.subscribe((event) => events.push(event))
  await following.stop()
  return { events, session: following.session }
}

describe('a session', () => {
  it('is known as the broker told it last, also after that is lost', async () => {
    expect((await follow([hello(session), { type: 'session', session: counted }, lost])).session).toEqual(counted)
    expect((await follow([hello(counted), lost, hello()])).session).toEqual(counted)
    expect((await follow([hello(session), { type: 'session', session: { ...counted, id: 's-b' } }])).session).toEqual(
      session,
    )
  })

  it('hears once that its broker is lost, however often connecting again fails, and once that it is back', async () => {
    const { events } = await follow([hello(session), lost, lost, lost, hello(session), lost, hello()])
    expect(events).toEqual([lost, { type: 'back', known: true }, lost, { type: 'back', known: false }])
  })

  it('is told of each of its requests once, also of those that ended while there was no connection', async () => {
    const note = (auditID: string, sessionID = session.id) => ({ auditID, sessionID }) as RequestNote
    const again = (...notes: RequestNote[]): Told => ({ type: 'hello', held: [], sessions: [session], notes })
    const { events } = await follow([
      hello(session),
      { type: 'request', note: note('a') },
      again(note('a'), note('b'), note('x', 's-b')),
      { type: 'request', note: note('c') },
      again(note('b'), note('c')),
    ])
    expect(events).toEqual(['a', 'b', 'c'].map((id) => ({ type: 'request', note: note(id) })))
  })

  it('that ended meanwhile is not known any more', async () => {
    const ended = { ...session, endedAt: '2026-11-23T11:00:00Z' }
    expect((await follow([lost, hello(ended)])).events).toEqual([lost, { type: 'back', known: false }])
  })
})
