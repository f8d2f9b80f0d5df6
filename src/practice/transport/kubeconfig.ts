import { stringify } from 'yaml'
import type { Certificates } from './certificates.ts'
import { adminName } from '../access/authentication.ts'

export const clientCertificateName = 'practice-cert'

const encoded = (text: string) => Buffer.from(text, 'utf8').toString('base64')

/** A kubeconfig with two contexts: `practice` by bearer token and `practice-cert` by client certificate. */
export function kubeconfig(url: string, token: string, { caPem, client }: Certificates): string {
  const cluster = 'practice'
  const context = (name: string, user: string) => ({ name, context: { cluster, user, namespace: 'shop-production' } })
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'practice',
    clusters: [{ name: cluster, cluster: { server: url, 'certificate-authority-data': encoded(caPem) } }],
    contexts: [context('practice', adminName), context('practice-cert', clientCertificateName)],
    users: [
      { name: adminName, user: { token } },
      {
        name: clientCertificateName,
        user: {
          'client-certificate-data': encoded(client.certificatePem),
          'client-key-data': encoded(client.keyPem),
        },
      },
    ],
  })
}
