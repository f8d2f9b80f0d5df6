import fc from 'fast-check'
import { expect, test } from 'vitest'
import { withQuota } from '../../src/journal/quota.ts'
import { annotation, type AuditEvent } from '../../src/model/audit.ts'
import { auditEvent } from './support.ts'

function journalWith(bytes: number) {
  const written: AuditEvent[] = []
  const clock = { ms: 0 }
  const inner = { append: (event: AuditEvent) => (written.push(event), Promise.resolve()) }
  const journal = withQuota(inner, { bytes, perMs: 1000, now: () => clock.ms })
  return { journal, written, clock }
}

const by = (username: string, stage: AuditEvent['stage'] = 'RequestReceived', reason = '') =>
  auditEvent('a', {
    stage,
    user: { username, groups: [] },
    annotations: reason === '' ? {} : { [annotation.reason]: reason },
  })

/** Asks until it is refused, at most a thousand times; how often it was not. */
async function flood({ journal }: ReturnType<typeof journalWith>, name: string): Promise<number> {
  for (let count = 0; count < 1000; count++) {
    try {
      await journal.append(by(name), 'soon')
    } catch {
      return count
    }
  }
  return 1000
}

test('who asks without end is stopped, others go on, and the share comes back with time', async () => {
  const house = journalWith(20_000)
  const first = await flood(house, 'mallory')
  expect(first).toBeGreaterThan(5)
  expect(first).toBeLessThan(30)
  await expect(house.journal.append(by('mallory'), 'durable')).rejects.toMatchObject({ code: 'ERR_QUOTA' })
  await house.journal.append(by('alice'), 'durable')
  house.clock.ms += 500
  const second = await flood(house, 'mallory')
  expect(second).toBeGreaterThan(1)
  expect(second).toBeLessThan(first)
})

test('what was begun is written to its end, and a reserved order is never refused', async () => {
  const house = journalWith(5_000)
  await flood(house, 'mallory')
  await house.journal.append(by('mallory', 'ResponseComplete'), 'durable')
  await house.journal.append(by('mallory'), 'reserved')
  expect(house.written.slice(-2).map(({ stage }) => stage)).toEqual(['ResponseComplete', 'RequestReceived'])
})

test('refusals for want of a share leave one line a minute, as do strangers beyond theirs', async () => {
  const house = journalWith(5_000)
  await flood(house, 'mallory')
  const before = house.written.length
  for (let n = 0; n < 50; n++) await house.journal.append(by('mallory', 'ResponseComplete', 'over-quota'), 'soon')
  expect(house.written.length - before).toBe(1)
  house.clock.ms += 60_000
  await house.journal.append(by('mallory', 'ResponseComplete', 'over-quota'), 'soon')
  expect(house.written.length - before).toBe(2)
  for (let n = 0; n < 500; n++) await house.journal.append(by('system:anonymous', 'ResponseComplete'), 'soon')
  expect(house.written.length - before).toBeLessThan(15)
})

test('over any time nobody gets more than a share and what refilled', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat({ max: 400 }), { minLength: 1, maxLength: 60 }), async (pauses) => {
      const house = journalWith(10_000)
      for (const pause of pauses) {
        house.clock.ms += pause
        await house.journal.append(by('mallory'), 'soon').catch(() => {})
      }
      const bytes = house.written.length * 1024
      expect(bytes).toBeLessThanOrEqual(10_000 + (house.clock.ms * 10_000) / 1000 + 2048)
    }),
  )
})

test.each([
  ['long names and messages', { requestURI: `/${'n'.repeat(8000)}`, objectRef: { name: 'n'.repeat(8000) } }],
  ['a long refusal', { responseStatus: { code: 403, message: 'n'.repeat(8000) } }],
  ['quotes', { userAgent: '"'.repeat(256), annotations: { claim: '"'.repeat(250) } }],
  ['characters of six bytes each', { annotations: { claim: '\u0001'.repeat(4000) } }],
])('lines with %s count as long as they are', async (_what, facts) => {
  const { journal, written } = journalWith(1_000_000)
  const event = auditEvent('a', { stage: 'RequestReceived', ...facts })
  for (let count = 0; count < 2000; count++) await journal.append(event, 'soon').catch(() => {})
  expect(written.length).toBeGreaterThan(20)
  const bytes = written.reduce((sum, line) => sum + JSON.stringify(line).length, 0)
  expect(bytes).toBeLessThan(1_050_000)
})
