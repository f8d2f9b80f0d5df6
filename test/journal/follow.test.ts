import { expect, test } from 'vitest'
import { followJournal } from '../../src/journal/follow.ts'
import { openJournal } from '../../src/journal/journal.ts'
import { auditEvent, clock, newKey, temporaryFolder } from './support.ts'

test('what is written from now on is seen in order, through new segments, and nothing of before', async () => {
  await using folder = await temporaryFolder()
  const journal = await openJournal({
    folder: folder.path,
    signingKey: newKey(),
    clock,
    limits: { segmentBytes: 4096, checkpointLines: 7 },
  })
  await journal.append(auditEvent('before'), 'durable')
  const stop = new AbortController()
  const seen: string[] = []
  const coming = followJournal(folder.path, {}, stop.signal)
  const first = coming.next()
  for (let n = 0; n < 60; n++) await journal.append(auditEvent(`r-${n}`), 'durable')
  for (let next = await first; next.done !== true; next = await coming.next()) {
    seen.push(next.value.auditID)
    if (next.value.auditID === 'r-59') stop.abort()
  }
  const all = Array.from({ length: 60 }, (_, n) => `r-${n}`)
  expect(seen).toEqual(all.slice(all.indexOf(seen[0] ?? '')))
  expect(seen.at(-1)).toBe('r-59')
  await journal.close()
})

test('a journal that is not there yet is waited for, and filters hold', async () => {
  await using folder = await temporaryFolder()
  const stop = new AbortController()
  const coming = followJournal(folder.path, { auditID: 'wanted' }, stop.signal)
  const first = coming.next()
  const journal = await openJournal({ folder: folder.path, clock })
  await journal.append(auditEvent('other'), 'durable')
  await journal.append(auditEvent('wanted'), 'durable')
  expect((await first).value?.auditID).toBe('wanted')
  stop.abort()
  expect((await coming.next()).done).toBe(true)
  await journal.close()
})
