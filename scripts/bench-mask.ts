import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { fileURLToPath } from 'node:url'
import { kubectlPath } from '../test/support/kubectl.ts'
import { temporaryFolder } from '../test/support/tmp.ts'
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

interface Peer {
  readonly name: string
  readonly base: string
  readonly token: string
  readonly pid?: number
}
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

const direct: Peer = { name: 'direct', base: upstream.url, token: 'bench' }
const kubectlProxy: Peer = { name: 'kubectl proxy', base: await startKubectlProxy(), token: '' }
const masking = await startBroker('builtin')
const unmasked = await startBroker('unmasked')

say(`load average ${loadavg()[0]?.toFixed(2)}; medians of ${rounds} rounds; ratio: time of kubectl proxy / own time`)
for (const [what, path] of [
  ['5,000 secrets', secretsPath],
  ['7,000 pods', listPath],
] as const) {
  const peers = [direct, kubectlProxy, unmasked, masking]
  const samples = new Map<Peer, Sample[]>(peers.map((peer) => [peer, []]))
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
async function ask({ base, token }: Peer, path: string): Promise<Sample> {
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
async function peakMemory({ pid }: Peer): Promise<{ readonly peakMiB?: number }> {
  if (pid === undefined) return {}
  const found = /VmHWM:\s+(\d+) kB/.exec(await readFile(`/proc/${pid}/status`, 'utf8'))
  return { peakMiB: Number(found?.[1]) / 1024 }
}

async function startKubectlProxy(): Promise<string> {
  const kubectl = await kubectlPath()
  const child = spawn('taskset', ['-c', measured, kubectl, '--kubeconfig', kubeconfig, 'proxy', '--port=0'], {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { HOME: folder.path, GOMAXPROCS: '1', PATH: process.env['PATH'] ?? '' },
  })
  parts.defer(async () => {
    child.kill()
    await once(child, 'exit')
  })
  for await (const line of createInterface({ input: child.stdout })) {
    const address = /on (127\.0\.0\.1:\d+)/.exec(line)?.[1]
    if (address !== undefined) return `http://${address}`
  }
  throw new Error('kubectl proxy ended.')
}

async function startBroker(policy: 'builtin' | 'unmasked'): Promise<Peer> {
  const program = fileURLToPath(new URL('bench/broker.ts', import.meta.url))
  const child = spawn('taskset', ['-c', measured, process.execPath, program, kubeconfig, policy], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  parts.defer(async () => {
    child.stdin.end()
    await once(child, 'exit')
  })
  for await (const line of createInterface({ input: child.stdout })) {
    const { endpoint, token } = JSON.parse(line) as { endpoint: string; token: string }
    const peer = { name: policy === 'builtin' ? 'broker, masking' : 'broker, no masks', base: endpoint, token }
    const { peakMiB } = await peakMemory({ ...peer, pid: child.pid ?? 0 })
    report({ peer: peer.name, idleMiB: peakMiB })
    return { ...peer, pid: child.pid ?? 0 }
  }
  throw new Error('The broker ended.')
}

function timed(work: () => unknown): number {
  const began = performance.now()
  work()
  return performance.now() - began
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

function report(figures: Readonly<Record<string, unknown>>): void {
  say(JSON.stringify(figures, (_key, value: unknown) => (typeof value === 'number' ? Number(value.toFixed(2)) : value)))
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
