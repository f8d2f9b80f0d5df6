import 'reflect-metadata'
import { KeyObject, createPrivateKey, randomBytes, webcrypto } from 'node:crypto'
import { isIP } from 'node:net'
import * as x509 from '@peculiar/x509'
import { Fault } from '../model/fault.ts'

const dayMs = 24 * 60 * 60 * 1000
/** A clock that runs this far behind ours must not reject a fresh certificate. */
const backdateMs = 5 * 60 * 1000
const caName = 'CN=Chaperone local authority, O=Chaperone'
const serverName = 'CN=Chaperone broker, O=Chaperone'
const ecKey = { name: 'ECDSA', namedCurve: 'P-256' } as const
const signature = { name: 'ECDSA', hash: 'SHA-256' } as const

export interface KeyAndCertificate {
  /** PKCS #8. */
  readonly keyPem: string
  readonly certPem: string
}

/** A new EC P-256 key, PKCS #8 PEM. */
export async function newKeyPem(): Promise<string> {
  const pair = await webcrypto.subtle.generateKey(ecKey, true, ['sign', 'verify'])
  return KeyObject.from(pair.privateKey).export({ type: 'pkcs8', format: 'pem' }).toString()
}

/** A self-signed certificate authority that may sign leaves only (RFC 5280 §4.2.1.9, path length 0). */
export async function selfSign(keyPem: string, now: Date, days: number): Promise<string> {
  const keys = await keyPair(keyPem)
  const certificate = await x509.X509CertificateGenerator.createSelfSigned(
    {
      serialNumber: serialNumber(),
      name: caName,
      notBefore: new Date(now.getTime() - backdateMs),
      notAfter: new Date(now.getTime() + days * dayMs),
      signingAlgorithm: signature,
      keys,
      extensions: [
        new x509.BasicConstraintsExtension(true, 0, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey, false, webcrypto),
        await x509.AuthorityKeyIdentifierExtension.create(keys.publicKey, false, webcrypto),
      ],
    },
    webcrypto,
  )
  return `${certificate.toString('pem')}\n`
}

/** A TLS server certificate for DNS names and IP addresses; never valid longer than its authority. */
export async function issueServer(
  authority: KeyAndCertificate,
  ask: { readonly hosts: readonly string[]; readonly days: number; readonly now: Date },
): Promise<KeyAndCertificate> {
  if (ask.hosts.length === 0) throw new Fault('ERR_INTERNAL', 'A server certificate needs at least one host.')
  const issuer = new x509.X509Certificate(authority.certPem)
  const issuerKeys = await keyPair(authority.keyPem)
  const keyPem = await newKeyPem()
  const { publicKey } = await keyPair(keyPem)
  const wanted = ask.now.getTime() + ask.days * dayMs
  const certificate = await x509.X509CertificateGenerator.create(
    {
      serialNumber: serialNumber(),
      subject: serverName,
      issuer: issuer.subjectName,
      notBefore: new Date(Math.max(ask.now.getTime() - backdateMs, issuer.notBefore.getTime())),
      notAfter: new Date(Math.min(wanted, issuer.notAfter.getTime())),
      signingAlgorithm: signature,
      publicKey,
      signingKey: issuerKeys.privateKey,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
        new x509.SubjectAlternativeNameExtension(ask.hosts.map(generalName)),
        await x509.SubjectKeyIdentifierExtension.create(publicKey, false, webcrypto),
        await x509.AuthorityKeyIdentifierExtension.create(issuerKeys.publicKey, false, webcrypto),
      ],
    },
    webcrypto,
  )
  return { keyPem, certPem: `${certificate.toString('pem')}\n` }
}

async function keyPair(keyPem: string): Promise<{ privateKey: webcrypto.CryptoKey; publicKey: webcrypto.CryptoKey }> {
  const privateDer = createPrivateKey(keyPem).export({ type: 'pkcs8', format: 'der' })
  const privateKey = await webcrypto.subtle.importKey('pkcs8', new Uint8Array(privateDer), ecKey, true, ['sign'])
  const { kty, crv, x, y } = await webcrypto.subtle.exportKey('jwk', privateKey)
  const point = { ...(kty && { kty }), ...(crv && { crv }), ...(x && { x }), ...(y && { y }) }
  const publicKey = await webcrypto.subtle.importKey('jwk', point, ecKey, true, ['verify'])
  return { privateKey, publicKey }
}

/** 128 random bits, positive and without a leading zero byte (RFC 5280 §4.1.2.2). */
function serialNumber(): string {
  const bytes = randomBytes(16)
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40
  return bytes.toString('hex')
}

function generalName(host: string): { type: 'ip' | 'dns'; value: string } {
  return { type: isIP(host) === 0 ? 'dns' : 'ip', value: host }
}
