import { cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { runCli, startCli } from '../support/cli.ts'
import { kubectlPath } from '../support/kubectl.ts'
import { temporaryFolder } from '../support/tmp.ts'

const heldID = (stderr: string) => /h-[a-z2-9]{6}/.exec(stderr)?.[0] ?? 'no held request was named'

it('the practice reviewer has no say on another cluster, not even with an old token; a reviewer who was added has', async () => {
  await using parts = new AsyncDisposableStack()
  const folder = parts.use(await temporaryFolder()).path
  const state = join(folder, 'state')
  const kubectl = await kubectlPath()
  const env = { HOME: folder }
  const chaperone = (...args: string[]) => runCli(args, { env })

  const practice = await startCli(['serve', '--practice', '--state', state], join(folder, 'practice.json'), { env })
  const token = join(folder, 'old.token')
  await cp(join(state, 'practice', 'reviewer.token'), token)
  await practice.stop()

  // Any cluster that is reached by kubeconfig is another cluster.
  const kubeconfig = join(folder, 'kubeconfig')
  parts.use(await startCli(['practice', '--kubeconfig-out', kubeconfig], join(folder, 'cluster.json'), { env }))
  parts.use(
    await startCli(['serve', '--yes', '--kubeconfig', kubeconfig, '--state', state], join(folder, 'real.json'), {
      env,
    }),
  )
  const run = ['run', '--kubeconfig', kubeconfig, '--state', state, '--wait=0', '--']
  const remove = [...run, kubectl, 'delete', 'namespace', 'data', '--wait=false']
  const id = heldID((await chaperone(...remove)).stderr)

  const asPractice = await chaperone('held', 'approve', id, '--practice', '--state', state)
  expect([asPractice.code, asPractice.stderr]).toEqual([2, expect.stringContaining('the practice reviewer has no say')])
  const asOld = await chaperone('held', 'approve', id, '--token-file', token, '--state', state)
  expect([asOld.code, asOld.stderr]).toEqual([1, expect.stringContaining('does not know this token')])
  const asOperator = join(state, 'run', 'operator.token')
  const own = await chaperone('held', 'approve', id, '--token-file', asOperator, '--state', state)
  expect([own.code, own.stderr]).toEqual([1, expect.stringContaining('A review needs a reviewer')])
  expect((await chaperone(...remove)).code).toBe(120)

  const bob = await chaperone('reviewer', 'add', 'bob', '--state', state)
  expect(await readFile(join(state, 'reviewers', 'bob.json'), 'utf8')).not.toContain(bob.stdout.trim())
  await writeFile(token, bob.stdout)
  expect((await chaperone('held', 'approve', id, '--token-file', token, '--state', state)).code).toBe(0)
  expect((await chaperone(...remove)).stdout).toBe('namespace "data" deleted\n')
}, 60_000)
