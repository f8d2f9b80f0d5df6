import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { startPractice } from '../../src/practice/server.ts'
import { temporaryFolder } from '../support/tmp.ts'
import { clients } from './clients.ts'
import { through } from './through.ts'

const run = promisify(execFile)

test('forty kubectl at once see what one sees, and their writes are all there', { timeout: 120_000 }, async () => {
  await using parts = new AsyncDisposableStack()
  const folder = parts.use(await temporaryFolder())
  const practice = await startPractice({ host: '127.0.0.1', port: 0 })
  parts.defer(() => practice.close())
  const broker = parts.use(await through(practice.kubeconfig))
  const config = join(folder.path, 'kubeconfig')
  await writeFile(config, broker.kubeconfig, { mode: 0o600 })
  const [client] = await clients([33])
  const kubectl = async (...args: string[]) => {
    const env = { HOME: folder.path, KUBECONFIG: config }
    return (await run(client?.kubectl ?? '', args, { env })).stdout
  }
  const alone = await kubectl('get', 'deployments', '-A', '-o', 'name')
  const crowd = Array.from({ length: 40 }, (_, index) => index)
  const seen = await Promise.all(crowd.map(() => kubectl('get', 'deployments', '-A', '-o', 'name')))
  expect(new Set(seen)).toEqual(new Set([alone]))
  await Promise.all(crowd.map((index) => kubectl('create', 'configmap', `crowd-${index}`, `--from-literal=n=${index}`)))
  const made = await kubectl('get', 'configmaps', '-o', 'name')
  expect(made.split('\n').filter((line) => line.startsWith('configmap/crowd-'))).toHaveLength(crowd.length)
})
