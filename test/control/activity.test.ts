import { expect, test } from 'vitest'
import { tellingOf } from '../../src/control/activity.ts'
import type { RequestNote } from '../../src/control/contract.ts'
import { EventHub } from '../../src/control/events.ts'
import type { JournalPort } from '../../src/journal/port.ts'
import type { AuditEvent } from '../../src/model/audit.ts'

function line(change: Partial<AuditEvent> = {}, annotations: Readonly<Record<string, string>> = {}): AuditEvent {
  return {
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    level: 'Metadata',
    auditID: 'a-1',
    stage: 'ResponseComplete',
    requestURI: '/api/v1/namespaces/shop/pods/web-0',
    verb: 'delete',
    user: { username: 'olivia' },
    sourceIPs: ['127.0.0.1'],
    userAgent: 'kubectl/v1.31.9',
    objectRef: { resource: 'pods' },
    responseStatus: { code: 200 },
    requestReceivedTimestamp: '2026-11-23T12:00:00.000000Z',
    stageTimestamp: '2026-11-23T12:01:05.250000Z',
    annotations: {
      'chaperone/session': 's-abcdefgh',
      'chaperone/decision': 'hold',
      'chaperone/reason': 'review-approved',
      'chaperone/message': 'Approved by rita.',
      'chaperone/rules': 'default/pods,default/deletes',
      'chaperone/held': 'h-abc234',
      'chaperone/reviewer': 'rita',
      'chaperone/command': 'kubectl delete pod web-0 -n shop',
      'chaperone/claimed-command': 'kubectl delete',
      'chaperone/masked-values': '2',
      ...annotations,
    },
    ...change,
  }
}

const silent: JournalPort = { append: () => Promise.resolve() }

test('of an ended request screens learn what its last journal line says', async () => {
  const told: RequestNote[] = []
  await tellingOf(silent, (note) => told.push(note)).append(line(), 'durable')
  expect(told).toEqual([
    {
      sessionID: 's-abcdefgh',
      auditID: 'a-1',
      at: '2026-11-23T12:00:00.000000Z',
      durationMs: 65_250,
      command: 'kubectl delete pod web-0 -n shop',
      claimedCommand: 'kubectl delete',
      discovery: false,
      decision: 'hold',
      reason: { code: 'review-approved', message: 'Approved by rita.', rule: 'default/pods' },
      rules: ['default/pods', 'default/deletes'],
      heldID: 'h-abc234',
      reviewers: ['rita'],
      statusCode: 200,
      masked: 2,
    },
  ])
})

test('what has not ended, and what belongs to no session, is not told', async () => {
  const told: RequestNote[] = []
  const journal = tellingOf(silent, (note) => told.push(note))
  await journal.append(line({ stage: 'RequestReceived' }), 'durable')
  await journal.append(line({}, { 'chaperone/session': '' }), 'durable')
  expect(told).toEqual([])
})

test('a request whose last line could not be written is told, and the failure goes on', async () => {
  const told: RequestNote[] = []
  const full: JournalPort = { append: () => Promise.reject(new Error('no space left')) }
  await expect(tellingOf(full, (note) => told.push(note)).append(line(), 'durable')).rejects.toThrow('no space left')
  expect(told).toHaveLength(1)
})

test('a screen that comes later gets the latest of its session, oldest first, and no others', async () => {
  const hub = new EventHub()
  const journal = tellingOf(silent, (note) => hub.publish({ type: 'request', note }))
  for (let index = 0; index < 5000; index++) {
    const session = index % 2 === 0 ? 's-abcdefgh' : 's-other'
    await journal.append(line({ auditID: `a-${index}` }, { 'chaperone/session': session }), 'soon')
  }
  const recent = hub.recent('s-abcdefgh').map(({ auditID }) => auditID)
  expect(recent.at(-1)).toBe('a-4998')
  expect(recent.at(-2)).toBe('a-4996')
  expect(recent.length).toBeGreaterThanOrEqual(1000)
  expect(recent.length).toBeLessThanOrEqual(2000)
})
