import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startPractice } from '../../src/practice/server.ts'
import { temporaryFolder } from '../support/tmp.ts'
import { clients } from './clients.ts'
import { outcomeText, stepsFor, tell } from './run.ts'
import { story } from './story.ts'
import { through } from './through.ts'

/**
 * Tells the story against two clusters with one kubectl and prints where they differ.
 * Usage: node test/clients/compare.ts MINOR CLUSTER CLUSTER, where a cluster is the path of a kubeconfig, `practice`,
 * or either after `through:`, which puts a broker in front of it.
 */
async function main([minor = '', ...clusters]: readonly string[]): Promise<void> {
  const [client] = await clients([Number(minor)])
  await using parts = new AsyncDisposableStack()
  const [first, second] = await Promise.all(clusters.map((cluster) => kubeconfigOf(cluster, parts)))
  if (client === undefined || first === undefined || second === undefined) {
    throw new Error('Usage: node test/clients/compare.ts MINOR CLUSTER CLUSTER')
  }
  const steps = stepsFor(story, client.minor).filter(({ newer }) => newer === undefined)
  // One after the other: both may be the same cluster.
  const a = await tell(client, first, steps)
  const b = await tell(client, second, steps)
  let same = 0
  for (const [index, step] of steps.entries()) {
    const [one, other] = [a[index], b[index]]
    if (one === undefined || other === undefined) continue
    if (one.code === other.code && (step.compares === false || outcomeText(one) === outcomeText(other))) same += 1
    else
      process.stdout.write(
        `\n=== ${step.name}: ${step.line}\n${await difference(outcomeText(one), outcomeText(other))}`,
      )
  }
  process.stdout.write(`\n${same} of ${steps.length} steps are the same.\n`)
}

async function kubeconfigOf(cluster: string, parts: AsyncDisposableStack): Promise<string> {
  const [, source] = /^through:(.*)$/.exec(cluster) ?? []
  if (source !== undefined) return parts.use(await through(await kubeconfigOf(source, parts))).kubeconfig
  if (cluster !== 'practice') return await readFile(cluster, 'utf8')
  const practice = await startPractice({ host: '127.0.0.1', port: 0 })
  parts.defer(() => practice.close())
  return practice.kubeconfig
}

/** The lines in which two texts differ, as diff prints them. */
async function difference(one: string, other: string): Promise<string> {
  await using folder = await temporaryFolder()
  const [left, right] = [join(folder.path, 'first'), join(folder.path, 'second')]
  await Promise.all([writeFile(left, one), writeFile(right, other)])
  const { promise, resolve } = Promise.withResolvers<string>()
  execFile('diff', ['-U1', left, right], (_differs, stdout) => resolve(stdout.split('\n').slice(2).join('\n')))
  return await promise
}

if (import.meta.main) await main(process.argv.slice(2))
