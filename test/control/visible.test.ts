import { expect, it } from 'vitest'
import { View } from '../../src/control/visible.ts'
import type { BrokerEvent } from '../../src/control/contract.ts'
import type { Session } from '../../src/model/session.ts'
import type { Subject } from '../../src/model/subject.ts'
import { heldRequest } from '../ui/terminal/house.ts'

const named = (name: string, groups: readonly string[] = [], more: Partial<Subject> = {}): Subject => ({
  name,
  uid: `uid of ${name}`,
  groups,
  extra: {},
  authenticatedBy: 'jwt',
  ...more,
})
const sessionOf = (subject: Subject): Session => ({
  id: `s-${subject.name}`,
  kind: 'shell',
  subject,
  mode: 'local',
  command: ['bash'],
  startedAt: '2026-11-23T06:00:00.000Z',
  recording: '',
  counts: { requests: 0, held: 0, denied: 0, masked: 0 },
})
const heldOf = (subject: Subject) => ({ ...heldRequest(), subject })
const all = [
  sessionOf(named('ana')),
  sessionOf(named('bob')),
  sessionOf(named('robot', [], { onBehalfOf: 'ana' })),
  sessionOf(named('ana', [], { uid: 'another ana' })),
]
const sessions = {
  list: () => all,
  get: (id: string) => all.find((one) => one.id === id) ?? sessionOf(named('nobody')),
}
const viewOf = (subject: Subject, role: 'operator' | 'reviewer' | 'person' = 'person') =>
  new View({ subject, role }, sessions)

it('a person sees their own sessions and those of their agents, and nobody else’s', () => {
  expect(all.map((session) => viewOf(named('ana')).session(session))).toEqual([true, false, true, false])
})

it('a person sees their own requests, and those they are named to review', () => {
  const held = heldOf(named('bob'))
  expect(held.requirement).toMatchObject({ kind: 'review', reviewers: [{ group: 'platform-leads' }] })
  expect(viewOf(named('bob')).held(held)).toBe(true)
  expect(viewOf(named('ana')).held(held)).toBe(false)
  expect(viewOf(named('ana', ['platform-leads'])).held(held)).toBe(true)
})

it.each([
  ['the operator', viewOf(named('root'), 'operator')],
  ['a reviewer with a token', viewOf(named('rita'), 'reviewer')],
  ['a person who looks after the broker', viewOf(named('olga', ['chaperone:operators']))],
])('%s sees all', (_who, view) => {
  expect(all.every((session) => view.session(session))).toBe(true)
  expect(view.held(heldOf(named('bob')))).toBe(true)
})

it('events are told to those who may see what they are about', () => {
  const [own, others] = [sessionOf(named('ana')), sessionOf(named('bob'))]
  const note = (sessionID: string) => ({ type: 'request', note: { sessionID } }) as unknown as BrokerEvent
  const view = viewOf(named('ana'))
  const seen = (event: BrokerEvent) => view.event(event)
  const held = [heldOf(named('ana')), heldOf(named('bob'))]
  expect(seen({ type: 'hello', held, sessions: [own, others] })).toEqual({
    type: 'hello',
    held: [held[0]],
    sessions: [own],
  })
  expect([seen({ type: 'session', session: own }), seen({ type: 'session', session: others })]).toEqual([
    { type: 'session', session: own },
    undefined,
  ])
  expect([seen(note('s-ana')), seen(note('s-bob')), seen(note('s-gone'))]).toEqual([
    note('s-ana'),
    undefined,
    undefined,
  ])
  expect(seen({ type: 'heartbeat' })).toEqual({ type: 'heartbeat' })
})
