import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { runCli, startCli } from '../support/cli.ts'
import { kubectlPath } from '../support/kubectl.ts'
import { temporaryFolder } from '../support/tmp.ts'

it('nothing that a session is given, and nothing that the broker writes, holds the cluster credential', async () => {
  await using parts = new AsyncDisposableStack()
  const folder = parts.use(await temporaryFolder()).path
  const state = join(folder, 'state')
  const kubeconfig = join(folder, 'kubeconfig')
  const env = { HOME: folder, KUBECONFIG: kubeconfig, HELM_KUBETOKEN: 'a-road-of-its-own' }
  parts.use(await startCli(['practice', '--kubeconfig-out', kubeconfig], join(folder, 'cluster.json'), { env }))
  const credential = /token: (\S+)/.exec(await readFile(kubeconfig, 'utf8'))?.[1] ?? ''
  expect(credential.length).toBeGreaterThan(20)
  const broker = await startCli(
    ['serve', '--yes', '--state', state, '--kubeconfig', kubeconfig],
    join(folder, 'r.json'),
    {
      env,
    },
  )

  const seen: string[] = []
  const run = async (...command: string[]) => {
    const { stdout, stderr } = await runCli(['run', '--state', state, '--kubeconfig', kubeconfig, '--', ...command], {
      env,
    })
    seen.push(stdout, stderr)
    return stdout
  }
  const kubectl = await kubectlPath()
  expect(await run('sh', '-c', 'env; cat "$KUBECONFIG"; ls -R "$(dirname "$KUBECONFIG")/../../.."')).toContain(
    'CHAPERONE_SESSION',
  )
  await run(kubectl, 'config', 'view', '--raw')
  await run(kubectl, 'get', 'pods', '-v=9')
  await run(kubectl, 'get', '--raw', '/no/such/path')
  const arguments_ = await readFile(`/proc/${broker.pid}/cmdline`, 'utf8')
  const { stdout, stderr } = await broker.stop()
  seen.push(arguments_, stdout, stderr)
  expect(seen.join('\n')).toContain('Authorization: Bearer <masked>')
  for (const text of seen)
    expect([text.includes(credential), text.includes('a-road-of-its-own')]).toEqual([false, false])

  const entries = await readdir(state, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  expect(files.length).toBeGreaterThan(8)
  const forms = [
    credential,
    Buffer.from(credential).toString('base64').replace(/=+$/, ''),
    Buffer.from(credential).toString('hex'),
  ]
  for (const path of files) {
    const bytes = await readFile(path)
    expect([path, forms.some((form) => bytes.includes(form))]).toEqual([path, false])
  }
}, 60_000)
