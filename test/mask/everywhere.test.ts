import { execFile } from 'node:child_process'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { request as httpsRequest } from 'node:https'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startPractice } from '../../src/practice/server.ts'
import { through, type Through } from '../clients/through.ts'
import { kubectlPath } from '../support/kubectl.ts'
import { temporaryFolder } from '../support/tmp.ts'

/** Every place has a canary of its own, so that one that got out tells where from. */
const canary = (place: string) => `hunter2-${place}-c4nary`
const places = ['data', 'release', 'annotation', 'env', 'args', 'init', 'template', 'job', 'config', 'token'] as const
const base64 = (text: string | Buffer) => Buffer.from(text).toString('base64')

const container = {
  name: 'web',
  image: 'web:1',
  env: [{ name: 'DB_PASSWORD', value: canary('env') }],
  args: [`--api-key=${canary('args')}`],
}
const pod = {
  containers: [container],
  initContainers: [{ ...container, env: [{ name: 'TOKEN', value: canary('init') }], args: [] }],
}
const labels = { app: 'canary' }
const template = {
  metadata: { labels },
  spec: { containers: [{ ...container, env: [{ name: 'MY_SECRET', value: canary('template') }] }] },
}
const release = {
  name: 'canary',
  version: 1,
  info: { status: 'deployed', notes: `Log in with ${canary('release')}.` },
  chart: { metadata: { name: 'canary' }, values: { db: { token: canary('release') } } },
  config: { password: canary('release'), tea: canary('release') },
  manifest: `---\n# ${canary('release')}\nkind: Secret\napiVersion: v1\nstringData: {tea: ${canary('release')}}\n`,
}
const objects = [
  {
    kind: 'Secret',
    apiVersion: 'v1',
    metadata: { name: 'canary', labels, annotations: { 'x/access-token': canary('annotation') } },
    stringData: { password: canary('data'), 'doubly.b64': base64(canary('data')) },
  },
  {
    kind: 'Secret',
    apiVersion: 'v1',
    type: 'helm.sh/release.v1',
    metadata: { name: 'sh.helm.release.v1.canary.v1', labels: { ...labels, owner: 'helm' } },
    data: {
      release: base64(base64(gzipSync(JSON.stringify(release)))),
    },
  },
  {
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: { name: 'canary', labels, annotations: { 'my-token': canary('token') } },
    spec: pod,
  },
  {
    kind: 'Deployment',
    apiVersion: 'apps/v1',
    metadata: { name: 'canary', labels },
    spec: { replicas: 1, selector: { matchLabels: labels }, template },
  },
  {
    kind: 'Job',
    apiVersion: 'batch/v1',
    metadata: { name: 'canary', labels },
    spec: {
      template: {
        spec: {
          restartPolicy: 'Never',
          containers: [{ ...container, env: [{ name: 'API_KEY', value: canary('job') }] }],
        },
      },
    },
  },
  {
    kind: 'ConfigMap',
    apiVersion: 'v1',
    metadata: { name: 'canary', labels },
    data: { url: `postgres://app:${canary('config')}@db/shop` },
  },
]

let parts: AsyncDisposableStack
let broker: Through
let kubectl: (...args: string[]) => Promise<string>
/** Everything that left the broker, and what it was asked. */
const left: { readonly what: string; readonly bytes: Buffer }[] = []

beforeAll(async () => {
  parts = new AsyncDisposableStack()
  const folder = parts.use(await temporaryFolder()).path
  const practice = await startPractice({ host: '127.0.0.1', port: 0 })
  parts.defer(() => practice.close())
  broker = parts.use(await through(practice.kubeconfig, ''))
  const program = await kubectlPath()
  const run = (config: string) => (args: readonly string[]) =>
    new Promise<string>((done) => {
      const env = { HOME: join(folder, 'home'), KUBECONFIG: join(folder, config) }
      execFile(program, ['--namespace=default', ...args], { env, maxBuffer: 1 << 26 }, (_error, stdout, stderr) => {
        done(stdout + stderr)
      })
    })
  await writeFile(join(folder, 'cluster'), practice.kubeconfig, { mode: 0o600 })
  await writeFile(join(folder, 'session'), broker.kubeconfig, { mode: 0o600 })
  await writeFile(join(folder, 'objects.json'), JSON.stringify({ kind: 'List', apiVersion: 'v1', items: objects }))
  // Applied, so that each has all of itself once more in an annotation.
  expect(await run('cluster')(['apply', '-f', join(folder, 'objects.json')])).toContain('secret/canary created')
  kubectl = async (...args) => {
    const said = await run('session')(args)
    left.push({ what: `kubectl ${args.join(' ')}`, bytes: Buffer.from(said) })
    return said
  }
})
afterAll(() => parts.disposeAsync())

interface Ask {
  readonly method?: string
  readonly accept?: string
  readonly type?: string
  readonly body?: unknown
  /** Ends a stream once this was in it. */
  readonly until?: string
}

function ask(
  path: string,
  { method = 'GET', accept = 'application/json', type = 'application/json', body, until }: Ask = {},
) {
  const { promise, resolve } = Promise.withResolvers<Buffer>()
  const text = body === undefined ? undefined : JSON.stringify(body)
  const headers = {
    authorization: `Bearer ${broker.token}`,
    accept,
    ...(text === undefined ? {} : { 'content-type': type, 'content-length': Buffer.byteLength(text) }),
  }
  const request = httpsRequest(`${broker.endpoint}${path}`, { method, ca: broker.caPem, headers }, (answer) => {
    const chunks: Buffer[] = [Buffer.from(`${answer.statusCode} ${JSON.stringify(answer.headers)}\n`)]
    answer.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      if (until !== undefined && Buffer.concat(chunks).includes(until)) request.destroy()
    })
    answer.on('close', () => resolve(Buffer.concat(chunks)))
  })
  request.on('error', (error) => resolve(Buffer.from(error.message)))
  request.end(text)
  return promise.then((bytes) => {
    left.push({ what: `${method} ${path} as ${accept} ${type}`, bytes })
    return bytes.toString()
  })
}

/** The ways in which bytes may say the canary, and the canaries they say. */
function toldBy(bytes: Buffer): string[] {
  const texts = [bytes.toString('latin1')]
  for (const [packed] of texts[0]?.matchAll(/(?:H4sI|SDRzS)[A-Za-z0-9+/=]{16,}/g) ?? []) {
    const inner = packed.startsWith('SDRzS') ? Buffer.from(packed, 'base64').toString('latin1') : packed
    try {
      texts.push(gunzipSync(Buffer.from(inner, 'base64')).toString('latin1'))
    } catch {
      // A hash or a name that only begins so.
    }
  }
  const joined = texts.join('\n')
  const squeezed = joined.replace(/[\s"\\,+]+/g, '')
  return places.flatMap((place) =>
    spellings(canary(place)).some((one) => joined.includes(one) || squeezed.includes(one)) ? [place] : [],
  )
}

/** Plain, in base64 once and twice at each place in a group, in hexadecimal, escaped for URLs, and from behind. */
function spellings(text: string): string[] {
  const inBase64 = (inner: string) =>
    [0, 1, 2].map((shift) =>
      base64(`${'x'.repeat(shift)}${inner}`)
        .slice(shift === 0 ? 0 : 4)
        .replace(/=*$/, '')
        .slice(0, -2),
    )
  const once = inBase64(text)
  const hex = Buffer.from(text).toString('hex')
  const escaped = Array.from(Buffer.from(text), (byte) => `%${byte.toString(16)}`).join('')
  return [
    text,
    ...once,
    ...once.flatMap(inBase64),
    hex,
    hex.toUpperCase(),
    escaped,
    Array.from(text).toReversed().join(''),
  ]
}

test('the search finds what it looks for', () => {
  const text = canary('data')
  const said = [
    text,
    base64(text),
    base64(base64(`ab${text}`)),
    base64(gzipSync(text)),
    base64(base64(gzipSync(text))),
    `"${text.slice(0, 9)}" + "${text.slice(9)}"`,
  ]
  for (const one of said) expect(toldBy(Buffer.from(`x ${one} y`))).toEqual(['data'])
})

const kinds = ['secrets', 'pods', 'deployments', 'replicasets', 'jobs', 'configmaps', 'events']

test('kubectl shows none of them, however it is asked', { timeout: 120_000 }, async () => {
  for (const kind of kinds) {
    for (const output of [
      '',
      '-ojson',
      '-oyaml',
      '-owide',
      '-ojsonpath={.items}',
      '-ogo-template={{.}}',
      '--show-managed-fields=true',
    ]) {
      await kubectl('get', kind, ...(output === '' ? [] : [output]))
    }
    await kubectl('describe', kind)
  }
  await kubectl('get', 'secret', 'canary', '-o', 'custom-columns=A:.data.password,B:.metadata.annotations')
  await kubectl('get', 'all,secrets,configmaps', '-A', '-o', 'json')
  for (const which of [
    ['-l', 'owner=helm'],
    ['sh.helm.release.v1.canary.v1'],
    ['-l', 'owner=helm', '-A', '-w', '--request-timeout=1s'],
  ]) {
    expect(await kubectl('get', 'secrets', ...which, '-o', 'json')).toContain('"release": "SDRzS')
  }
  await kubectl('apply', 'view-last-applied', 'secret', 'canary')
  await kubectl('rollout', 'history', 'deployment/canary', '--revision=1')
  await kubectl('set', 'env', 'deployment/canary', '--list')
  await kubectl('annotate', 'secret', 'canary', 'note=x')
  await kubectl('label', 'pod', 'canary', 'note=x')
  await kubectl('patch', 'secret', 'canary', '--type=merge', '-p', '{}', '-o', 'json')
  await kubectl(
    'patch',
    'secret',
    'canary',
    '--type=json',
    '-p',
    '[{"op":"copy","from":"/data/password","path":"/metadata/labels/leak"}]',
  )
  await kubectl('get', 'pods', 'canary', '-v=9')
  expect(left.length).toBeGreaterThan(60)
})

test('nor does any other road to the same objects', { timeout: 120_000 }, async () => {
  const table = 'application/json;as=Table;v=v1;g=meta.k8s.io'
  const accepts = [
    'application/json',
    `${table},application/json`,
    'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io,application/json',
    'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json',
    'application/vnd.kubernetes.protobuf,application/json',
    'application/yaml,application/json',
    'application/cbor,application/json',
    '*/*',
  ]
  const core = '/api/v1/namespaces/default'
  const roots = [
    core,
    core,
    '/apis/apps/v1/namespaces/default',
    '/apis/apps/v1/namespaces/default',
    '/apis/batch/v1/namespaces/default',
    core,
    core,
  ]
  for (const [index, kind] of kinds.entries()) {
    const list = `${roots[index]}/${kind}`
    for (const accept of accepts) {
      for (const path of [
        list,
        `${list}/canary`,
        `${list}?limit=1`,
        `${list}?includeObject=Object`,
        `${list}?pretty=true`,
        `${list}?labelSelector=app%3Dcanary`,
      ]) {
        await ask(path, { accept })
      }
    }
    for (const accept of [accepts[0], accepts[1], accepts[3]]) {
      for (const query of [
        'watch=true',
        'watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true',
      ]) {
        if (kind === 'events') continue
        await ask(`${list}?${query}`, { accept: accept ?? '', until: 'canary' })
      }
    }
  }
  const patch = { method: 'PATCH', body: {} }
  for (const type of ['application/merge-patch+json', 'application/strategic-merge-patch+json']) {
    await ask(`${core}/secrets/canary`, { ...patch, type })
    await ask(`${core}/pods/canary`, { ...patch, type })
    await ask(`${core}/secrets/canary`, { ...patch, type, accept: accepts[1] ?? '' })
  }
  const guess = [{ op: 'test', path: '/data/password', value: base64(canary('data')) }]
  await ask(`${core}/secrets/canary`, {
    method: 'PATCH',
    type: 'application/json-patch+json',
    body: guess.map((one) => ({ ...one, value: 'eA==' })),
  })
  await ask(`${core}/secrets?dryRun=All`, {
    method: 'DELETE',
    body: { kind: 'DeleteOptions', apiVersion: 'v1', dryRun: ['All'] },
  })
  await ask(`${core}/secrets/canary/reveal?pointer=/data/password`)
  expect(left.length).toBeGreaterThan(300)
})

test('no byte that left the broker, and none that it wrote, says any of them', async () => {
  expect(
    left
      .filter(({ bytes }) => toldBy(bytes).length > 0)
      .map(({ what, bytes }) => `${what}: ${toldBy(bytes).join(' ')}`),
  ).toEqual([])
  // They were asked for in earnest: the objects came, with tokens where the values are.
  expect(
    left.filter(({ bytes }) => bytes.includes('chaperone-masked-') || bytes.includes(base64('chaperone-masked-')))
      .length,
  ).toBeGreaterThan(100)
  const files = await readdir(broker.state, { recursive: true, withFileTypes: true })
  for (const file of files.filter((entry) => entry.isFile())) {
    const path = join(file.parentPath, file.name)
    expect([path, toldBy(await readFile(path))]).toEqual([path, []])
  }
})
