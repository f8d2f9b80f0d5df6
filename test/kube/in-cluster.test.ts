import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { loadUpstream } from '../../src/kube/kubeconfig.ts'
import { issued } from '../proxy/certificate.ts'

const mount = '/var/run/secrets/kubernetes.io/serviceaccount'

/** What the kubelet mounts, and what it renews. */
function reader(files: Record<string, string>) {
  return (path: string) => {
    const text = files[path]
    const missing = Object.assign(new Error(`ENOENT ${path}`), { code: 'ENOENT' })
    return text === undefined ? Promise.reject(missing) : Promise.resolve(text)
  }
}

test('in a pod the service account is the credential, and a renewed token is used at once', async () => {
  const pem = await issued()
  const server = createServer({ key: pem.key, cert: pem.cert }, (message, response) =>
    response.end(message.headers.authorization),
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const port = String((server.address() as AddressInfo).port)
  const files = { [`${mount}/token`]: 'first', [`${mount}/ca.crt`]: pem.ca }
  const upstream = await loadUpstream({
    kubeconfigPaths: ['/nowhere/config'],
    environment: { KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: port },
    readFile: reader(files),
  })
  const said = async () => {
    const { body } = await upstream.request({
      method: 'GET',
      target: '/',
      headers: {},
      longRunning: false,
      party: 's-1',
    })
    let text = ''
    for await (const chunk of body) text += Buffer.from(chunk).toString()
    return text
  }
  expect([upstream.context, upstream.server]).toEqual(['in-cluster', `https://127.0.0.1:${port}/`])
  expect(await said()).toBe('Bearer first')
  files[`${mount}/token`] = 'second'
  expect(await said()).toBe('Bearer second')
  await upstream.close()
  server.close()
})

test.each([
  ['fd00::1', 'https://[fd00::1]:443/'],
  ['10.96.0.1', 'https://10.96.0.1/'],
])('the API server at %s', async (KUBERNETES_SERVICE_HOST, expected) => {
  const pem = await issued()
  const upstream = await loadUpstream({
    kubeconfigPaths: [],
    environment: { KUBERNETES_SERVICE_HOST, KUBERNETES_SERVICE_PORT: '443' },
    readFile: reader({ [`${mount}/token`]: 'x', [`${mount}/ca.crt`]: pem.ca }),
  })
  expect(upstream.server).toBe(expected.replace(':443', ''))
  await upstream.close()
})

test('a pod without a service account is told which file is missing; a kubeconfig goes before the pod', async () => {
  const environment = { KUBERNETES_SERVICE_HOST: '10.96.0.1', KUBERNETES_SERVICE_PORT: '443' }
  const none = loadUpstream({ kubeconfigPaths: [], environment, readFile: reader({}) })
  await expect(none).rejects.toMatchObject({ code: 'ERR_KUBECONFIG', message: expect.stringContaining('ca.crt') })
  const own = loadUpstream({ kubeconfigPaths: ['k'], environment, readFile: reader({ k: '{}' }) })
  await expect(own).rejects.toMatchObject({ message: 'The kubeconfig k names no current context.' })
})
