import { once } from 'node:events'
import { connect as connectTcp, type Socket } from 'node:net'
import { connect } from 'node:tls'
import { expect, test, vi } from 'vitest'
import { Gate } from '../../src/proxy/gate.ts'
import { startProxy } from '../../src/proxy/listener.ts'
import type { Upstream } from '../../src/kube/port.ts'
import type { Stations } from '../../src/proxy/stations.ts'
import { ask, open } from './client.ts'
import { allow, certificates, clientToken, inHouse, nothingToRestore, plainMasker, session, subject } from './house.ts'

const stations: Stations = {
  identify: () => Promise.resolve({ subject, session }),
  decide: () => allow,
  park: () => Promise.reject(new Error('nothing parks here')),
  spend: () => undefined,
  countsObjects: () => undefined,
  asksOldObject: () => false,
  oblige: () => plainMasker,
  restore: nothingToRestore,
  journal: { append: () => Promise.resolve() },
  observe: () => {},
}
const nowhere: Upstream = {
  context: 'none',
  server: 'https://127.0.0.1:1/',
  identity: 'none',
  ping: () => Promise.resolve(),
  request: () => Promise.reject(new Error('nothing is there')),
  close: () => Promise.resolve(),
}

async function start(port: number, host = '127.0.0.1') {
  const { broker } = await certificates()
  const clock = { now: () => new Date() }
  return startProxy({ host, port, tls: broker, stations, upstream: nowhere, clock, newAuditID: () => 'a' })
}

test('a port that is taken is named', async () => {
  const first = await start(0)
  const port = Number(new URL(first.endpoint).port)
  await expect(start(port)).rejects.toMatchObject({
    code: 'ERR_BUSY_PORT',
    message: `Port ${port} on 127.0.0.1 is already in use.`,
  })
  await first.close(0)
})

test('an address of another machine is named', async () => {
  await expect(start(0, '192.0.2.1')).rejects.toMatchObject({ code: 'ERR_USAGE' })
})

test('TLS 1.1 is not spoken', async () => {
  const proxy = await start(0)
  const { hostname, port } = new URL(proxy.endpoint)
  const socket = connect({
    host: hostname,
    port: Number(port),
    maxVersion: 'TLSv1.1',
    minVersion: 'TLSv1',
    rejectUnauthorized: false,
  })
  const [failure] = await once(socket, 'error')
  expect(String(failure)).toMatch(/protocol|alert/i)
  await proxy.close(0)
})

test('HTTP/1.1 is spoken with whoever does not ask for HTTP/2', () =>
  inHouse({}, async (house) => {
    const { hostname, port } = new URL(house.endpoint)
    const socket = connect({ host: hostname, port: Number(port), ca: house.ca, ALPNProtocols: ['http/1.1'] })
    await once(socket, 'secureConnect')
    expect(socket.alpnProtocol).toBe('http/1.1')
    socket.destroy()
  }))

test('closing breaks what still runs after the grace, and every line is written before', async () => {
  await inHouse({ handler: (_message, response) => response.writeHead(200).flushHeaders() }, async (house) => {
    const message = await open(house, '/api/v1/pods?watch=true')
    const broken = once(message, 'error')
    await house.proxy.close(10)
    await broken
    expect(house.journal.map((event) => event.stage)).toEqual(['RequestReceived', 'ResponseComplete'])
    await expect(ask(house, '/api/v1/pods')).rejects.toThrow('ECONNREFUSED')
  })
})

test('closing does not wait for a write that the cluster does not answer; its outcome is unknown', async () => {
  const arrived = Promise.withResolvers<void>()
  await inHouse({ handler: () => arrived.resolve() }, async (house) => {
    const answer = ask(house, '/api/v1/namespaces/a/configmaps', { method: 'POST', body: '{}' })
    const broken = expect(answer).rejects.toThrow('socket hang up')
    await arrived.promise
    await house.proxy.close(10)
    await broken
    expect((await house.completed()).annotations['chaperone/outcome']).toBe('unknown')
  })
})

test('a client that leaves while its body is awaited is journalled at once', () =>
  inHouse({}, async (house) => {
    const { hostname, port } = new URL(house.endpoint)
    const socket = connect({ host: hostname, port: Number(port), ca: house.ca })
    await once(socket, 'secureConnect')
    const head = `POST /api/v1/namespaces/a/configmaps HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${clientToken}\r\n`
    socket.write(`${head}Content-Length: 10\r\n\r\n{`, () => socket.destroy())
    expect((await house.completed()).annotations['chaperone/outcome']).toBe('cancelled')
    expect(house.arrived).toEqual([])
  }))

test('who never says who it is has ten seconds, whether it speaks TLS or not; who did may stay', () =>
  inHouse({}, async (house) => {
    const { hostname, port } = new URL(house.endpoint)
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      const address = { host: hostname, port: Number(port) }
      const mute = connectTcp(address)
      const dial = () => connect({ ...address, ca: house.ca })
      const [shaken, wrong, known] = [dial(), dial(), dial()]
      const spoken = [shaken, wrong, known].map((one) => once(one, 'secureConnect'))
      await Promise.all([once(mute, 'connect'), ...spoken])
      const request = (token: string) =>
        `GET /api/v1/pods HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n\r\n`
      wrong.write(request('guess'))
      known.write(request(clientToken))
      await Promise.all([once(wrong, 'data'), once(known, 'data')])
      const strangers = [mute, shaken, wrong]
      const closed = Promise.all(strangers.map((one) => once(one, 'close')))
      for (const one of strangers) one.on('error', () => undefined).resume()
      vi.advanceTimersByTime(10_000)
      await closed
      known.write(request(clientToken))
      expect(String((await once(known, 'data'))[0])).toContain('HTTP/1.1 200')
      known.destroy()
    } finally {
      vi.useRealTimers()
    }
  }))

test('eleven hundred connections without a token do not keep out who has one', { timeout: 20_000 }, () =>
  inHouse({}, async (house) => {
    const { hostname, port } = new URL(house.endpoint)
    const idle: Socket[] = []
    for (let round = 0; round < 11; round++) {
      const some = Array.from({ length: 100 }, () => connectTcp({ host: hostname, port: Number(port) }))
      await Promise.all(
        some.map((one) =>
          once(
            one.on('error', () => undefined),
            'connect',
          ),
        ),
      )
      idle.push(...some)
    }
    expect((await ask(house, '/api/v1/pods')).status).toBe(200)
    for (const one of idle) one.destroy()
  }),
)

test('the oldest stranger goes first, and who is known is no stranger', () => {
  const gate = new Gate(2)
  const gone: number[] = []
  const sockets = [1, 2, 3, 4].map((remotePort) => {
    const socket = { remotePort, once: () => socket, destroy: () => gone.push(remotePort) }
    return socket as unknown as Socket
  })
  const [first, second, third, fourth] = sockets as [Socket, Socket, Socket, Socket]
  gate.enter(first)
  gate.enter(second)
  gate.admit(first)
  gate.enter(third)
  expect(gone).toEqual([])
  gate.enter(fourth)
  expect(gone).toEqual([2])
  for (const socket of sockets) gate.admit(socket)
})
