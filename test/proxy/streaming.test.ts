import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { describe, expect, test } from 'vitest'
import { ask, open } from './client.ts'
import { Fault } from '../../src/model/fault.ts'
import { inHouse, knownToken, session, subject, type Handler } from './house.ts'

const watchPods = '/api/v1/namespaces/default/pods?watch=true'
const frame = (count: number) => `{"type":"ADDED","object":{"metadata":{"name":"p-${count}"}}}\n`

/** An upstream that hands its response to the test. */
function handedOver(): { handler: Handler; response: Promise<ServerResponse> } {
  const { promise, resolve } = Promise.withResolvers<ServerResponse>()
  return { handler: (_message, response) => resolve(response), response: promise }
}

test('a watch sends its headers before its first event, and each event as it comes', () => {
  const upstream = handedOver()
  return inHouse({ handler: upstream.handler }, async (house) => {
    const opening = open(house, watchPods)
    const source = await upstream.response
    source.writeHead(200, { 'content-type': 'application/json' }).flushHeaders()
    const message = await opening
    expect(message.statusCode).toBe(200)
    const events = message[Symbol.asyncIterator]()
    for (const count of [1, 2, 3]) {
      source.write(frame(count))
      expect(String((await events.next()).value)).toBe(frame(count))
    }
    source.end()
    expect((await events.next()).done).toBe(true)
    expect(await house.completed()).toMatchObject({ verb: 'watch', annotations: { 'chaperone/outcome': 'completed' } })
  })
})

test('a session has a hundred watches; the next is refused, without a hint to try again, until one ends', () =>
  inHouse({ handler: (_message, response) => response.writeHead(200).flushHeaders() }, async (house) => {
    const watches = await Promise.all(Array.from({ length: 100 }, () => open(house, watchPods)))
    const reply = await ask(house, watchPods)
    expect(reply.json).toMatchObject({
      kind: 'Status',
      code: 403,
      message: expect.stringContaining('as many watches and streams as one session may have'),
    })
    expect(reply.headers).not.toHaveProperty('retry-after')
    expect((await house.completed(101)).annotations).toMatchObject({
      'chaperone/reason': 'too-many-streams',
      'chaperone/outcome': 'refused',
    })
    const ended = house.line((event) => event.stage === 'ResponseComplete' && event.auditID !== 'audit-101')
    watches[0]?.on('error', () => undefined).destroy()
    await ended
    expect((await open(house, watchPods)).statusCode).toBe(200)
  }))

test('a client that leaves ends its watch upstream', () => {
  const upstream = handedOver()
  return inHouse({ handler: upstream.handler }, async (house) => {
    const opening = open(house, watchPods)
    const source = await upstream.response
    source.writeHead(200).write(frame(1))
    const message = await opening
    await once(message, 'readable')
    const ended = once(source, 'close')
    message.destroy()
    await ended
    expect((await house.completed()).annotations).toMatchObject({
      'chaperone/outcome': 'cancelled',
      'chaperone/reason': 'client-gone',
    })
  })
})

test('a client that leaves before the cluster answers ends its read upstream', () => {
  const upstream = handedOver()
  return inHouse({ handler: upstream.handler }, async (house) => {
    const leaving = new AbortController()
    const opening = open(house, '/api/v1/pods', {}, leaving.signal)
    const source = await upstream.response
    const ended = once(source, 'close')
    leaving.abort()
    await expect(opening).rejects.toThrow('aborted')
    await ended
    expect((await house.completed()).annotations['chaperone/outcome']).toBe('cancelled')
  })
})

test('a write is carried to its end although its client left, so that its outcome is known', () => {
  const upstream = handedOver()
  return inHouse({ handler: upstream.handler }, async (house) => {
    const leaving = new AbortController()
    const opening = open(house, '/api/v1/namespaces/a/configmaps', { method: 'POST', body: '{}' }, leaving.signal)
    const source = await upstream.response
    leaving.abort()
    await expect(opening).rejects.toThrow('aborted')
    source.writeHead(201, { 'content-type': 'application/json' }).end('{}')
    expect(await house.completed()).toMatchObject({
      responseStatus: { code: 201 },
      annotations: { 'chaperone/outcome': 'cancelled' },
    })
  })
})

test('a cluster that dies midway breaks the answer instead of ending it cleanly', () =>
  inHouse(
    {
      handler: (message, response) => {
        response.writeHead(200, { 'content-type': 'application/json' })
        response.write(`{"items":["${'x'.repeat(300_000)}`, () => message.socket.destroy())
      },
    },
    async (house) => {
      await expect(ask(house, '/api/v1/pods')).rejects.toThrow(/aborted|socket hang up/)
      expect((await house.completed()).annotations).toMatchObject({
        'chaperone/outcome': 'failed',
        'chaperone/reason': 'upstream-failed',
      })
    },
  ))

test('a slow reader slows the cluster down and the broker holds only a window', () => {
  const upstream = handedOver()
  return inHouse({ handler: upstream.handler }, async (house) => {
    const opening = open(house, '/api/v1/namespaces/default/pods/x/log?follow=true')
    const source = await upstream.response
    source.writeHead(200, { 'content-type': 'text/plain' }).flushHeaders()
    const message = await opening
    message.pause()
    const block = Buffer.alloc(256 * 1024, 'x')
    const total = 64 * 1024 * 1024
    let sent = 0
    const pour = () => {
      while (sent < total) {
        sent += block.length
        if (!source.write(block)) return
      }
      source.end()
    }
    source.on('drain', pour)
    pour()
    // Until the pipe is full: nothing has drained for a while, though the upstream still wants to write.
    let before = -1
    while (before !== sent) {
      before = sent
      await new Promise((resolve) => setTimeout(resolve, 150))
    }
    expect(sent).toBeLessThan(24 * 1024 * 1024)
    let received = 0
    for await (const chunk of message) received += (chunk as Buffer).length
    expect(received).toBe(total)
    await house.completed()
  })
})

test('one slow reader does not hold up another', () => {
  const upstream = handedOver()
  const handler: Handler = (message, response, body) => {
    if (message.url?.includes('follow') === true) upstream.handler(message, response, body)
    else response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
  }
  return inHouse({ handler }, async (house) => {
    const opening = open(house, '/api/v1/namespaces/default/pods/x/log?follow=true')
    const source = await upstream.response
    source.writeHead(200).write(Buffer.alloc(32 * 1024 * 1024))
    const message = await opening
    message.pause()
    expect((await ask(house, '/api/v1/pods')).status).toBe(200)
    message.destroy()
    await house.completed(1)
  })
})

describe('a session that ends takes its streams with it', () => {
  const story = (sent: string, end: (message: IncomingMessage) => Promise<unknown>) => {
    const upstream = handedOver()
    let ended = false
    return inHouse(
      {
        handler: upstream.handler,
        identify: (authorization) =>
          ended
            ? Promise.reject(new Fault('ERR_UNAUTHENTICATED', 'The session has ended.'))
            : knownToken(authorization),
      },
      async (house) => {
        const opening = open(house, watchPods)
        const source = await upstream.response
        source.writeHead(200).write(sent)
        const message = await opening
        const stopped = once(source, 'close')
        const seen = end(message)
        ended = true
        await Promise.all([seen, stopped])
        expect((await house.completed()).annotations).toMatchObject({
          'chaperone/outcome': 'failed',
          'chaperone/reason': 'session-ended',
        })
      },
    )
  }

  test('a watch is told why by a last event', () =>
    story(frame(1), async (message) => {
      const [first, last, ...more] = (await text(message)).trimEnd().split('\n')
      expect([`${first}\n`, more]).toEqual([frame(1), []])
      expect(JSON.parse(last ?? '')).toMatchObject({
        type: 'ERROR',
        object: { kind: 'Status', status: 'Failure', code: 401, reason: 'Unauthorized' },
      })
    }))

  test('in the midst of an event the connection breaks, so that nobody takes half of one for whole', () =>
    story('{"type":"ADDED","object":{"metadata":', (message) => {
      const broken = once(message, 'error')
      message.resume()
      return broken
    }))
})

test('a caller who loses a group loses the streams it was given as its member', () => {
  const upstream = handedOver()
  let groups = subject.groups
  return inHouse(
    {
      handler: upstream.handler,
      identify: async (authorization) => {
        const caller = await knownToken(authorization)
        return { ...caller, subject: { ...caller.subject, groups } }
      },
    },
    async (house) => {
      const opening = open(house, watchPods)
      const source = await upstream.response
      source.writeHead(200).write(frame(1))
      const message = await opening
      groups = []
      expect(await text(message)).toContain('no longer in the group developers')
    },
  )
})

test('a cluster that dies before the second piece of an answer is told as a failure, since nothing has left yet', () =>
  inHouse(
    {
      handler: (message, response) => {
        response.writeHead(200, { 'content-type': 'application/json' })
        response.write('{"items":[', () => message.socket.destroy())
      },
    },
    async (house) => {
      const reply = await ask(house, '/api/v1/pods')
      expect(reply.status).toBe(502)
      expect(reply.json).toMatchObject({ kind: 'Status', status: 'Failure' })
    },
  ))

test('a session whose readers do not read waits for itself, and another session is served', { timeout: 30_000 }, () => {
  const block = Buffer.alloc(64 * 1024, 'x')
  const handler: Handler = (message, response) => {
    response.on('error', () => {}).writeHead(200, { 'content-type': 'application/json' })
    if (message.url !== '/api/v1/pods') response.end('{}')
    const pour = () => {
      while (message.url === '/api/v1/pods' && response.write(block));
    }
    response.on('drain', pour)
    pour()
  }
  const identify = (authorization: string | undefined) => {
    const id = authorization === 'Bearer other' ? 's-other' : session.id
    return Promise.resolve({ subject, session: { ...session, id } })
  }
  const greed = 260
  return inHouse({ handler, identify }, async (house) => {
    const gone = new AbortController()
    const readers = Array.from({ length: greed }, () =>
      open(house, '/api/v1/pods', {}, gone.signal).then(
        (message) => message.on('error', () => {}).pause(),
        () => undefined,
      ),
    )
    await house.line(() => house.journal.filter(({ stage }) => stage === 'RequestReceived').length >= greed)
    const reply = await ask(house, '/version', { headers: { authorization: 'Bearer other' } })
    expect(reply.status).toBe(200)
    expect(house.arrived.length).toBeLessThan(100)
    gone.abort()
    await Promise.all(readers)
  })
})

test(
  'a thousand watches of ten sessions stay open, each gets its event, and an ordinary request waits for none',
  { timeout: 60_000 },
  () => {
    const watches: ServerResponse[] = []
    const handler: Handler = (message, response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      if (message.url?.includes('watch') === true) watches.push(response.on('error', () => {}))
      else response.end('{}')
      response.flushHeaders()
    }
    const identify = (authorization: string | undefined) =>
      Promise.resolve({ subject, session: { ...session, id: authorization ?? '' } })
    return inHouse({ handler, identify }, async (house) => {
      const headers = (index: number) => ({ headers: { authorization: `Bearer session-${index % 10}` } })
      const messages = []
      for (let batch = 0; batch < 10; batch++) {
        const opening = Array.from({ length: 100 }, (_, index) => open(house, watchPods, headers(index)))
        messages.push(...(await Promise.all(opening)))
      }
      expect((await ask(house, '/version', headers(0))).status).toBe(200)
      const first = messages.map((message) => once(message, 'data'))
      for (const [index, watch] of watches.entries()) watch.write(frame(index))
      const events = await Promise.all(first)
      expect(new Set(events.map(([chunk]) => String(chunk))).size).toBe(1000)
      for (const message of messages) message.on('error', () => {}).destroy()
    })
  },
)
