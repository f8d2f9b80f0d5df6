import 'reflect-metadata'
import { webcrypto } from 'node:crypto'
import { isIP } from 'node:net'
import * as x509 from '@peculiar/x509'
import { readRequest } from './requests.ts'

/** PEM texts of one key and its certificate. */
export interface Identity {
  readonly keyPem: string
  readonly certificatePem: string
}

export interface Certificates {
  readonly caPem: string
  readonly server: Identity
  readonly client: Identity
  /** Signs a PEM certificate request with its own subject; undefined when it cannot be read or is not signed by its key. */
  readonly sign: (requestPem: string, seconds: number, client: boolean) => Promise<string | undefined>
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }

/** Certificates live as long as a long working week: a practice cluster is started fresh each time. */
const lifetimeMs = 7 * 24 * 3600 * 1000

/** Clocks of caller and server may differ a little. */
const backdateMs = 5 * 60 * 1000

/** A fresh certificate authority with one server certificate for `host` and one client certificate. */
export async function issueCertificates(host: string, clientName: string, now: Date): Promise<Certificates> {
  x509.cryptoProvider.set(webcrypto)
  const validity = {
    notBefore: new Date(now.getTime() - backdateMs),
    notAfter: new Date(now.getTime() + lifetimeMs),
    signingAlgorithm: algorithm,
  }
  const authorityKeys = await keyPair()
  const authority = await x509.X509CertificateGenerator.createSelfSigned({
    ...validity,
    name: 'CN=Chaperone practice cluster CA',
    keys: authorityKeys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    ],
  })
  const issue = async (subject: string, usage: string, names: x509.JsonGeneralNames): Promise<Identity> => {
    const keys = await keyPair()
    const certificate = await x509.X509CertificateGenerator.create({
      ...validity,
      subject,
      issuer: authority.subject,
      publicKey: keys.publicKey,
      signingKey: authorityKeys.privateKey,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.ExtendedKeyUsageExtension([usage]),
        ...(names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(names)]),
        await x509.AuthorityKeyIdentifierExtension.create(authorityKeys.publicKey),
      ],
    })
    return { keyPem: await privatePem(keys.privateKey), certificatePem: certificate.toString('pem') }
  }
  const sign = async (requestPem: string, seconds: number, client: boolean): Promise<string | undefined> => {
    const request = readRequest(requestPem)
    if (request === undefined || !(await request.verify())) return undefined
    const from = new Date()
    const usage = client ? x509.ExtendedKeyUsage.clientAuth : x509.ExtendedKeyUsage.serverAuth
    const certificate = await x509.X509CertificateGenerator.create({
      notBefore: new Date(from.getTime() - backdateMs),
      notAfter: new Date(from.getTime() + seconds * 1000),
      signingAlgorithm: algorithm,
      subject: request.subject,
      issuer: authority.subject,
      publicKey: request.publicKey,
      signingKey: authorityKeys.privateKey,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.ExtendedKeyUsageExtension([usage]),
        await x509.AuthorityKeyIdentifierExtension.create(authorityKeys.publicKey),
      ],
    })
    return certificate.toString('pem')
  }
  return {
    sign,
    caPem: authority.toString('pem'),
    server: await issue('CN=practice', x509.ExtendedKeyUsage.serverAuth, serverNames(host)),
    client: await issue(`CN=${clientName}, O=system:masters`, x509.ExtendedKeyUsage.clientAuth, []),
  }
}

function serverNames(host: string): x509.JsonGeneralNames {
  const own: x509.JsonGeneralName = isIP(host) === 0 ? { type: 'dns', value: host } : { type: 'ip', value: host }
  return [own, { type: 'dns', value: 'kubernetes.default.svc' }]
}

function keyPair(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
}

async function privatePem(key: webcrypto.CryptoKey): Promise<string> {
  const der = await webcrypto.subtle.exportKey('pkcs8', key)
  return x509.PemConverter.encode(der, 'PRIVATE KEY')
}
