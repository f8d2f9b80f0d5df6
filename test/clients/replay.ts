import type { IncomingMessage } from 'node:http'
import { Agent, request as httpsRequest } from 'node:https'
import { text } from 'node:stream/consumers'
import { parse } from 'yaml'
import type { PracticeCluster } from '../../src/practice/server.ts'
import { essence, type RecordedAnswer, type RecordedRequest } from './recorded.ts'

/** Sends recorded requests to a cluster, one after another, as its administrator. */
export class Replay {
  readonly #agent = new Agent({ keepAlive: true })
  readonly #cluster: PracticeCluster
  readonly #token: string

  constructor(cluster: PracticeCluster) {
    this.#cluster = cluster
    const { users } = parse(cluster.kubeconfig) as { users: { user: { token?: string } }[] }
    this.#token = users[0]?.user.token ?? ''
  }

  async send({ method, target, headers, body }: RecordedRequest): Promise<RecordedAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
    const { hostname: host, port } = new URL(this.#cluster.url)
    const sent = httpsRequest({
      ...{ method, path: target, host, port, ca: this.#cluster.caPem, agent: this.#agent },
      headers: { ...headers, authorization: `Bearer ${this.#token}` },
    })
    sent.once('response', resolve).once('error', reject)
    sent.end(body === undefined ? undefined : Buffer.from(body, 'base64'))
    const answer = await promise
    return essence(answer.statusCode ?? 0, answer.headers['content-type'] ?? '', await text(answer))
  }

  dispose(): void {
    this.#agent.destroy()
  }
}
