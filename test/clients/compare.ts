import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { temporaryFolder } from '../support/tmp.ts'
import { clients } from './clients.ts'
import { stepsFor, tell, type Outcome } from './run.ts'
import { story } from './story.ts'

/**
 * Tells the story against two clusters with one kubectl and prints where they differ.
 * Usage: node test/clients/compare.ts MINOR KUBECONFIG KUBECONFIG
 */
async function main([minor = '', ...paths]: readonly string[]): Promise<void> {
  const [client] = await clients([Number(minor)])
  const [first, second] = await Promise.all(paths.map((path) => readFile(path, 'utf8')))
  if (client === undefined || first === undefined || second === undefined) {
    throw new Error('Usage: node test/clients/compare.ts MINOR KUBECONFIG KUBECONFIG')
  }
  const steps = stepsFor(story, client.minor).filter(({ newer }) => newer === undefined)
  const [a, b] = await Promise.all([tell(client, first, steps), tell(client, second, steps)])
  let same = 0
  for (const [index, step] of steps.entries()) {
    const [one, other] = [a[index], b[index]]
    if (one === undefined || other === undefined) continue
    if (one.code === other.code && (step.compares === false || text(one) === text(other))) same += 1
    else process.stdout.write(`\n=== ${step.name}: ${step.line}\n${await difference(text(one), text(other))}`)
  }
  process.stdout.write(`\n${same} of ${steps.length} steps are the same.\n`)
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

const text = ({ code, stdout, stderr }: Outcome) =>
  `exit ${code}\n${stdout}${stderr === '' ? '' : `stderr:\n${stderr}`}`

if (import.meta.main) await main(process.argv.slice(2))
