import { writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import { Agent, request as httpsRequest } from 'node:https'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { isDeepStrictEqual } from 'node:util'
import { parse, stringify } from 'yaml'
import { startPractice, type PracticeCluster } from '../../src/practice/server.ts'
import { clients, minors, type Client } from './clients.ts'
import { helmStory } from './helm-story.ts'
import { essence, tellingHeaders, type RecordedRequest } from './recorded.ts'
import { Replay } from './replay.ts'
import { stepsFor, tell } from './run.ts'
import { story } from './story.ts'

/**
 * Records what every client sends while it tells the stories, drops what cannot be sent again with the same result
 * (generated names, versions, uids, endless answers), and writes the rest as JSON lines.
 * Usage: node test/clients/record.ts FILE
 */
async function main([file]: readonly string[]): Promise<void> {
  if (file === undefined) throw new Error('Usage: node test/clients/record.ts FILE')
  const recorded: RecordedRequest[] = []
  for (const client of await clients(minors)) recorded.push(...(await record(client)))
  const distinct = [...new Map(recorded.map((one) => [keyOf(one), one])).values()]
  const first = await steady(distinct)
  const lasting = await steady(first)
  await writeFile(file, lasting.map((one) => `${JSON.stringify(one)}\n`).join(''))
  process.stdout.write(`${recorded.length} requests, ${distinct.length} distinct, ${lasting.length} kept.\n`)
}

const generated = /-[bcdfghjklmnpqrstvwxz2456789]{5}\b|[0-9a-f]{8}-[0-9a-f]{4}-|resourceVersion=[1-9]|continue=/
const endless = /[?&](watch|follow)=|\/(exec|attach|portforward|log)\b/

/** Steps whose connections become something else than HTTP. */
const upgrading = /exec|cp |port-forward|attach|watch|proxy|^run |payload/

/** Requests that mean the same each time. */
function repeatable({ target, body }: RecordedRequest): boolean {
  const text = body === undefined ? '' : Buffer.from(body, 'base64').toString('latin1')
  return !generated.test(target) && !endless.test(target) && !/"(resourceVersion|uid)":"[^"]/.test(text)
}

const keyOf = ({ method, target, headers, body = '', answer }: RecordedRequest) =>
  JSON.stringify([method, target, headers['accept'], headers['content-type'], body, answer.code])

async function record(client: Client): Promise<readonly RecordedRequest[]> {
  const practice = await startPractice({ host: '127.0.0.1', port: 0 })
  const found: RecordedRequest[] = []
  let step = ''
  const server = createServer((request, response) => {
    void relay(practice, request, response, (one) =>
      found.push({ ...one, from: `Kubernetes 1.${client.minor}: ${step}` }),
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    const kubeconfig = aimedAt(practice.kubeconfig, `http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    for (const one of stepsFor([...story, ...helmStory], client.minor)) {
      if (upgrading.test(one.line)) continue
      step = one.name
      await tell(client, kubeconfig, [one])
    }
  } finally {
    server.closeAllConnections()
    server.close()
    await practice.close()
  }
  return found.filter(repeatable)
}

function aimedAt(kubeconfig: string, server: string): string {
  const config = parse(kubeconfig) as { clusters: { cluster: object }[] }
  return stringify({ ...config, clusters: [{ ...config.clusters[0], cluster: { server } }] })
}

async function relay(
  practice: PracticeCluster,
  request: IncomingMessage,
  response: ServerResponse,
  keep: (one: Omit<RecordedRequest, 'from'>) => void,
): Promise<void> {
  const body = await buffer(request)
  const { users } = parse(practice.kubeconfig) as { users: { user: { token?: string } }[] }
  const { hostname: host, port } = new URL(practice.url)
  const { method = '', url: target = '', headers: given } = request
  const { 'accept-encoding': _encoding, host: _host, ...sentHeaders } = given
  const sent = httpsRequest({
    ...{ method, path: target, host, port, ca: practice.caPem, agent },
    headers: { ...sentHeaders, authorization: `Bearer ${users[0]?.user.token ?? ''}` },
  })
  sent.end(body)
  const [answer] = (await once(sent, 'response')) as [IncomingMessage]
  response.writeHead(answer.statusCode ?? 0, answer.headers)
  if (endless.test(target)) {
    response.flushHeaders()
    answer.pipe(response)
    return
  }
  const bytes = await buffer(answer)
  response.end(bytes)
  const headers = Object.fromEntries(
    tellingHeaders.flatMap((name) => (given[name] === undefined ? [] : [[name, String(given[name])]])),
  )
  keep({
    method,
    target,
    headers,
    ...(body.length === 0 ? {} : { body: body.toString('base64') }),
    answer: essence(answer.statusCode ?? 0, answer.headers['content-type'] ?? '', bytes.toString('utf8')),
  })
}

const agent = new Agent({ keepAlive: true })

/** Those that a fresh cluster answers as before, when only they are sent. */
async function steady(requests: readonly RecordedRequest[]): Promise<readonly RecordedRequest[]> {
  const practice = await startPractice({ host: '127.0.0.1', port: 0 })
  const replay = new Replay(practice)
  try {
    const kept: RecordedRequest[] = []
    for (const one of requests) if (isDeepStrictEqual(await replay.send(one), one.answer)) kept.push(one)
    return kept
  } finally {
    replay.dispose()
    await practice.close()
  }
}

if (import.meta.main) {
  await main(process.argv.slice(2))
  agent.destroy()
}
