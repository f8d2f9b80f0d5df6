import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { dirname } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { kubectlPath } from '../../test/support/kubectl.ts'

/** What is measured beside each other; each runs on the processor `cpu`, and ends with `parts`. */
export interface Peer {
  readonly name: string
  readonly base: string
  readonly token: string
  readonly pid: number
}

export interface Place {
  readonly parts: AsyncDisposableStack
  /** File of the cluster that is asked. */
  readonly kubeconfig: string
  readonly cpu: string
}

/** It speaks plain HTTP to its clients, its advantage. */
export async function startKubectlProxy({ parts, kubeconfig, cpu }: Place): Promise<Peer> {
  const args = ['-c', cpu, await kubectlPath(), '--kubeconfig', kubeconfig, 'proxy', '--port=0']
  const child = spawn('taskset', args, {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { HOME: dirname(kubeconfig), GOMAXPROCS: '1', PATH: process.env['PATH'] ?? '' },
  })
  parts.defer(async () => {
    child.kill()
    await once(child, 'exit')
  })
  for await (const line of createInterface({ input: child.stdout })) {
    const address = /on (127\.0\.0\.1:\d+)/.exec(line)?.[1]
    if (address !== undefined)
      return { name: 'kubectl proxy', base: `http://${address}`, token: '', pid: child.pid ?? 0 }
  }
  throw new Error('kubectl proxy ended.')
}

/** A broker with the built-in policy, or with one that allows everything and masks nothing. */
export async function startBroker(
  { parts, kubeconfig, cpu }: Place,
  policy: 'builtin' | 'unmasked',
): Promise<Peer & { readonly kubeconfig: string }> {
  const program = fileURLToPath(new URL('broker.ts', import.meta.url))
  const child = spawn('taskset', ['-c', cpu, process.execPath, program, kubeconfig, policy], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  parts.defer(async () => {
    child.stdin.end()
    await once(child, 'exit')
  })
  for await (const line of createInterface({ input: child.stdout })) {
    const { endpoint = '', token = '', kubeconfig: text = '' } = JSON.parse(line) as Record<string, string>
    return { name: `broker, ${policy}`, base: endpoint, token, kubeconfig: text, pid: child.pid ?? 0 }
  }
  throw new Error('The broker ended.')
}

export function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN
}

/** One line of JSON, numbers to three digits. */
export function report(line: object): void {
  say(
    JSON.stringify(line, (_key, value: unknown) => (typeof value === 'number' ? Number(value.toPrecision(3)) : value)),
  )
}

export function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
