import { expect, test } from 'vitest'
import { Slots } from '../../src/kube/slots.ts'

const open = (limit: number, waitMs = 60_000) => new Slots({ limit, waitMs, what: 'connections' })

test('who comes too late is told how many there are, and takes nothing from those behind', async () => {
  const slots = open(2, 1)
  const release = await slots.take()
  await slots.take()
  await expect(slots.take()).rejects.toMatchObject({
    code: 'ERR_UPSTREAM_TIMEOUT',
    message: 'All 2 connections to the API server stayed busy for 0.001 s; nothing was sent.',
  })
  release()
  await slots.take()
})

test('slots go round in the order of asking, each once, however often it is given back', async () => {
  const slots = open(1)
  const order: string[] = []
  const first = await slots.take()
  const second = slots.take().then((release) => (order.push('second'), release))
  const third = slots.take().then((release) => (order.push('third'), release))
  first()
  first()
  const give = await second
  expect(order).toEqual(['second'])
  give()
  ;(await third)()
  expect(order).toEqual(['second', 'third'])
  await slots.take()
})

test('who leaves the queue does not get the slot', async () => {
  const slots = open(1)
  const release = await slots.take()
  const gone = new AbortController()
  const left = slots.take(gone.signal)
  const next = slots.take()
  gone.abort(new Error('gone'))
  await expect(left).rejects.toThrow('gone')
  await expect(slots.take(gone.signal)).rejects.toThrow('gone')
  release()
  await next
})
