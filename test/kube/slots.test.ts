import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Slots } from '../../src/kube/slots.ts'

const open = (limit: number, waitMs = 60_000) => new Slots({ limit, waitMs, what: 'connections' })

test('who comes too late is told how many there are, and takes nothing from those behind', async () => {
  const slots = open(2, 1)
  const release = await slots.take('a')
  await slots.take('a')
  await expect(slots.take('a')).rejects.toMatchObject({
    code: 'ERR_UPSTREAM_TIMEOUT',
    message: 'All 2 connections to the API server stayed busy for 0.001 s; nothing was sent.',
  })
  release()
  await slots.take('a')
})

test('slots go round in the order of asking, each once, however often it is given back', async () => {
  const slots = open(1)
  const order: string[] = []
  const first = await slots.take('a')
  const second = slots.take('a').then((release) => (order.push('second'), release))
  const third = slots.take('a').then((release) => (order.push('third'), release))
  first()
  first()
  const give = await second
  expect(order).toEqual(['second'])
  give()
  ;(await third)()
  expect(order).toEqual(['second', 'third'])
  await slots.take('a')
})

test('who leaves the queue does not get the slot', async () => {
  const slots = open(1)
  const release = await slots.take('a')
  const gone = new AbortController()
  const left = slots.take('a', gone.signal)
  const next = slots.take('a')
  gone.abort(new Error('gone'))
  await expect(left).rejects.toThrow('gone')
  await expect(slots.take('a', gone.signal)).rejects.toThrow('gone')
  release()
  await next
})

test('a party that holds its part waits for itself, and nobody waits for it', async () => {
  const slots = new Slots({ limit: 3, perParty: 2, waitMs: 60_000, what: 'connections' })
  const order: string[] = []
  const first = await slots.take('greedy')
  await slots.take('greedy')
  const third = slots.take('greedy').then(() => order.push('greedy'))
  const other = await slots.take('other')
  const waiting = slots.take('another').then((release) => (order.push('another'), release))
  other()
  await waiting
  expect(order).toEqual(['another'])
  first()
  await third
  expect(order).toEqual(['another', 'greedy'])
})

test('a party that waits for itself too long is told so', async () => {
  const slots = new Slots({ limit: 3, perParty: 1, waitMs: 1, what: 'connections' })
  await slots.take('greedy')
  await expect(slots.take('greedy')).rejects.toMatchObject({
    message: 'All 1 connections that one session may hold to the API server stayed busy for 0.001 s; nothing was sent.',
  })
})

test('however parties come and go, no more than the limits are ever held, and nobody is forgotten', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.boolean()), { maxLength: 60 }),
      async (steps) => {
        const slots = new Slots({ limit: 3, perParty: 2, waitMs: 60_000, what: 'connections' })
        const held: { party: string; release: () => void }[] = []
        let asked = 0
        let given = 0
        const settle = () => new Promise((resolve) => setImmediate(resolve))
        for (const [party, takes] of steps) {
          if (takes) {
            asked += 1
            void slots
              .take(party)
              .then((release) => held.push({ party, release }))
              .then(() => (given += 1))
          } else held.shift()?.release()
          await settle()
          expect(held.length).toBeLessThanOrEqual(3)
          for (const name of ['a', 'b', 'c'])
            expect(held.filter((one) => one.party === name).length).toBeLessThanOrEqual(2)
        }
        while (held.length > 0) {
          held.shift()?.release()
          await settle()
        }
        expect(given).toBe(asked)
      },
    ),
    { numRuns: 100 },
  )
})
