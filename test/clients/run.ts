import { execFile } from 'node:child_process'
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { temporaryFolder } from '../support/tmp.ts'
import type { Client } from './clients.ts'
import { chart } from './helm-story.ts'
import { normalised } from './normalise.ts'
import { files, type Step } from './story.ts'

export interface Outcome {
  readonly name: string
  readonly code: number
  /** Standard output and error, normalised. */
  readonly stdout: string
  readonly stderr: string
  readonly milliseconds: number
}

/** A command that takes longer is ended and fails its step. */
const stepLimitMs = 120_000

/** Runs the steps one after another with the client against the cluster of a kubeconfig text. */
export async function tell(
  client: Client,
  kubeconfig: string,
  steps: readonly Step[],
  each: (outcome: Outcome) => void = () => {},
): Promise<readonly Outcome[]> {
  await using folder = await temporaryFolder()
  const bin = join(folder.path, 'bin')
  const work = join(folder.path, 'work')
  await mkdir(bin)
  await mkdir(work)
  await symlink(client.kubectl, join(bin, 'kubectl'))
  await symlink(client.helm, join(bin, 'helm'))
  for (const [name, text] of Object.entries({ ...files, ...chart })) {
    await mkdir(dirname(join(work, name)), { recursive: true })
    await writeFile(join(work, name), text)
  }
  await chmod(join(work, 'editor'), 0o755)
  const config = join(folder.path, 'kubeconfig')
  await writeFile(config, kubeconfig, { mode: 0o600 })
  const path = `${bin}:${process.env['PATH'] ?? ''}`
  const env = { PATH: path, HOME: folder.path, KUBECONFIG: config, EDITOR: join(work, 'editor'), TMPDIR: folder.path }
  const outcomes: Outcome[] = []
  for (const step of steps) {
    const began = performance.now()
    const ran = await runStep(step, { env, cwd: work })
    const outcome = { ...ran, name: step.name, milliseconds: performance.now() - began }
    outcomes.push(outcome)
    each(outcome)
  }
  return outcomes
}

/** Everything a person saw of it. */
export function outcomeText({ code, stdout, stderr }: Outcome): string {
  return `exit ${code}\n${stdout}${stderr === '' ? '' : `stderr:\n${stderr}`}`
}

/** The steps that a kubectl of this minor version has. */
export function stepsFor(all: readonly Step[], minor: number): readonly Step[] {
  return all.filter(({ from = 0, until = Infinity }) => from <= minor && minor <= until)
}

function runStep(step: Step, { env, cwd }: { env: Record<string, string>; cwd: string }) {
  const { program = 'kubectl', line, stdin = '' } = step
  const words = wordsOf(line)
  const [file = '', ...args] = program === 'sh' ? words : [program, '-n', 'tale', ...words]
  const { promise, resolve } = Promise.withResolvers<Pick<Outcome, 'code' | 'stdout' | 'stderr'>>()
  const options = { env, cwd, timeout: stepLimitMs, maxBuffer: 64 * 1024 * 1024 }
  const child = execFile(file, args, options, (_failure, stdout, stderr) => {
    resolve({ code: child.exitCode ?? -1, stdout: normalised(stdout), stderr: normalised(stderr) })
  })
  child.stdin?.on('error', () => {})
  child.stdin?.end(stdin)
  return promise
}

/** The words of a line; single quotes hold together what is between them. */
function wordsOf(line: string): string[] {
  return [...line.matchAll(/(?:'[^']*'|[^\s'])+/g)].map(([word]) => word.replaceAll("'", ''))
}
