import { execFile, spawnSync } from 'node:child_process'
import { createPublicKey, generateKeyPairSync, hash, randomBytes, randomUUID, sign, verify } from 'node:crypto'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { jwtVerify } from 'jose'
import { Agent, request } from 'undici'
import { pluginScript } from '../src/commands/plugin-script.ts'
import { Credentials } from '../src/identity/credentials.ts'
import { identifyBySession } from '../src/identity/identify.ts'
import { newToken, tokenHash } from '../src/identity/tokens.ts'
import { startPractice } from '../src/practice/server.ts'
import { SessionRegistry } from '../src/session/registry.ts'
import { openPolicy, through } from '../test/clients/through.ts'
import { tlsIssuer } from '../test/identity/tls-issuer.ts'
import { temporaryFolder } from '../test/support/tmp.ts'

/**
 * What it costs to know who calls, in one run and in turns, as ratios: the check of a credential beside jose verifying the
 * same token each time, the exec plugin in sh beside the same in Node, and requests with a credential beside those with the
 * token of a shell. Prints JSON; fails when a revoked session is still let through.
 *
 * Usage: node scripts/bench-identity.ts [--seconds 2] [--starts 100] [--requests 1000]
 */
const [seconds, starts, requests] = [numberOf('--seconds', 2), numberOf('--starts', 100), numberOf('--requests', 1000)]
const rounds = 3
const startsInTurn = 10
const sessionsAtOnce = 1000
const lifetimeMs = 600_000
const claim = `~4711.8123456.${Buffer.from('kubectl\0get\0pods\0-n\0shop-production\0').toString('hex')}`

await using parts = new AsyncDisposableStack()
const folder = parts.use(await temporaryFolder()).path
const load = loadavg()[0]
const result = { load, tokenCheck: await tokenCheck(), ...(await withBroker()) }
process.stdout.write(`${JSON.stringify(result, undefined, 2)}\n`)

async function tokenCheck() {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const keyID = hash('sha256', createPublicKey(privateKey).export({ type: 'spki', format: 'der' }), 'hex')
  const credentials = new Credentials({
    key: {
      keyID,
      sign: (data) => sign(null, Buffer.from(data), privateKey),
      verify: (data, signature) => verify(null, Buffer.from(data), publicKey, signature),
    },
    audience: 'bench',
    now: Date.now,
    newID: randomUUID,
  })
  const sessions = new SessionRegistry({ now: () => new Date(), random: randomBytes, newToken, hash: tokenHash })
  const subject = { name: 'ci:shop', uid: '', groups: ['pipelines'], extra: {}, authenticatedBy: 'jwt' } as const
  const issued = Array.from({ length: sessionsAtOnce }, () => {
    const expiresAt = Date.now() + lifetimeMs
    const session = sessions.beginClient({ subject, mode: 'local', command: ['pipeline'], waitMs: 0, expiresAt })
    const { token } = credentials.issue({ id: session.id, subject: subject.name }, lifetimeMs)
    return { id: session.id, token, headers: [`Bearer ${token}`, `Bearer ${token}${claim}`] }
  })
  const living = (token: string) => {
    const id = credentials.check(token)
    return id === undefined ? undefined : sessions.living(id)
  }
  const identify = identifyBySession((token) => sessions.byToken(token) ?? living(token))
  const perSecond = await inTurns({
    check: (index) => living(at(issued, index).token),
    identify: (index) => identify(at(issued, index).headers[0]),
    identifyWithClaim: (index) => identify(at(issued, index).headers[1]),
    jose: (index) => jwtVerify(at(issued, index).token, publicKey, { audience: 'bench', algorithms: ['EdDSA'] }),
  })
  for (const { id } of issued.slice(0, sessionsAtOnce / 2)) sessions.end(id)
  const wrong = issued.filter(({ token }, index) => (living(token) === undefined) !== index < sessionsAtOnce / 2)
  if (wrong.length > 0)
    throw new Error(`${wrong.length} checks are wrong right after half of the sessions were revoked.`)
  return { perSecond, timesJose: ratio(perSecond['check'], perSecond['jose']), revokedAtOnce: sessionsAtOnce / 2 }
}

/** Each works for the given seconds, in turns; answers of promises are awaited, as a request would. */
async function inTurns(works: Readonly<Record<string, (index: number) => unknown>>): Promise<Record<string, number>> {
  const done = new Map<string, { count: number; ms: number }>()
  for (let round = 0; round < rounds; round++) {
    for (const [name, work] of Object.entries(works)) {
      const before = done.get(name) ?? { count: 0, ms: 0 }
      const start = performance.now()
      let [now, count] = [start, 0]
      for (; now - start < (seconds * 1000) / rounds; count++) {
        const value = work(count)
        if (value instanceof Promise) await value
        if (count % 16 === 0) now = performance.now()
      }
      done.set(name, { count: before.count + count, ms: before.ms + performance.now() - start })
    }
  }
  return Object.fromEntries([...done].map(([name, { count, ms }]) => [name, Math.round((count * 1000) / ms)]))
}

async function withBroker() {
  const practice = parts.adopt(await startPractice({ host: '127.0.0.1', port: 0 }), (cluster) => cluster.close())
  const issuer = parts.use(await tlsIssuer())
  const identity = { jwt: [issuer.config], tokenReview: undefined, credentialLifetimeMs: lifetimeMs }
  const broker = parts.use(await through(practice.kubeconfig, openPolicy, { identity }))
  const agent = parts.adopt(new Agent({ connect: { ca: broker.caPem } }), (one) => one.destroy())
  const subjectToken = await issuer.sign({})
  const answer = await request(`${broker.endpoint}/chaperone/v1/token`, {
    dispatcher: agent,
    method: 'POST',
    body: JSON.stringify({ subjectToken, kind: 'pipeline' }),
  })
  const { token } = (await answer.body.json()) as { readonly token: string }
  const get = async (bearer: string) => {
    const { statusCode, body } = await request(`${broker.endpoint}/api/v1/namespaces/shop-production/pods?limit=1`, {
      dispatcher: agent,
      headers: { authorization: `Bearer ${bearer}` },
    })
    await body.dump()
    if (statusCode !== 200) throw new Error(`The broker answers ${statusCode}.`)
  }
  const bearers = { shellToken: broker.token, credential: token, credentialWithClaim: token + claim }
  const times = new Map<string, number[]>(Object.keys(bearers).map((name) => [name, []]))
  for (let index = 0; index < requests; index++) {
    for (const [name, bearer] of Object.entries(bearers)) {
      const start = performance.now()
      await get(bearer)
      if (index >= requests / 10) times.get(name)?.push(performance.now() - start)
    }
  }
  return {
    requestMs: Object.fromEntries([...times].map(([name, each]) => [name, median(each)])),
    pluginMs: await pluginStart(broker, subjectToken),
  }
}

/** From a cache that is fresh, each time as if another command asked. */
async function pluginStart(broker: { readonly endpoint: string; readonly caPem: string }, subjectToken: string) {
  const { endpoint, caPem } = broker
  const source = { kind: 'variable', name: 'CI_TOKEN' } as const
  const script = pluginScript({ endpoint, caPem, source, kind: 'pipeline', reason: '', waitMs: 0 })
  const cache = join(folder, '.cache', 'chaperone')
  await mkdir(cache, { recursive: true, mode: 0o700 })
  const env = { PATH: process.env['PATH'] ?? '', HOME: folder, CI_TOKEN: subjectToken }
  // The broker lives in this very process, and has to answer.
  await promisify(execFile)('sh', ['-c', script], { env })
  const names = await readdir(cache)
  const credential = names.find((name) => !name.endsWith('.last')) ?? ''
  const inNode = join(folder, 'plugin.mjs')
  await writeFile(inNode, nodePlugin(join(cache, credential)))
  const works = {
    shThatDoesNothing: ['sh', '-c', ':'],
    nodeThatDoesNothing: [process.execPath, '-e', ''],
    sh: ['sh', '-c', script],
    node: [process.execPath, inNode],
  }
  const times = new Map<string, number[]>(Object.keys(works).map((name) => [name, []]))
  for (let turn = 0; turn < starts / startsInTurn; turn++) {
    for (const [name, words] of Object.entries(works)) {
      times.get(name)?.push(startMs(words, join(cache, `${credential}.last`), env))
    }
  }
  const medians = Object.fromEntries([...times].map(([name, each]) => [name, median(each)]))
  return { ...medians, nodeTimesSh: ratio(medians['node'], medians['sh']) }
}

/** The least that a plugin in Node would do: read the cache, and print. */
function nodePlugin(path: string): string {
  return `import { readFileSync } from 'node:fs'
const [, expirationTimestamp, , token] = readFileSync(${JSON.stringify(path)}, 'utf8').split('\\n')
const claim = readFileSync('/proc/' + process.ppid + '/cmdline').toString('hex')
if (Date.parse(expirationTimestamp) < Date.now()) process.exit(1)
const status = { token: token + '~' + process.ppid + '..' + claim, expirationTimestamp }
console.log(JSON.stringify({ apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential', status }))
`
}

/** Milliseconds for one start, by a shell: to start a program costs a large process like this one more than it costs kubectl. */
function startMs(words: readonly string[], last: string, env: Record<string, string>): number {
  const loop = `last=$1 count=$2; shift 2; while [ $count -gt 0 ]; do count=$((count - 1)); : >"$last"; "$@" >/dev/null || exit; done`
  const begin = performance.now()
  const { status, stderr } = spawnSync('sh', ['-c', loop, 'sh', last, String(startsInTurn), ...words], {
    env,
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`${words[0]} ends with ${status}: ${stderr}`)
  return (performance.now() - begin) / startsInTurn
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return Number((sorted[Math.floor(sorted.length / 2)] ?? Number.NaN).toFixed(2))
}

function ratio(a = Number.NaN, b = Number.NaN): number {
  return Number((a / b).toFixed(2))
}

function at<T>(list: readonly T[], index: number): T {
  return list[index % list.length] as T
}

function numberOf(option: string, fallback: number): number {
  const index = process.argv.indexOf(option)
  return index === -1 ? fallback : Number(process.argv[index + 1])
}
