import { once } from 'node:events'
import { connect, type ClientHttp2Session, type ClientHttp2Stream, type IncomingHttpHeaders } from 'node:http2'
import type { Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { connect as connectTls } from 'node:tls'
import { expect, test } from 'vitest'
import { annotation } from '../../src/model/audit.ts'
import { clientToken, inHouse, type House, type HouseOptions } from './house.ts'

const bearer = `Bearer ${clientToken}`

async function withSession<T>(house: House, story: (session: ClientHttp2Session) => Promise<T>): Promise<T> {
  const session = connect(house.endpoint, { ca: house.ca, maxSendHeaderBlockLength: 1 << 20 })
  session.on('error', () => {})
  try {
    return await story(session)
  } finally {
    session.destroy()
  }
}

function send(session: ClientHttp2Session, headers: Record<string, string | string[]>, body?: string) {
  const stream = session.request({ authorization: bearer, ...headers }, { endStream: body === undefined })
  if (body !== undefined) stream.end(body)
  return stream
}

async function replyTo(
  stream: ClientHttp2Stream,
): Promise<{ status: number; headers: IncomingHttpHeaders; body: string }> {
  const [headers] = (await once(stream, 'response')) as [IncomingHttpHeaders]
  return { status: Number(headers[':status']), headers, body: await text(stream) }
}

test('HTTP/2 is spoken with whoever asks for it, many requests on one connection', () =>
  inHouse({ handler: (message, response) => response.end(JSON.stringify({ path: message.url })) }, (house) =>
    withSession(house, async (session) => {
      const paths = Array.from({ length: 40 }, (_, index) => `/api/v1/namespaces/n${index}/configmaps`)
      const replies = await Promise.all(paths.map((path) => replyTo(send(session, { ':path': path }))))
      expect(replies.map(({ status }) => status)).toEqual(paths.map(() => 200))
      expect(replies.map(({ body }) => (JSON.parse(body) as { path: string }).path)).toEqual(paths)
      expect(replies[0]?.headers['audit-id']).toBeDefined()
    }),
  ))

test('a body goes upstream as it was judged, and the journal has both lines', () =>
  inHouse({ handler: (_message, response, body) => response.writeHead(201).end(body) }, (house) =>
    withSession(house, async (session) => {
      const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'n' } }
      const headers = {
        ':method': 'POST',
        ':path': '/api/v1/namespaces/n/configmaps',
        'content-type': 'application/json',
      }
      const reply = await replyTo(send(session, headers, JSON.stringify(object)))
      expect(reply.status).toBe(201)
      expect(JSON.parse(reply.body)).toEqual(object)
      const doubled = '{"metadata":{"name":"a"},"metadata":{"name":"b"}}'
      expect((await replyTo(send(session, headers, doubled))).status).toBe(400)
    }),
  ))

test.each([
  ['no token', { authorization: [] }, 401],
  ['impersonation', { 'impersonate-user': 'root' }, 403],
  ['a host that is not the authority', { ':authority': 'one.example', host: 'other.example' }, 400],
  ['a compressed body', { 'content-encoding': 'gzip' }, 400],
  ['a semicolon in the query', { ':path': '/api/v1/secrets?a=b;watch=true' }, 400],
  ['an encoded slash', { ':path': '/api/v1/namespaces/n/secrets%2fs' }, 400],
  ['exec', { ':path': '/api/v1/namespaces/n/pods/p/exec?command=sh' }, 501],
])('%s is refused as over HTTP/1.1', (_what, headers, status) =>
  inHouse({}, (house) =>
    withSession(house, async (session) => {
      expect((await replyTo(send(session, { ':path': '/api/v1/pods', ...headers }))).status).toBe(status)
    }),
  ),
)

test('a client that leaves takes its watch with it, and others on its connection stay', () => {
  const { promise: ended, resolve } = Promise.withResolvers<void>()
  return inHouse(
    {
      handler: (message, response) => {
        if (!(message.url ?? '').includes('watch')) {
          response.end('{}')
          return
        }
        response.once('close', resolve)
        response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders()
        response.write('{"type":"ADDED","object":{}}\n')
      },
    },
    (house) =>
      withSession(house, async (session) => {
        const watch = send(session, { ':path': '/api/v1/pods?watch=true' })
        watch.on('error', () => {})
        await once(watch, 'data')
        watch.close(8)
        await ended
        expect((await replyTo(send(session, { ':path': '/api/v1/pods' }))).status).toBe(200)
      }),
  )
})

test('an answer that was given whole is journalled so, whatever its length', () =>
  inHouse(
    {
      handler: (message, response) => {
        const length = Number(message.url?.split('-').at(-1))
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify('x'.repeat(length)))
      },
    },
    (house) =>
      withSession(house, async (session) => {
        const lengths = [0, 10, 16_000, 70_000, 1_000_000]
        for (const length of lengths) {
          expect(await text(send(session, { ':path': `/api/v1/namespaces/d/pods/p-${length}` }))).toHaveLength(
            length + 2,
          )
        }
        for (const [index] of lengths.entries()) {
          expect((await house.completed(index + 1)).annotations['chaperone/outcome']).toBe('completed')
        }
      }),
  ))

test.each([
  ['kindly', 0],
  ['as cancelled', 8],
])('an answer of which the client wants no more, said %s, is not journalled as whole', (_how, code) =>
  inHouse({ handler: (_message, response) => response.end('x'.repeat(10_000)) }, async (house) => {
    const session = connect(house.endpoint, { ca: house.ca, settings: { initialWindowSize: 64 } })
    session.on('error', () => {})
    await once(session, 'localSettings')
    const stream = send(session, { ':path': '/api/v1/pods' })
    stream.on('error', () => {})
    await once(stream, 'response')
    stream.close(code)
    expect((await house.completed()).annotations['chaperone/outcome']).toBe('cancelled')
    session.destroy()
  }),
)

test('a request that waits longer than idle connections may keeps its connection', () => {
  const { promise: arrived, resolve: arrive } = Promise.withResolvers<() => void>()
  const handler: HouseOptions['handler'] = (_message, response) => arrive(() => response.end('"whole"'))
  return inHouse({ handler, keepAliveMs: 50 }, (house) =>
    withSession(house, async (session) => {
      const stream = send(session, { ':path': '/api/v1/namespaces/d/pods/p' })
      const answer = await arrived
      await withSession(house, (idle) => once(idle, 'close'))
      expect(session.closed).toBe(false)
      answer()
      expect(await text(stream)).toBe('"whole"')
      expect((await house.completed()).annotations['chaperone/outcome']).toBe('completed')
      await once(session, 'close')
    }),
  )
})

test('an answer that breaks is never taken for whole', () =>
  inHouse(
    {
      handler: (message, response) => {
        response.writeHead(200, { 'content-type': 'application/json' })
        response.write(`{"half":"${'x'.repeat(300_000)}`, () => message.socket.destroy())
      },
    },
    (house) =>
      withSession(house, async (session) => {
        const stream = send(session, { ':path': '/api/v1/pods' })
        await expect(text(stream)).rejects.toThrow(/INTERNAL_ERROR/)
      }),
  ))

test('a slow reader slows its own stream only', () =>
  inHouse(
    {
      handler: (message, response) => {
        response.writeHead(200, { 'content-type': 'application/json' })
        response.end((message.url ?? '').includes('large') ? 'x'.repeat(8 << 20) : '{}')
      },
    },
    (house) =>
      withSession(house, async (session) => {
        const slow = send(session, { ':path': '/api/v1/namespaces/large/pods' })
        await once(slow, 'response')
        const replies = await Promise.all(
          Array.from({ length: 20 }, () => replyTo(send(session, { ':path': '/api/v1/namespaces/n/pods' }))),
        )
        expect(replies.every(({ status }) => status === 200)).toBe(true)
        expect((await text(slow)).length).toBe(8 << 20)
      }),
  ))

test('bytes that are no HTTP/2 end their connection, and the others go on', () =>
  inHouse({}, async (house) => {
    const { hostname, port } = new URL(house.endpoint)
    const socket = connectTls({ host: hostname, port: Number(port), ca: house.ca, ALPNProtocols: ['h2'] })
    socket.on('error', () => {})
    await once(socket, 'secureConnect')
    socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n')
    await once(socket.resume(), 'close')
    const line = await house.line((event) => event.annotations['chaperone/reason'] === 'malformed-request')
    expect(line.sourceIPs).toEqual(['127.0.0.1'])
    await withSession(house, async (session) => {
      expect((await replyTo(send(session, { ':path': '/api/v1/pods' }))).status).toBe(200)
    })
  }))

/** A frame of HTTP/2 (RFC 9113 section 4.1). */
function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head.writeUInt8(type, 3)
  head.writeUInt8(flags, 4)
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

test('a flood of streams that are reset at once ends the connection, not the process', () =>
  inHouse({}, async (house) => {
    const { hostname, port } = new URL(house.endpoint)
    const socket = connectTls({ host: hostname, port: Number(port), ca: house.ca, ALPNProtocols: ['h2'] })
    socket.on('error', () => {})
    await once(socket, 'secureConnect')
    const over = once(socket.resume(), 'close')
    socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
    socket.write(frame(4, 0, 0, Buffer.alloc(0)))
    const get = Buffer.from([0x82, 0x84, 0x87])
    const cancel = Buffer.from([0, 0, 0, 8])
    for (let stream = 1; stream < 10_000; stream += 2) {
      socket.write(Buffer.concat([frame(1, 0b101, stream, get), frame(3, 0, stream, cancel)]))
    }
    await over
    await withSession(house, async (session) => {
      expect((await replyTo(send(session, { ':path': '/api/v1/pods' }))).status).toBe(200)
    })
  }))

test('too many headers are refused in words and journalled', () =>
  inHouse({}, (house) =>
    withSession(house, async (session) => {
      const long = Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`x-${index}`, 'a'.repeat(8 * 1024)]))
      const { status, body } = await replyTo(send(session, { ':path': '/api/v1/pods', ...long }))
      expect(status).toBe(431)
      expect(body).toContain('larger than 65536 bytes')
      const line = await house.line(({ responseStatus }) => responseStatus?.code === 431)
      expect(line.sourceIPs).toEqual(['127.0.0.1'])
    }),
  ))

test('headers without end are cut off', () =>
  inHouse({}, (house) =>
    withSession(house, async (session) => {
      const stream = send(session, { ':path': '/api/v1/pods', 'x-long': 'a'.repeat(80 * 1024) })
      const outcome = await replyTo(stream).then(
        ({ status }) => status,
        () => 'cut off',
      )
      expect(outcome).not.toBe(200)
    }),
  ))

/** Headers as literals that no table keeps (RFC 7541 section 6.2.2), each text shorter than 127 bytes. */
function fields(headers: Readonly<Record<string, string>>): Buffer {
  const literal = (text: string) => [Buffer.from([text.length]), Buffer.from(text)]
  return Buffer.concat(Object.entries(headers).flatMap((header) => [Buffer.from([0]), ...header.flatMap(literal)]))
}

const reset = (code: number) => (socket: Socket) => void socket.write(frame(3, 0, 1, Buffer.from([0, 0, 0, code])))

// Node's own client ends a body before it resets its stream, so the frames are written by hand.
test.each([
  ['a cancelled stream', 'POST', '/api/v1/namespaces/n/configmaps', 'metadata: {name: a}\n', reset(8)],
  ['a stream closed without an error', 'POST', '/api/v1/namespaces/n/configmaps', 'metadata: {name: a}\n', reset(0)],
  [
    'a lost connection',
    'POST',
    '/api/v1/namespaces/n/configmaps',
    'metadata: {name: a}\n',
    (socket: Socket) => socket.destroy(),
  ],
  [
    'a connection lost before the options of a delete',
    'DELETE',
    '/api/v1/namespaces/n',
    '',
    (socket: Socket) => socket.destroy(),
  ],
])('the body of %s is not taken for whole', (_what, method, path, body, leave) =>
  inHouse({}, async (house) => {
    const { hostname, port } = new URL(house.endpoint)
    const socket = connectTls({ host: hostname, port: Number(port), ca: house.ca, ALPNProtocols: ['h2'] })
    socket.on('error', () => {}).resume()
    await once(socket, 'secureConnect')
    const pseudo = { ':method': method, ':scheme': 'https', ':path': path, ':authority': 'x' }
    const head = fields({ ...pseudo, authorization: bearer, 'content-type': 'application/yaml' })
    socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
    socket.write(Buffer.concat([frame(4, 0, 0, Buffer.alloc(0)), frame(1, 0b100, 1, head)]))
    socket.write(frame(0, 0, 1, Buffer.from(body)))
    await withSession(house, async (session) => {
      await replyTo(send(session, { ':path': '/api/v1/pods' }))
    })
    leave(socket)
    const { annotations } = await house.line(
      ({ stage, requestURI }) => stage === 'ResponseComplete' && requestURI === path,
    )
    expect(annotations[annotation.outcome]).toBe('cancelled')
    expect(house.arrived.map((arrived) => arrived.method)).toEqual(['GET'])
    socket.destroy()
  }),
)
