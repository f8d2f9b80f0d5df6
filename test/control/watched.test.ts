import { expect, it } from 'vitest'
import { EventHub } from '../../src/control/events.ts'
import type { Subject } from '../../src/model/subject.ts'

const named = (name: string): Subject => ({ name, uid: '', groups: [], extra: {}, authenticatedBy: 'reviewer-token' })

it('a subject is watched while a reviewer who is somebody else has a screen open', () => {
  const hub = new EventHub()
  expect(hub.isWatched(named('ana'))).toBe(false)
  const operators = hub.open({ subject: named('operator'), watches: false })
  const own = hub.open({ subject: named('ana'), watches: true })
  expect(hub.isWatched(named('ana'))).toBe(false)
  const other = hub.open({ subject: named('bob'), watches: true })
  expect(hub.isWatched(named('ana'))).toBe(true)
  expect(hub.isWatched({ ...named('agent'), onBehalfOf: 'bob' })).toBe(true)
  own.end()
  expect(hub.isWatched({ ...named('agent'), onBehalfOf: 'bob' })).toBe(false)
  other.end()
  operators.end()
  expect([hub.isWatched(named('ana')), hub.readers]).toEqual([false, 0])
})
