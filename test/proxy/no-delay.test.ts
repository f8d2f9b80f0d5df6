import { once } from 'node:events'
import { connect, type ClientHttp2Session } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ask } from './client.ts'
import { clientToken, inHouse, type House } from './house.ts'

/** Node's own handle of a TCP connection: nothing public tells the socket option that is set through it. */
interface Handle {
  setNoDelay: (this: Handle, on: boolean) => number
  getsockname(out: { port?: number }): number
  getpeername(out: { port?: number }): number
}
const { TCP } = (
  process as unknown as { binding(name: 'tcp_wrap'): { readonly TCP: { readonly prototype: Handle } } }
).binding('tcp_wrap')

const { setNoDelay } = TCP.prototype
/** Local and remote ports of the connections that send at once (TCP_NODELAY, tcp(7)). */
let undelayed: (readonly [local: number, remote: number])[]
beforeEach(() => {
  undelayed = []
  TCP.prototype.setNoDelay = function (this: Handle, on) {
    const [own, peer]: { port?: number }[] = [{}, {}]
    if (on && own && peer && this.getsockname(own) === 0 && this.getpeername(peer) === 0) {
      undelayed.push([own.port ?? 0, peer.port ?? 0])
    }
    return setNoDelay.call(this, on)
  }
})
afterEach(() => {
  TCP.prototype.setNoDelay = setNoDelay
})

const path = '/api/v1/namespaces/shop/configmaps/web'

async function overHttp2(house: House): Promise<void> {
  const session: ClientHttp2Session = connect(house.endpoint, { ca: house.ca })
  try {
    const stream = session.request({ ':path': path, authorization: `Bearer ${clientToken}` })
    const [headers] = (await once(stream, 'response')) as [{ ':status': number }]
    expect(headers[':status']).toBe(200)
  } finally {
    session.destroy()
  }
}

/**
 * With Nagle's algorithm (RFC 896) the end of each answer waits for the client's delayed acknowledgement, 40 ms on Linux: it was
 * measured, and no timed test would find it on a busy machine.
 */
test.each([
  ['HTTP/1.1', async (house: House) => expect((await ask(house, path)).status).toBe(200)],
  ['HTTP/2', overHttp2],
])('what goes to clients of %s and to the API server is sent at once', (_version, request) =>
  inHouse({}, async (house) => {
    await request(house)
    const clients = Number(new URL(house.endpoint).port)
    expect(undelayed.filter(([local]) => local === clients)).not.toEqual([])
    const { port } = house.upstream.address() as AddressInfo
    expect(undelayed.filter(([, remote]) => remote === port)).not.toEqual([])
  }),
)
