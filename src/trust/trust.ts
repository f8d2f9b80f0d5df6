import { X509Certificate, createPrivateKey, randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { issueServer, newKeyPem, selfSign, type KeyAndCertificate } from './certificates.ts'
import { broken, createPrivateFile, preparePrivateFolder, readPrivateFile, replaceFile } from './private-files.ts'
import { openSigningKey, type SigningKey } from './signing-key.ts'

/** One year: long enough that nobody thinks of it, and renewed at each start long before it ends. */
const caDays = 365
/** Renewed when less than this is left, so that certificates issued now keep their whole life. */
const renewBeforeMs = 90 * 24 * 60 * 60 * 1000
const maskKeyBytes = 32

/** The broker's keys and its own certificate authority. */
export interface Trust {
  readonly caPem: string
  /** Where clients find `caPem`. */
  readonly caFile: string
  /** Signs the journal's checkpoints. */
  readonly signingKey: SigningKey
  /** 32 bytes from which mask tokens are derived; the same for the life of the folder. */
  readonly maskKey: Uint8Array
  /** A TLS server certificate for DNS names and IP addresses, valid at most `days` days. */
  issueServerCertificate(ask: { readonly hosts: readonly string[]; readonly days: number }): Promise<KeyAndCertificate>
}

/**
 * Opens the keys in `folder` (0700; files 0600), making what is missing. A renewed authority keeps its key, so that what
 * it issued before still verifies.
 *
 * @throws Fault ERR_STATE when a file is broken, unreadable, or readable by others.
 */
export async function openTrust(options: {
  readonly folder: string
  readonly clock?: { now(): Date }
}): Promise<Trust> {
  const { folder, clock = { now: () => new Date() } } = options
  await preparePrivateFolder(folder)
  const authority = await openAuthority(join(folder, 'authority.pem'), clock.now())
  const caFile = join(folder, 'ca.pem')
  await replaceFile(caFile, Buffer.from(authority.certPem), 0o644)
  return {
    caPem: authority.certPem,
    caFile,
    signingKey: await openSigningKey(folder),
    maskKey: await openMaskKey(join(folder, 'mask.key')),
    issueServerCertificate: (ask) => issueServer(authority, { ...ask, now: clock.now() }),
  }
}

/** Key and certificate share one file, so that a crash cannot leave a pair that does not fit. */
async function openAuthority(path: string, now: Date): Promise<KeyAndCertificate> {
  const found = (await readPrivateFile(path)) ?? (await createPrivateFile(path, await newAuthority(now)))
  const authority = parseAuthority(path, found.toString('utf8'))
  const left = new X509Certificate(authority.certPem).validToDate.getTime() - now.getTime()
  if (left > renewBeforeMs) return authority
  const renewed = { keyPem: authority.keyPem, certPem: await selfSign(authority.keyPem, now, caDays) }
  await replaceFile(path, encodeAuthority(renewed), 0o600)
  return renewed
}

async function newAuthority(now: Date): Promise<Buffer> {
  const keyPem = await newKeyPem()
  return encodeAuthority({ keyPem, certPem: await selfSign(keyPem, now, caDays) })
}

function encodeAuthority({ keyPem, certPem }: KeyAndCertificate): Buffer {
  return Buffer.from(keyPem + certPem)
}

function parseAuthority(path: string, text: string): KeyAndCertificate {
  const split = text.indexOf('-----BEGIN CERTIFICATE-----')
  const authority = { keyPem: text.slice(0, Math.max(split, 0)), certPem: text.slice(Math.max(split, 0)) }
  let fits: boolean
  try {
    const certificate = new X509Certificate(authority.certPem)
    const key = createPrivateKey(authority.keyPem)
    fits = certificate.ca && certificate.checkPrivateKey(key) && certificate.verify(certificate.publicKey)
  } catch (cause) {
    throw broken(path, 'it holds no certificate authority', cause)
  }
  if (!fits) throw broken(path, 'its key and its certificate do not belong together')
  return authority
}

async function openMaskKey(path: string): Promise<Uint8Array> {
  const found = (await readPrivateFile(path)) ?? (await createPrivateFile(path, randomBytes(maskKeyBytes)))
  if (found.length !== maskKeyBytes) throw broken(path, `it must hold ${maskKeyBytes} bytes, not ${found.length}`)
  return new Uint8Array(found)
}
