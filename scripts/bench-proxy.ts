import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { kubectlPath } from '../test/support/kubectl.ts'
import { temporaryFolder } from '../test/support/tmp.ts'
import { startPractice } from '../src/practice/server.ts'
import { median, report, say, startBroker, startKubectlProxy, type Peer } from './bench/peers.ts'
import { listPath, podPath, startUpstream } from './bench/upstream.ts'

/**
 * Requests through the broker, beside `kubectl proxy` and no proxy at all, in one run and in turn, as ratios. Needs nginx
 * and wrk (Debian packages) and two processors: one for what is measured, one for nginx and wrk.
 *
 * Usage: node scripts/bench-proxy.ts [ROUNDS] [SECONDS].
 */
const rounds = Number(process.argv[2] ?? 5)
const seconds = Number(process.argv[3] ?? 3)
const [others, measured] = ['0', '1'] as const
const run = promisify(execFile)

type Asked = Pick<Peer, 'name' | 'base' | 'token'>

interface Sample {
  readonly perSecond: number
  readonly p50: number
  readonly p99: number
}

await using parts = new AsyncDisposableStack()
const folder = parts.use(await temporaryFolder())
const upstream = parts.use(await startUpstream(folder.path, others))
const kubeconfig = join(folder.path, 'kubeconfig')
await writeFile(kubeconfig, upstream.kubeconfig, { mode: 0o600 })
const kubectl = await kubectlPath()

const direct = { name: 'direct', base: upstream.url, token: 'bench' }
const place = { parts, kubeconfig, cpu: measured }
const kubectlProxy = await startKubectlProxy(place)
const builtin = await startBroker(place, 'builtin')
const unmasked = await startBroker(place, 'unmasked')

say(`load average ${loadavg()[0]?.toFixed(2)}; ${rounds} rounds of ${seconds} s, medians; ratios to kubectl proxy`)
for (const connections of [1, 8, 64]) {
  await compare(`GET 2 KB, ${connections} connections`, podPath, connections, [direct, kubectlProxy, builtin])
}
for (const connections of [1, 4]) {
  await compare(`LIST 20 MB, ${connections} connections`, listPath, connections, [
    direct,
    kubectlProxy,
    unmasked,
    builtin,
  ])
}
await wholeCommands()

/** One kind of request through each peer in turn. */
async function compare(what: string, path: string, connections: number, peers: readonly Asked[]): Promise<void> {
  const samples = new Map<Asked, Sample[]>(peers.map((peer) => [peer, []]))
  for (const peer of peers) await wrk(peer, path, connections, 1)
  for (let round = 0; round < rounds; round++) {
    for (const peer of peers) samples.get(peer)?.push(await wrk(peer, path, connections, seconds))
  }
  const figures = peers.map((peer) => ({ peer, ...medians(samples.get(peer) ?? []) }))
  const base = figures.find(({ peer }) => peer === kubectlProxy)
  const none = figures.find(({ peer }) => peer === direct)
  for (const { peer, perSecond, p50, p99 } of figures) {
    const ratio = {
      perSecond: perSecond / (base?.perSecond ?? Number.NaN),
      addedP50: (p50 - (none?.p50 ?? 0)) / ((base?.p50 ?? 0) - (none?.p50 ?? 0)),
      p99: p99 / (base?.p99 ?? Number.NaN),
    }
    report({ what, peer: peer.name, perSecond, p50, p99, ratio })
  }
}

/** `kubectl get` as a person runs it, discovery and all, on the practice cluster. Milliseconds. */
async function wholeCommands(): Promise<void> {
  const practice = await startPractice({ host: '127.0.0.1', port: 0 })
  parts.defer(() => practice.close())
  const own = join(folder.path, 'practice')
  await writeFile(own, practice.kubeconfig, { mode: 0o600 })
  const broker = await startBroker({ ...place, kubeconfig: own }, 'builtin')
  const behind = join(folder.path, 'behind')
  await writeFile(behind, broker.kubeconfig, { mode: 0o600 })
  const times: Record<string, number[]> = { direct: [], broker: [] }
  for (let round = 0; round < rounds * 4 + 1; round++) {
    for (const [name, file] of [
      ['direct', own],
      ['broker', behind],
    ] as const) {
      const began = performance.now()
      await run(kubectl, ['--kubeconfig', file, 'get', 'pods', '-n', 'shop-production'], { env: { HOME: folder.path } })
      if (round > 0) times[name]?.push(performance.now() - began)
    }
  }
  const [one, other] = [median(times['direct'] ?? []), median(times['broker'] ?? [])]
  report({ what: 'whole kubectl get, ms', direct: one, broker: other, ratio: other / one })
}

/** One run of wrk: requests a second, and latency in ms. */
async function wrk({ base, token }: Asked, path: string, connections: number, forSeconds: number): Promise<Sample> {
  const args = ['-c', others, 'wrk', '-t1', `-c${connections}`, `-d${forSeconds}s`, '--latency', '--timeout', '20s']
  const header = token === '' ? [] : ['-H', `Authorization: Bearer ${token}`]
  const { stdout } = await run('taskset', [...args, ...header, `${base}${path}`])
  const failed = /Non-2xx or 3xx responses: (\d+)|Socket errors: (.*)/.exec(stdout)
  if (failed !== null) throw new Error(`wrk of ${base}${path}: ${failed[0]}`)
  return {
    perSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]),
    p50: milliseconds(/50%\s+([\d.]+)(us|ms|s)/.exec(stdout)),
    p99: milliseconds(/99%\s+([\d.]+)(us|ms|s)/.exec(stdout)),
  }
}

function milliseconds(found: RegExpExecArray | null): number {
  const [, number = 'NaN', unit = 'ms'] = found ?? []
  return Number(number) * { us: 0.001, ms: 1, s: 1000 }[unit as 'us' | 'ms' | 's']
}

function medians(samples: readonly Sample[]): Sample {
  return {
    perSecond: median(samples.map(({ perSecond }) => perSecond)),
    p50: median(samples.map(({ p50 }) => p50)),
    p99: median(samples.map(({ p99 }) => p99)),
  }
}
