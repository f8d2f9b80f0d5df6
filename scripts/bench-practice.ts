import { Agent, request as httpsRequest } from 'node:https'
import type { IncomingMessage } from 'node:http'
import { once } from 'node:events'
import { parse } from 'yaml'
import { startPractice } from '../src/practice/server.ts'

/**
 * How long the practice cluster takes for 5,000 pods of about 4 KiB: planted, listed, watched by a hundred and patched.
 * Prints a line of JSON for each. Usage: node scripts/bench-practice.ts
 */
const podCount = 5000
const watchers = 100
const patches = 1000
/** Requests at once. */
const width = 8

const practice = await startPractice({ host: '127.0.0.1', port: 0 })
const { users } = parse(practice.kubeconfig) as { users: { user: { token?: string } }[] }
const agent = new Agent({ keepAlive: true, maxSockets: 256 })
const { hostname: host, port } = new URL(practice.url)
const authorization = `Bearer ${users[0]?.user.token ?? ''}`
const namespace = 'bench'

async function open(method: string, path: string, headers: Record<string, string> = {}, body?: string) {
  const sent = httpsRequest({
    method,
    path,
    host,
    port,
    ca: practice.caPem,
    agent,
    headers: { authorization, ...headers },
  })
  sent.end(body)
  const [answer] = (await once(sent, 'response')) as [IncomingMessage]
  return { answer, sent }
}

async function ask(method: string, path: string, headers: Record<string, string> = {}, body?: string) {
  const { answer } = await open(method, path, headers, body)
  let bytes = 0
  for await (const chunk of answer as AsyncIterable<Buffer>) bytes += chunk.length
  return { code: answer.statusCode ?? 0, bytes }
}

async function measured(what: string, work: () => Promise<Record<string, unknown>>): Promise<void> {
  const began = performance.now()
  const more = await work()
  process.stdout.write(`${JSON.stringify({ what, milliseconds: Math.round(performance.now() - began), ...more })}\n`)
}

async function inParallel(count: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0
  const one = async () => {
    for (let index = next++; index < count; index = next++) await work(index)
  }
  await Promise.all(Array.from({ length: width }, one))
}

const json = { 'content-type': 'application/json' }
const pods = `/api/v1/namespaces/${namespace}/pods`
const filler = 'x'.repeat(3000)
const pod = (index: number) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: `pod-${index}`, labels: { app: 'bench' }, annotations: { filler } },
  spec: { containers: [{ name: 'main', image: 'busybox:1.35', command: ['sleep', 'infinity'] }] },
})

try {
  await ask('POST', '/api/v1/namespaces', json, JSON.stringify({ metadata: { name: namespace } }))
  await measured('create 5,000 pods', async () => {
    await inParallel(podCount, async (index) => {
      const { code } = await ask('POST', pods, json, JSON.stringify(pod(index)))
      if (code !== 201) throw new Error(`A pod was answered ${code}.`)
    })
    return {}
  })
  for (const round of ['first', 'again']) await measured(`list, ${round}`, () => ask('GET', pods))
  await measured('list, gzip', () => ask('GET', pods, { 'accept-encoding': 'gzip' }))
  await measured('list in pages of 500', async () => {
    let bytes = 0
    let token = ''
    do {
      const { answer } = await open('GET', `${pods}?limit=500${token === '' ? '' : `&continue=${token}`}`)
      let text = ''
      for await (const chunk of answer as AsyncIterable<Buffer>) text += chunk.toString('latin1')
      bytes += text.length
      token = /"continue":"([^"]*)"/.exec(text.slice(0, 400))?.[1] ?? /"continue":"([^"]*)"/.exec(text)?.[1] ?? ''
    } while (token !== '')
    return { bytes }
  })
  await measured('table', () => ask('GET', pods, { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' }))
  await measured(`${watchers} watchers see ${patches} patches`, async () => {
    let seen = 0
    const done = Promise.withResolvers<void>()
    const { answer } = await open('GET', `${pods}?limit=1`)
    let text = ''
    for await (const chunk of answer as AsyncIterable<Buffer>) text += chunk.toString('utf8')
    const version = (JSON.parse(text) as { metadata: { resourceVersion: string } }).metadata.resourceVersion
    const watches = await Promise.all(
      Array.from({ length: watchers }, () =>
        open('GET', `${pods}?watch=true&resourceVersion=${version}&labelSelector=patched`),
      ),
    )
    for (const { answer: events } of watches) {
      events.on('data', (chunk: Buffer) => {
        for (const byte of chunk) if (byte === 0x0a) seen += 1
        if (seen >= watchers * patches) done.resolve()
      })
      events.on('error', () => {})
    }
    const headers = { 'content-type': 'application/merge-patch+json' }
    await inParallel(patches, async (index) => {
      await ask('PATCH', `${pods}/pod-${index}`, headers, '{"metadata":{"labels":{"patched":"yes"}}}')
    })
    await done.promise
    for (const { sent } of watches) sent.destroy()
    return { events: seen }
  })
  process.stdout.write(
    `${JSON.stringify({ what: 'memory', megabytes: Math.round(process.memoryUsage().rss / 2 ** 20) })}\n`,
  )
} finally {
  agent.destroy()
  await practice.close()
}
