import { issueServer, newKeyPem, selfSign } from '../../src/trust/certificates.ts'

export interface Pem {
  readonly ca: string
  readonly key: string
  readonly cert: string
}

/** A server certificate for the loopback address, and the authority that signed it. */
export async function issued(hosts: readonly string[] = ['127.0.0.1', 'localhost']): Promise<Pem> {
  const now = new Date()
  const keyPem = await newKeyPem()
  const certPem = await selfSign(keyPem, now, 2)
  const leaf = await issueServer({ keyPem, certPem }, { hosts, days: 1, now })
  return { ca: certPem, key: leaf.keyPem, cert: leaf.certPem }
}
