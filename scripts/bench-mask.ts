import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { temporaryFolder } from '../test/support/tmp.ts'
import { median, report, say, startBroker, startKubectlProxy, type Peer } from './bench/peers.ts'
import { listPath, secretsPath, startUpstream } from './bench/upstream.ts'

/**
 * Large lists with secrets masked, beside the same broker without masks, `kubectl proxy`, reading with JSON.parse and no
 * proxy at all, in one run and in turn, as ratios. Needs nginx and curl (Debian packages) and two processors.
 *
 * Usage: node scripts/bench-mask.ts [ROUNDS]
 */
const rounds = Number(process.argv[2] ?? 9)
const [others, measured] = ['0', '1'] as const
const run = promisify(execFile)

type Asked = Pick<Peer, 'name' | 'base' | 'token'> & { readonly pid?: number }

interface Sample {
  /** Milliseconds to the first byte of the answer, and to its last. */
  readonly first: number
  readonly total: number
}

await using parts = new AsyncDisposableStack()
const folder = parts.use(await temporaryFolder())
const upstream = parts.use(await startUpstream(folder.path, others))
const kubeconfig = join(folder.path, 'kubeconfig')
await writeFile(kubeconfig, upstream.kubeconfig, { mode: 0o600 })

const direct: Asked = { name: 'direct', base: upstream.url, token: 'bench' }
const place = { parts, kubeconfig, cpu: measured }
const kubectlProxy = await startKubectlProxy(place)
const masking = await startBroker(place, 'builtin')
const unmasked = await startBroker(place, 'unmasked')
for (const peer of [masking, unmasked]) report({ peer: peer.name, idle: await peakMemory(peer) })

say(`load average ${loadavg()[0]?.toFixed(2)}; medians of ${rounds} rounds; ratio: time of kubectl proxy / own time`)
for (const [what, path] of [
  ['5,000 secrets', secretsPath],
  ['7,000 pods', listPath],
] as const) {
  const peers = [direct, kubectlProxy, unmasked, masking]
  const samples = new Map<Asked, Sample[]>(peers.map((peer) => [peer, []]))
  for (const peer of peers) await ask(peer, path)
  for (let round = 0; round < rounds; round++) for (const peer of peers) samples.get(peer)?.push(await ask(peer, path))
  const base = median((samples.get(kubectlProxy) ?? []).map(({ total }) => total))
  for (const [peer, own] of samples) {
    const [first, total] = [median(own.map((one) => one.first)), median(own.map((one) => one.total))]
    report({ what, peer: peer.name, firstMs: first, totalMs: total, ratio: base / total, ...(await peakMemory(peer)) })
  }
  const text = await body(path)
  const parsing = Array.from({ length: rounds }, () => timed(() => JSON.stringify(JSON.parse(text))))
  report({ what, peer: 'JSON.parse and JSON.stringify alone', totalMs: median(parsing) })
}

/** Bytes as curl gets them, and throws away. */
async function ask({ base, token }: Asked, path: string): Promise<Sample> {
  const header = token === '' ? [] : ['-H', `Authorization: Bearer ${token}`]
  const format = '%{http_code} %{time_starttransfer} %{time_total}'
  const args = ['-c', others, 'curl', '-sk', '-o', '/dev/null', '-w', format, ...header, `${base}${path}`]
  const [code, first, total] = (await run('taskset', args)).stdout.split(' ').map(Number)
  if (code !== 200) throw new Error(`curl of ${base}${path}: ${code}`)
  return { first: (first ?? Number.NaN) * 1000, total: (total ?? Number.NaN) * 1000 }
}

async function body(path: string): Promise<string> {
  const { stdout } = await run('curl', ['-sk', `${upstream.url}${path}`], { maxBuffer: 1 << 28 })
  return stdout
}

/** Highest resident memory of a process since it began, MiB. */
async function peakMemory({ pid }: Asked): Promise<{ readonly peakMiB?: number }> {
  if (pid === undefined) return {}
  const found = /VmHWM:\s+(\d+) kB/.exec(await readFile(`/proc/${pid}/status`, 'utf8'))
  return { peakMiB: Number(found?.[1]) / 1024 }
}

function timed(work: () => unknown): number {
  const began = performance.now()
  work()
  return performance.now() - began
}
