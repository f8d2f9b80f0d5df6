import { createServer } from 'node:https'
import type { ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { credentialFrom } from '../../src/kube/credential.ts'
import { connectUpstream } from '../../src/kube/transport.ts'
import type { Upstream } from '../../src/kube/port.ts'
import { issued } from '../proxy/certificate.ts'

type Lanes = Parameters<typeof connectUpstream>[1]

/** An API server whose watches never end and whose answer to /held the test ends. */
async function withCluster(
  lanes: Lanes,
  story: (upstream: Upstream, held: ServerResponse[]) => Promise<void>,
): Promise<void> {
  const pem = await issued()
  const held: ServerResponse[] = []
  const server = createServer({ key: pem.key, cert: pem.cert }, (message, response) => {
    if (message.url === '/cut') {
      message.socket.destroy()
      return
    }
    response.writeHead(200).flushHeaders()
    if (message.url === '/held') held.push(response)
    else if (message.url !== '/watch') response.end('{}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const access = {
    context: 'test',
    server: new URL(`https://127.0.0.1:${(server.address() as AddressInfo).port}`),
    ca: pem.ca,
    serverName: undefined,
    proxy: undefined,
    credential: credentialFrom(() => Promise.resolve({})),
  }
  const upstream = lanes === undefined ? connectUpstream(access) : connectUpstream(access, lanes)
  try {
    await story(upstream, held)
  } finally {
    await upstream.close()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
}

const get = (target: string) => ({ method: 'GET', target, headers: {}, party: 's-1', longRunning: target === '/watch' })

test('three hundred watches leave room for an ordinary request', { timeout: 20_000 }, () =>
  withCluster(undefined, async (upstream) => {
    await Promise.all(Array.from({ length: 300 }, () => upstream.request(get('/watch'))))
    const { statusCode, body } = await upstream.request({ ...get('/version'), signal: AbortSignal.timeout(3_000) })
    expect(statusCode).toBe(200)
    body.destroy()
  }),
)

test('a request waits for a connection no longer than its deadline, and is told that nothing was sent', () =>
  withCluster(
    { ordinary: { connections: 1, perParty: 1, waitMs: 50 }, longRunning: { connections: 1, perParty: 1, waitMs: 50 } },
    async (upstream, held) => {
      const first = await upstream.request(get('/held'))
      await expect(upstream.request(get('/version'))).rejects.toMatchObject({
        code: 'ERR_UPSTREAM_TIMEOUT',
        message: expect.stringMatching(/^All 1 connections for ordinary requests .* nothing was sent\.$/),
      })
      held[0]?.end('{}')
      let text = ''
      for await (const chunk of first.body) text += Buffer.from(chunk).toString()
      expect(text).toBe('{}')
      const next = await upstream.request(get('/version'))
      expect(next.statusCode).toBe(200)
      next.body.destroy()
    },
  ))

test('a connection that breaks before the answer is given back', () =>
  withCluster(
    { ordinary: { connections: 1, perParty: 1, waitMs: 50 }, longRunning: { connections: 1, perParty: 1, waitMs: 50 } },
    async (up) => {
      await expect(up.request(get('/cut'))).rejects.toMatchObject({ code: 'ERR_UPSTREAM_UNREACHABLE' })
      const answer = await up.request(get('/version'))
      expect(answer.statusCode).toBe(200)
      answer.body.destroy()
    },
  ))
