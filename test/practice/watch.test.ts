import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestCluster, type TestCluster } from './cluster.ts'

let cluster: TestCluster

beforeAll(async () => {
  cluster = await startTestCluster()
})

afterAll(() => cluster[Symbol.asyncDispose]())

interface Event {
  readonly type: string
  readonly object: {
    readonly kind: string
    readonly metadata: { readonly name: string; readonly resourceVersion: string; readonly annotations?: object }
    readonly rows?: readonly { readonly cells: readonly unknown[] }[]
    readonly columnDefinitions?: readonly unknown[] | null
  }
}

const maps = '/api/v1/namespaces/shop-staging/configmaps'

/** Events of a raw watch until `count` have come. */
async function events(query: string, count: number, headers: Record<string, string> = {}): Promise<Event[]> {
  const seen: Event[] = []
  for await (const line of cluster.rawLines(`${maps}?${query}`, headers)) {
    seen.push(JSON.parse(line) as Event)
    if (seen.length === count) break
  }
  return seen
}

const shape = (seen: readonly Event[]) => seen.map(({ type, object }) => `${type} ${object.metadata.name}`)

test('kubectl get -w shows a pod starting and going', async () => {
  const seen: string[] = []
  for await (const line of cluster.lines(
    'get',
    'pods',
    '-l',
    'run=visitor',
    '-w',
    '-A',
    '--no-headers',
    '--output-watch-events',
  )) {
    seen.push(line.replace(/ +/g, ' '))
    if (seen.length === 1) await cluster.kubectlIn('', ['delete', 'pod', 'visitor', '--wait=false'])
    if (line.startsWith('DELETED')) break
  }
  expect(seen[0]).toMatch(/^ADDED shop-production visitor 0\/1 Pending/)
  expect(seen.at(-1)).toMatch(/^DELETED shop-production visitor \d\/1 Terminating/)
}, 20_000)

beforeAll(async () => {
  await cluster.kubectlIn('', ['run', 'visitor', '--image=visitor:1', '--restart=Never'])
})

test('a watch without a version begins with what is there', async () => {
  expect(shape(await events('watch=true', 2))).toEqual(['ADDED kube-root-ca.crt', 'ADDED shop-settings'])
})

test('a watch from a version replays what came after it, in order', async () => {
  const { json } = await cluster.raw(maps)
  const { resourceVersion } = json['metadata'] as { resourceVersion: string }
  await cluster.kubectlIn('', ['create', 'cm', 'passing', '-n', 'shop-staging'])
  await cluster.kubectlIn('', ['label', 'cm', 'passing', 'a=b', '-n', 'shop-staging'])
  await cluster.kubectlIn('', ['delete', 'cm', 'passing', '-n', 'shop-staging'])
  const seen = await events(`watch=1&resourceVersion=${resourceVersion}`, 3)
  expect(shape(seen)).toEqual(['ADDED passing', 'MODIFIED passing', 'DELETED passing'])
  const versions = seen.map(({ object }) => Number(object.metadata.resourceVersion))
  expect(versions).toEqual(versions.toSorted((a, b) => a - b))
})

test('through a selector, coming in is ADDED and leaving is DELETED', async () => {
  const { json } = await cluster.raw(maps)
  const { resourceVersion } = json['metadata'] as { resourceVersion: string }
  await cluster.kubectlIn('', ['label', 'cm', 'shop-settings', 'mark=x', '-n', 'shop-staging'])
  await cluster.kubectlIn('', ['label', 'cm', 'shop-settings', 'mark-', '-n', 'shop-staging'])
  const seen = await events(`watch=1&labelSelector=mark%3Dx&resourceVersion=${resourceVersion}`, 2)
  expect(shape(seen)).toEqual(['ADDED shop-settings', 'DELETED shop-settings'])
})

test('events come as Tables when asked, the columns once', async () => {
  const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io'
  const seen = await events('watch=true', 2, { accept })
  expect(seen.map(({ object }) => object.kind)).toEqual(['Table', 'Table'])
  expect(seen[0]?.object.columnDefinitions).toHaveLength(3)
  expect(seen[1]?.object.columnDefinitions).toBeNull()
  expect(seen[1]?.object.rows?.[0]?.cells[0]).toBe('shop-settings')
})

test('initial events end with a marked bookmark', async () => {
  const query = 'watch=true&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan'
  const seen = await events(query, 3)
  expect(seen.map(({ type }) => type)).toEqual(['ADDED', 'ADDED', 'BOOKMARK'])
  expect(seen[2]?.object.metadata.annotations).toEqual({ 'k8s.io/initial-events-end': 'true' })
})

test('a version that is forgotten is 410 Expired', async () => {
  const { code, json } = await cluster.raw(`${maps}?watch=true&resourceVersion=1`)
  expect(code).toBe(410)
  expect(json).toMatchObject({ kind: 'Status', reason: 'Expired' })
})

test('timeoutSeconds ends the watch', async () => {
  const { code, body } = await cluster.raw(
    `${maps}?watch=true&timeoutSeconds=1&fieldSelector=metadata.name%3Dshop-settings`,
  )
  expect(code).toBe(200)
  expect(body.trim().split('\n')).toHaveLength(1)
})

test('of two watch parameters the first counts, and the path prefix works too', async () => {
  const { json } = await cluster.raw(`${maps}?watch=false&watch=true`)
  expect(json['kind']).toBe('ConfigMapList')
  for await (const line of cluster.rawLines('/api/v1/watch/namespaces/shop-staging/configmaps/shop-settings')) {
    expect(JSON.parse(line)).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'shop-settings' } } })
    break
  }
})

test('ages in a long watch are told from the moment of the event, not from when the watch began', async () => {
  let now = Date.now()
  await using slow = await startTestCluster(() => new Date(now))
  const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io'
  const ages: unknown[] = []
  const isNew = (event: Event) => event.type === 'ADDED' && JSON.stringify(event.object.rows).includes('late')
  for await (const line of slow.rawLines(`${maps}?watch=true`, { accept })) {
    const event = JSON.parse(line) as Event
    if (ages.length === 0) {
      ages.push('begun')
      now += 3_600_000
      await slow.kubectl('create', 'configmap', 'late', '-n', 'shop-staging')
    }
    if (isNew(event)) {
      ages.push(event.object.rows?.[0]?.cells.at(-1))
      break
    }
  }
  expect(ages).toEqual(['begun', '0s'])
})
