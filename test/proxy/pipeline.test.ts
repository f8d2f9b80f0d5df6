import { afterEach, expect, test } from 'vitest'
import { openHouse, upstreamToken, type House, type HouseOptions } from './house.ts'
import { ask } from './client.ts'

let house: House | undefined

async function opened(options?: HouseOptions): Promise<House> {
  house = await openHouse(options)
  return house
}

afterEach(async () => {
  await house?.close()
  house = undefined
})

test('a read goes through with the credential of the broker and is journalled', async () => {
  const { arrived, journal, notes } = await opened()
  const reply = await ask(house as House, '/api/v1/namespaces/default/pods?limit=500')
  expect(reply.status).toBe(200)
  expect(reply.json).toEqual({ kind: 'Status', status: 'Success' })
  expect(arrived).toHaveLength(1)
  expect(arrived[0]).toMatchObject({ method: 'GET', url: '/api/v1/namespaces/default/pods?limit=500', body: '' })
  expect(arrived[0]?.headers.authorization).toBe(`Bearer ${upstreamToken}`)
  expect(journal.map((event) => event.stage)).toEqual(['RequestReceived', 'ResponseComplete'])
  expect(journal[1]).toMatchObject({
    auditID: 'audit-1',
    verb: 'list',
    user: { username: 'alice' },
    objectRef: { resource: 'pods', namespace: 'default', apiVersion: 'v1' },
    responseStatus: { code: 200 },
  })
  expect(notes).toMatchObject([{ command: 'kubectl get pods -n default', decision: 'allow', statusCode: 200 }])
})
