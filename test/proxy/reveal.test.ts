import { expect, test } from 'vitest'
import type { Decision } from '../../src/model/decision.ts'
import { ask } from './client.ts'
import { allow, heldFrom, hold, inHouse, type Handler } from './house.ts'

const secret = {
  kind: 'Secret',
  apiVersion: 'v1',
  metadata: { name: 'db', namespace: 'shop', uid: 'u-1', resourceVersion: '7', managedFields: [{ manager: 'x' }] },
  data: { password: 'aHVudGVyMg==', 'tls.crt': 'Y2VydA==', 'a/b': 'c2xhc2g=' },
}
const handler: Handler = (_message, response) =>
  response.setHeader('content-type', 'application/json').end(JSON.stringify(secret))
const at = (pointer: string) => `/api/v1/namespaces/shop/secrets/db/reveal?pointer=${encodeURIComponent(pointer)}`
const approving = {
  decide: () => hold,
  park: (asked: Parameters<typeof heldFrom>[0]) =>
    Promise.resolve({ kind: 'approved' as const, held: heldFrom(asked), complete: () => Promise.resolve() }),
}

test('an approved reveal shows the one value, and asks the API server for its object', () =>
  inHouse({ ...approving, handler }, async (house) => {
    const { status, json, text } = await ask(house, at('/data/password'))
    expect(status).toBe(200)
    expect(json).toEqual({
      kind: 'RevealedValue',
      apiVersion: 'chaperone/v1',
      metadata: { name: 'db', namespace: 'shop', uid: 'u-1', resourceVersion: '7' },
      pointer: '/data/password',
      value: 'aHVudGVyMg==',
    })
    expect(text).not.toContain('Y2VydA')
    expect(house.arrived).toMatchObject([{ method: 'GET', url: '/api/v1/namespaces/shop/secrets/db' }])
    const line = await house.completed()
    expect(line.objectRef).toMatchObject({ resource: 'secrets', subresource: 'reveal', name: 'db' })
    expect(line.annotations).toMatchObject({ 'chaperone/reason': 'review-approved', 'chaperone/outcome': 'completed' })
    expect(JSON.stringify(house.journal)).not.toContain('aHVudGVyMg')
  }))

test('its line is durable before the API server is asked', async () => {
  const order: string[] = []
  await inHouse(
    {
      ...approving,
      handler: (...asked) => (order.push('asked'), handler(...asked)),
      append: (event, durability) => (order.push(`${event.stage} ${durability}`), Promise.resolve()),
    },
    async (house) => {
      await ask(house, at('/data/password'))
      await house.completed()
    },
  )
  expect(order).toEqual(['RequestReceived durable', 'asked', 'ResponseComplete durable'])
})

const confirm: Decision = { ...allow, effect: 'hold', requirement: { kind: 'confirm', expiresAfterMs: 1000 } }

test.each([
  ['allows it', allow],
  ['would let the caller confirm it', confirm],
])('no value is shown when the policy only %s', (_what, decision) =>
  inHouse({ handler, decide: () => decision }, async (house) => {
    expect((await ask(house, at('/data/password'))).json).toMatchObject({ code: 403 })
    expect(house.arrived).toEqual([])
    expect((await house.completed()).annotations).toMatchObject({
      'chaperone/decision': 'deny',
      'chaperone/reason': 'reveal-unreviewed',
    })
  }),
)

test.each([
  ['a key with a slash', '/data/a~1b', 200],
  ['a key that is not there', '/data/none', 404],
  ['all values at once', '/data', 400],
  ['what an object inherits', '/data/constructor', 404],
])('%s', (_what, pointer, status) =>
  inHouse({ ...approving, handler }, async (house) => {
    const answer = await ask(house, at(pointer))
    expect(answer.status).toBe(status)
    expect(answer.text).not.toContain('aHVudGVyMg')
  }),
)

test.each([
  ['no pointer', 'GET', '/api/v1/namespaces/shop/secrets/db/reveal'],
  ['the whole object', 'GET', at('/')],
  ['an empty pointer', 'GET', at('')],
  ['another parameter', 'GET', `${at('/data/password')}&watch=true`],
  ['more of the path', 'GET', '/api/v1/namespaces/shop/secrets/db/reveal/x?pointer=/data/password'],
  ['a watch', 'GET', '/api/v1/watch/namespaces/shop/secrets/db/reveal?pointer=/data/password'],
  ['a write', 'PUT', at('/data/password')],
  ['the headers alone', 'HEAD', at('/data/password')],
])('a reveal of %s is refused before anything is held', (_what, method, target) =>
  inHouse({ ...approving, handler }, async (house) => {
    expect((await ask(house, target, { method })).status).toBe(400)
    expect(house.asks).toEqual([])
    expect(house.arrived).toEqual([])
  }),
)
