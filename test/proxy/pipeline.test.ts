import { deflateSync, gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import type { Masker } from '../../src/mask/port.ts'
import { Fault } from '../../src/model/fault.ts'
import { ask } from './client.ts'
import { allow, deny, hold, inHouse, plainMasker, upstreamToken } from './house.ts'

const pods = '/api/v1/namespaces/default/pods'
const configMaps = '/api/v1/namespaces/default/configmaps'

describe('the way of a request', () => {
  test('a read goes through with the credential of the broker and is journalled', () =>
    inHouse({}, async (house) => {
      const reply = await ask(house, `${pods}?limit=500`)
      expect(reply.status).toBe(200)
      expect(reply.json).toEqual({ kind: 'Status', status: 'Success' })
      expect(reply.headers['audit-id']).toBe('audit-1')
      expect(house.arrived).toMatchObject([{ method: 'GET', url: `${pods}?limit=500`, body: '' }])
      expect(house.arrived[0]?.headers.authorization).toBe(`Bearer ${upstreamToken}`)
      const last = await house.completed()
      expect(house.journal.map((event) => event.stage)).toEqual(['RequestReceived', 'ResponseComplete'])
      expect(last).toMatchObject({
        auditID: 'audit-1',
        verb: 'list',
        user: { username: 'alice' },
        objectRef: { resource: 'pods', namespace: 'default', apiVersion: 'v1' },
        responseStatus: { code: 200 },
        annotations: {
          'chaperone/decision': 'allow',
          'chaperone/rules': 'test/allow',
          'chaperone/outcome': 'completed',
        },
      })
      expect(house.notes).toMatchObject([
        { command: 'kubectl get pods -n default', decision: 'allow', statusCode: 200, auditID: 'audit-1' },
      ])
    }))

  test('nothing of what a client says about itself reaches the cluster', () =>
    inHouse({}, async (house) => {
      await ask(house, pods, {
        headers: {
          accept: 'application/vnd.kubernetes.protobuf,application/json;as=Table;v=v1;g=meta.k8s.io,application/json',
          'accept-encoding': 'gzip',
          'audit-id': 'forged',
          connection: 'close, Audit-ID',
          cookie: 'a=b',
          forwarded: 'for=1.2.3.4',
          'if-none-match': '"x"',
          origin: 'https://evil.example',
          'proxy-authorization': 'Basic x',
          'user-agent': 'kubectl/v1.35 \u00e9',
          'x-forwarded-for': '1.2.3.4',
          'x-http-method-override': 'DELETE',
          'x-remote-group': 'system:masters',
          'x-remote-user': 'root',
        },
      })
      expect(house.arrived[0]?.headers).toEqual({
        accept: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json',
        'accept-encoding': 'identity',
        'audit-id': 'audit-1',
        authorization: `Bearer ${upstreamToken}`,
        connection: 'keep-alive',
        host: expect.stringMatching(/^127\.0\.0\.1:/),
        'user-agent': 'kubectl/v1.35',
      })
    }))

  test('nothing of the cluster that leads elsewhere reaches the client', () =>
    inHouse(
      {
        handler: (_message, response) =>
          response
            .setHeader('warning', ['299 - "one"', '299 - "two"'])
            .writeHead(200, {
              'content-type': 'application/json',
              'set-cookie': 'a=b',
              server: 'secret/1.0',
              location: 'https://evil.example',
              'audit-id': 'theirs',
              'x-kubernetes-pf-flowschema-uid': 'f',
            })
            .end('{}'),
      },
      async (house) => {
        const { headers } = await ask(house, pods)
        expect(headers).toMatchObject({ 'audit-id': 'audit-1', warning: '299 - "one", 299 - "two"' })
        expect(headers['x-kubernetes-pf-flowschema-uid']).toBe('f')
        for (const name of ['set-cookie', 'server', 'location']) expect(headers).not.toHaveProperty(name)
      },
    ))

  test('a write arrives as it was judged, and was durable in the journal before', () => {
    const order: string[] = []
    return inHouse(
      {
        append: (event, durability) => {
          order.push(`${event.stage} ${durability}`)
          return Promise.resolve()
        },
        handler: (_message, response) => {
          order.push('upstream')
          response.writeHead(201, { 'content-type': 'application/json' }).end('{}')
        },
      },
      async (house) => {
        const body = '{ "metadata": {"name": "x"},  "data": {"n": "1"} }'
        const reply = await ask(house, `${configMaps}?fieldManager=a+b`, {
          method: 'POST',
          body,
          headers: { 'content-type': 'application/json' },
        })
        expect(reply.status).toBe(201)
        expect(house.arrived[0]).toMatchObject({
          method: 'POST',
          url: `${configMaps}?fieldManager=a%20b`,
          body: '{"metadata":{"name":"x"},"data":{"n":"1"}}',
        })
        const last = await house.completed()
        expect(last.annotations['chaperone/command']).toBe('kubectl create configmap x -n default')
        expect(last.annotations['chaperone/request-digest']).toMatch(/^[0-9a-f]{64}$/)
        expect(order).toEqual(['RequestReceived durable', 'upstream', 'ResponseComplete durable'])
      },
    )
  })

  test('discovery keeps its conditional headers and its own encodings', () =>
    inHouse({ handler: (_message, response) => response.writeHead(304, { etag: '"v1"' }).end() }, async (house) => {
      const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json'
      const reply = await ask(house, '/apis?timeout=32s', { headers: { 'if-none-match': '"v1"', accept } })
      expect(reply).toMatchObject({ status: 304, text: '', headers: { etag: '"v1"' } })
      expect(house.arrived[0]?.headers).toMatchObject({ accept, 'if-none-match': '"v1"' })
    }))

  test('HEAD gets headers alone', () =>
    inHouse({}, async (house) => {
      expect(await ask(house, `${pods}/x`, { method: 'HEAD' })).toMatchObject({ status: 200, text: '' })
    }))
})

describe('refusals', () => {
  const untouched: [string, Parameters<typeof ask>[1], Parameters<typeof ask>[2], number, string][] = [
    ['no token', pods, { token: undefined }, 401, 'not known'],
    ['a wrong token', pods, { token: 'x' }, 401, 'not known'],
    ['--as', pods, { headers: { 'Impersonate-User': 'root' } }, 403, '--as'],
    ['--as in odd spelling', pods, { headers: { impersonate_group: 'system:masters' } }, 403, '--as'],
    ['an ambiguous target', '/api/v1/pods?a=1;watch=true', {}, 400, '";"'],
    ['duplicate keys', configMaps, { method: 'POST', body: '{"a":1,"a":2}' }, 400, 'appears twice'],
    [
      'protobuf',
      configMaps,
      { method: 'POST', body: 'k8s', headers: { 'content-type': 'application/vnd.kubernetes.protobuf' } },
      415,
      'kubectl apply -f',
    ],
    [
      'a compressed body',
      configMaps,
      { method: 'POST', body: '{}', headers: { 'content-encoding': 'gzip' } },
      400,
      'Content-Encoding',
    ],
    ['a body over 3 MiB', configMaps, { method: 'POST', body: ' '.repeat(3 * 1024 * 1024 + 1) }, 413, 'larger than'],
    ['an Accept without JSON', pods, { headers: { accept: 'application/yaml' } }, 406, 'JSON'],
    [
      'exec over WebSocket',
      `${pods}/x/exec?command=sh`,
      { headers: { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-key': 'x' } },
      501,
      'exec, attach',
    ],
    [
      'exec over SPDY',
      `${pods}/x/exec?command=sh`,
      { method: 'POST', headers: { connection: 'Upgrade', upgrade: 'SPDY/3.1' } },
      501,
      'exec, attach',
    ],
    ['an upgrade anywhere else', pods, { headers: { connection: 'Upgrade', upgrade: 'h2c' } }, 501, 'exec, attach'],
  ]
  test.each(untouched)('%s: a Status, a journal line, and an untouched cluster', (_name, path, options, code, text) =>
    inHouse({}, async (house) => {
      const reply = await ask(house, path, options)
      expect(reply.json).toMatchObject({
        kind: 'Status',
        status: 'Failure',
        code,
        message: expect.stringContaining(text),
      })
      expect(reply.status).toBe(code)
      expect(house.arrived).toEqual([])
      expect(await house.completed()).toMatchObject({
        responseStatus: { code },
        annotations: { 'chaperone/outcome': 'refused' },
      })
    }),
  )

  test('the arguments of exec are neither in the journal nor in the list of requests', () =>
    inHouse({ decide: () => deny }, async (house) => {
      await ask(house, `${pods}/x/exec?command=mysql&command=-pHunter2&container=db`)
      const last = await house.completed()
      expect(last.requestURI).toBe(`${pods}/x/exec?command=***&command=***&container=db`)
      expect(last.annotations['chaperone/command']).toBe("kubectl exec x -c db -n default -- '***' '***'")
      expect(JSON.stringify([house.journal, house.notes])).not.toContain('Hunter2')
    }))

  test('a denial names the rule and where to read more', () =>
    inHouse({ decide: () => deny }, async (house) => {
      const reply = await ask(house, pods)
      expect(reply.json).toMatchObject({
        reason: 'Forbidden',
        message: 'Not here. (rule test/deny; chaperone why audit-1)',
        code: 403,
        details: {
          causes: [
            { reason: 'rule-denies', message: 'Not here.' },
            { reason: 'chaperone/rule', message: 'test/deny' },
            { reason: 'chaperone/policy-digest', message: deny.policyDigest },
            { reason: 'chaperone/audit-id', message: 'audit-1' },
          ],
        },
      })
      expect(house.arrived).toEqual([])
      expect(house.notes).toMatchObject([{ decision: 'deny', reason: { code: 'rule-denies' }, statusCode: 403 }])
    }))

  test('an obligation that cannot be met is a denial', () =>
    inHouse(
      {
        oblige: () => {
          throw new Fault('ERR_MASK', 'The mask set "x" is unknown.')
        },
      },
      async (house) => {
        expect((await ask(house, pods)).json).toMatchObject({ code: 403, message: expect.stringContaining('unknown') })
        expect(house.arrived).toEqual([])
        expect((await house.completed()).annotations['chaperone/reason']).toBe('unknown-obligation')
      },
    ))

  test('a mask token in a write is refused', () => {
    const masker: Masker = {
      ...plainMasker,
      guardWrite: () => {
        throw new Fault('ERR_MASK_WRITE', 'The value at data.password is a mask token.')
      },
    }
    return inHouse({ oblige: () => masker }, async (house) => {
      const reply = await ask(house, configMaps, { method: 'POST', body: '{}' })
      expect(reply.json).toMatchObject({ code: 422, reason: 'MaskedValueInWrite' })
      expect(house.arrived).toEqual([])
    })
  })

  test('discovery that a rule would hold is denied, since it cannot wait', () =>
    inHouse({ decide: () => hold }, async (house) => {
      expect((await ask(house, '/apis')).status).toBe(403)
      expect(house.asks).toEqual([])
    }))

  test('a decision that throws lets nothing pass and tells nothing', () =>
    inHouse(
      {
        decide: () => {
          throw new Error('secret detail')
        },
      },
      async (house) => {
        const reply = await ask(house, pods)
        expect(reply.status).toBe(500)
        expect(reply.text).not.toContain('secret detail')
        expect(house.arrived).toEqual([])
        expect((await house.completed()).annotations['chaperone/reason']).toBe('internal')
      },
    ))
})

describe('the journal', () => {
  test.each(['GET', 'DELETE'])('one that cannot be written stops %s', (method) =>
    inHouse(
      { append: () => Promise.reject(new Fault('ERR_JOURNAL', 'The disk is full.', { advice: 'Make room.' })) },
      async (house) => {
        const reply = await ask(house, `${pods}/x`, { method })
        expect(reply).toMatchObject({ status: 503, json: { reason: 'ServiceUnavailable' } })
        expect(reply.headers).not.toHaveProperty('retry-after')
        expect(house.arrived).toEqual([])
      },
    ),
  )
})

describe('a cluster that fails', () => {
  test.each([
    [401, 502, 'UpstreamCredential'],
    [302, 502, 'UpstreamUnreachable'],
    [304, 502, 'UpstreamUnreachable'],
  ])('its %i becomes %i', (theirs, ours, reason) =>
    inHouse(
      { handler: (_message, response) => response.writeHead(theirs, { location: 'https://evil.example' }).end() },
      async (house) => {
        const reply = await ask(house, pods)
        expect(reply).toMatchObject({ status: ours, json: { reason } })
        expect(reply.headers).not.toHaveProperty('location')
      },
    ),
  )

  test.each([
    ['GET', '7'],
    ['DELETE', undefined],
  ])('a client is told when to repeat a read, never a write: %s', (method, expected) =>
    inHouse(
      { handler: (_message, response) => response.writeHead(429, { 'retry-after': '7' }).end() },
      async (house) => {
        const reply = await ask(house, `${pods}/x`, { method })
        expect(reply.status).toBe(429)
        expect(reply.headers['retry-after']).toBe(expected)
      },
    ),
  )

  test('its own refusals pass as they are', () =>
    inHouse(
      {
        handler: (_message, response) =>
          response.writeHead(409, { 'content-type': 'application/json' }).end('{"kind":"Status","reason":"Conflict"}'),
      },
      async (house) => {
        expect(await ask(house, pods)).toMatchObject({ status: 409, json: { reason: 'Conflict' } })
        expect((await house.completed()).annotations['chaperone/outcome']).toBe('completed')
      },
    ))

  test('one that hangs up on a write leaves its outcome unknown, and is asked once', () =>
    inHouse({ handler: (message) => message.socket.destroy() }, async (house) => {
      const reply = await ask(house, configMaps, { method: 'POST', body: '{}' })
      expect(reply.json).toMatchObject({ code: 502, reason: 'UpstreamUnreachable' })
      expect(reply.text).not.toContain(upstreamToken)
      expect(house.arrived).toHaveLength(1)
      expect((await house.completed()).annotations['chaperone/outcome']).toBe('unknown')
    }))

  test.each([
    ['gzip', gzipSync],
    ['x-gzip', gzipSync],
    ['deflate', deflateSync],
  ])('%s answers are unpacked, also when they come byte by byte', (coding, pack) =>
    inHouse(
      {
        handler: async (_message, response) => {
          response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': coding })
          for (const byte of pack('{"kind":"PodList","items":[]}')) {
            await new Promise((resolve) => response.write(Uint8Array.of(byte), resolve))
          }
          response.end()
        },
      },
      async (house) => {
        const reply = await ask(house, pods)
        expect(reply.json).toEqual({ kind: 'PodList', items: [] })
        expect(reply.headers).not.toHaveProperty('content-encoding')
      },
    ),
  )

  test.each([
    ['in a way that is not known', 'br', gzipSync('{}')],
    ['twice', 'gzip, gzip', gzipSync(gzipSync('{}'))],
    ['in another way than it says', 'gzip', Buffer.from('x')],
    ['and cuts it short', 'gzip', gzipSync('{"kind":"PodList"}').subarray(0, -9)],
  ])('an answer that it compresses %s is not passed on', (_what, coding, body) =>
    inHouse(
      { handler: (_message, response) => response.writeHead(200, { 'content-encoding': coding }).end(body) },
      async (house) => {
        expect((await ask(house, pods)).status).toBe(502)
        expect((await house.completed()).annotations['chaperone/outcome']).toBe('failed')
      },
    ),
  )
})

describe('the mask', () => {
  async function* shout(body: AsyncIterable<Uint8Array>) {
    for await (const chunk of body) yield Buffer.from(Buffer.from(chunk).toString().replace('hunter2', '•••'))
  }
  const active: Masker = {
    ...plainMasker,
    active: true,
    answer: (answer) => ({ body: shout(answer.body), count: () => 1 }),
  }

  test('reads what the cluster compressed', () =>
    inHouse(
      {
        oblige: () => active,
        handler: (_message, response) =>
          response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('{"data":"hunter2"}')),
      },
      async (house) => expect((await ask(house, pods)).text).toBe('{"data":"•••"}'),
    ))

  test('stands between the cluster and the client, also for its refusals', () =>
    inHouse(
      {
        oblige: () => active,
        handler: (_message, response) =>
          response
            .writeHead(422, { 'content-type': 'application/json', warning: '299 - "hunter2"', 'content-length': 21 })
            .end('{"message":"hunter2"}'),
      },
      async (house) => {
        const reply = await ask(house, configMaps, { method: 'POST', body: '{}' })
        expect(reply).toMatchObject({ status: 422, json: { message: '•••' } })
        expect(reply.headers).not.toHaveProperty('warning')
        expect((await house.completed()).annotations['chaperone/masked-values']).toBe('1')
      },
    ))

  test('one that cannot read the answer gives none of it', () => {
    const broken: Masker = {
      ...active,
      answer: () => {
        throw new Fault('ERR_MASK', 'The answer cannot be read.')
      },
    }
    return inHouse({ oblige: () => broken }, async (house) => {
      expect((await ask(house, pods)).json).toMatchObject({ code: 502, reason: 'MaskFailed' })
      expect((await house.completed()).annotations).toMatchObject({
        'chaperone/reason': 'mask-failed',
        'chaperone/outcome': 'failed',
      })
    })
  })

  test('one that fails after a write says that the write was done', () => {
    const broken: Masker = {
      ...active,
      answer: () => {
        throw new Fault('ERR_MASK', 'The answer cannot be read.')
      },
    }
    return inHouse({ oblige: () => broken }, async (house) => {
      const reply = await ask(house, configMaps, { method: 'POST', body: '{}' })
      expect(reply.json['message']).toContain('The API server had already answered 200 to this request.')
    })
  })

  test('one that fails midway breaks the connection instead of ending it cleanly', () => {
    async function* half() {
      yield Buffer.from('{"items":[')
      yield Buffer.from('{},')
      await Promise.resolve()
      throw new Fault('ERR_MASK', 'The answer cannot be read.')
    }
    const broken: Masker = { ...active, answer: () => ({ body: half(), count: () => 0 }) }
    return inHouse({ oblige: () => broken }, async (house) => {
      await expect(ask(house, pods)).rejects.toThrow(/aborted|socket hang up/)
      expect((await house.completed()).annotations['chaperone/outcome']).toBe('failed')
    })
  })

  test('an allow without masks passes the length on', () =>
    inHouse(
      {
        decide: () => allow,
        handler: (_message, response) => response.writeHead(200, { 'content-length': 2 }).end('{}'),
      },
      async (house) => {
        expect((await ask(house, pods)).headers['content-length']).toBe('2')
      },
    ))
})
