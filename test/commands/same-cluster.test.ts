import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { refuseOtherCluster } from '../../src/commands/same-cluster.ts'
import { loadUpstream } from '../../src/kube/kubeconfig.ts'
import { issued } from '../proxy/certificate.ts'
import { temporaryFolder } from '../support/tmp.ts'

const kubeconfig = (cluster: Record<string, string> = {}, token = 'a') =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'prod',
    clusters: [{ name: 'c', cluster: { server: 'https://api.internal:6443', ...cluster } }],
    users: [{ name: 'u', user: { token } }],
    contexts: [{ name: 'prod', context: { cluster: 'c', user: 'u' } }],
  })

/** A broker serves the cluster of the first kubeconfig, and the second names one to join it for. */
async function joining(served: string, asked: string): Promise<void> {
  await using folder = await temporaryFolder()
  const [first, second] = [join(folder.path, 'first'), join(folder.path, 'second')]
  await writeFile(first, served, { mode: 0o600 })
  await writeFile(second, asked, { mode: 0o600 })
  const upstream = await loadUpstream({ kubeconfigPaths: [first], environment: {} })
  const { context, server, identity } = upstream
  await upstream.close()
  await refuseOtherCluster(
    { environment: { variables: {} } },
    { info: { context, server, identity, practice: false }, folder: folder.path },
    { upstream: { kind: 'kubeconfig', paths: [second], context: 'prod' } },
    { values: { kubeconfig: second }, positionals: [], rest: [] },
  )
}

test('the same cluster is joined, with whatever credential it is named', async () => {
  await joining(kubeconfig(), kubeconfig())
  await joining(kubeconfig(), kubeconfig({}, 'another token'))
})

test.each([
  ['another address', { server: 'https://api.elsewhere:6443' }],
  ['another name in its certificate', { 'tls-server-name': 'other.cluster' }],
  ['another way, through a proxy', { 'proxy-url': 'http://10.9.9.9:3128' }],
  [
    'another certificate authority',
    { 'certificate-authority-data': Buffer.from((await issued()).ca).toString('base64') },
  ],
])('a context of the same name with %s is not joined', async (_what, cluster) => {
  await expect(joining(kubeconfig(), kubeconfig(cluster))).rejects.toMatchObject({ code: 'ERR_BROKER' })
})
