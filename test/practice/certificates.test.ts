import 'reflect-metadata'
import { webcrypto } from 'node:crypto'
import { request as httpsRequest } from 'node:https'
import type { IncomingMessage } from 'node:http'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import * as x509 from '@peculiar/x509'
import { expect, test } from 'vitest'
import { startTestCluster, type TestCluster } from './cluster.ts'

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }

/** A key and a certificate request for `subject`, both PEM. */
async function certificateRequest(subject: string) {
  x509.cryptoProvider.set(webcrypto)
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: subject,
    keys,
    signingAlgorithm: algorithm,
  })
  const der = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)
  return { keyPem: x509.PemConverter.encode(der, 'PRIVATE KEY'), requestPem: request.toString('pem') }
}

const signer = 'kubernetes.io/kube-apiserver-client'

function manifest(name: string, requestPem: string, more: object = {}): string {
  const spec = {
    request: Buffer.from(requestPem).toString('base64'),
    signerName: signer,
    usages: ['client auth'],
    ...more,
  }
  return JSON.stringify({
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { name },
    spec,
  })
}

async function issued(cluster: TestCluster, name: string): Promise<string> {
  const wait = ['wait', 'csr', name, '--for', 'jsonpath={.status.certificate}', '--timeout', '10s']
  await cluster.kubectlIn('', wait)
  const encoded = await cluster.kubectlIn('', ['get', 'csr', name, '-o', 'jsonpath={.status.certificate}'])
  return Buffer.from(encoded, 'base64').toString('utf8')
}

async function whoami({ practice }: TestCluster, identity: { cert: string; key: string }) {
  const sent = httpsRequest(`${practice.url}/apis/authentication.k8s.io/v1/selfsubjectreviews`, {
    method: 'POST',
    ca: practice.caPem,
    headers: { 'content-type': 'application/json' },
    ...identity,
  })
  sent.end('{}')
  const [answer] = (await once(sent, 'response')) as [IncomingMessage]
  return { code: answer.statusCode, json: JSON.parse(await text(answer)) as Record<string, unknown> }
}

test('an approved request becomes a certificate that opens the cluster as its subject', async () => {
  await using cluster = await startTestCluster()
  const { keyPem, requestPem } = await certificateRequest('CN=ann, O=developers, O=on-call')
  await cluster.kubectlIn(manifest('ann', requestPem, { username: 'mallory', groups: ['system:masters'] }), [
    'create',
    '-f',
    '-',
    '--as=asker',
    '--as-group=platform-leads',
  ])
  const pending = await cluster.kubectlIn('', ['get', 'csr', 'ann', '--no-headers'])
  expect(pending).toMatch(/^ann +\S+ +kubernetes\.io\/kube-apiserver-client +asker +<none> +Pending\s*$/)

  expect(await cluster.kubectlIn('', ['certificate', 'approve', 'ann'])).toContain('ann approved')
  const cert = await issued(cluster, 'ann')
  expect(await cluster.kubectlIn('', ['get', 'csr', 'ann', '--no-headers'])).toMatch(/Approved,Issued\s*$/)
  expect(await whoami(cluster, { cert, key: keyPem })).toMatchObject({
    code: 201,
    json: { status: { userInfo: { username: 'ann', groups: ['developers', 'on-call', 'system:authenticated'] } } },
  })
})

test('a decision stays: what is denied gets no certificate and cannot be approved', async () => {
  await using cluster = await startTestCluster()
  const { requestPem } = await certificateRequest('CN=ann')
  await cluster.kubectlIn(manifest('ann', requestPem), ['create', '-f', '-'])
  await cluster.kubectlIn('', ['certificate', 'deny', 'ann'])
  const again = await cluster.kubectl('certificate', 'approve', 'ann')
  expect(again.code).not.toBe(0)
  expect(again.stderr).toContain('certificate signing request "ann" is already Denied')
  expect(await cluster.kubectlIn('', ['get', 'csr', 'ann', '--no-headers'])).toMatch(/Denied\s*$/)
})

test('approving needs the right for the signer, and nobody asks for system:masters', async () => {
  await using cluster = await startTestCluster()
  const { requestPem } = await certificateRequest('CN=ann')
  await cluster.kubectlIn(manifest('ann', requestPem), ['create', '-f', '-'])
  await cluster.kubectlIn('', [
    ...['create', 'clusterrole', 'approver', '--verb=get,update', '--resource=certificatesigningrequests'],
    ...['--resource=certificatesigningrequests/approval'],
  ])
  await cluster.kubectlIn('', ['create', 'clusterrolebinding', 'approver', '--clusterrole=approver', '--user=bo'])
  const refused = await cluster.kubectl('certificate', 'approve', 'ann', '--as=bo')
  expect(refused.stderr).toContain(`user not permitted to approve requests with signerName "${signer}"`)

  const role = 'system:certificates.k8s.io:kube-apiserver-client-approver'
  await cluster.kubectlIn('', ['create', 'clusterrolebinding', 'signer', `--clusterrole=${role}`, '--user=bo'])
  await cluster.kubectlIn('', ['certificate', 'approve', 'ann', '--as=bo'])

  const { requestPem: greedy } = await certificateRequest('CN=ann, O=system:masters')
  const path = await cluster.file('greedy.json', manifest('greedy', greedy))
  const created = await cluster.kubectl('create', '-f', path)
  expect(created.stderr).toContain(`use of ${signer} signer with system:masters group is not allowed`)
})

test('a request that is none is refused with every reason', async () => {
  await using cluster = await startTestCluster()
  const answer = await cluster.raw('/apis/certificates.k8s.io/v1/certificatesigningrequests', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: manifest('bad', 'foo', { signerName: 'foo', usages: ['x'] }),
  })
  expect(answer.code).toBe(422)
  expect(answer.json['message']).toMatch(
    /^CertificateSigningRequest\.certificates\.k8s\.io "bad" is invalid: \[spec\.request: Invalid value: \[\]byte\{0x66, 0x6f, 0x6f\}: PEM block type must be CERTIFICATE REQUEST, spec\.usages\[0\]: Unsupported value: "x": .*, spec\.signerName: Invalid value: "foo": must be a fully qualified domain and path of the form 'example\.com\/signer-name'\]$/,
  )
})
