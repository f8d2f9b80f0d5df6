import { createPrivateKey, X509Certificate } from 'node:crypto'
import { Fault } from '../model/fault.ts'
import { credentialFrom, type CredentialSource } from './credential.ts'
import { pluginCredential } from './exec-plugin.ts'
import type { ClusterEntry, Found, UserEntry } from './kubeconfig-file.ts'
import { proxyUrl } from './proxy-url.ts'
import type { ClusterAccess } from './transport.ts'

/** Text of a file; rejects as node:fs does. */
export type Reader = (path: string) => Promise<string>

export interface AccessOptions {
  readonly readFile: Reader
  /** What an exec plugin runs in. */
  readonly environment: Readonly<Record<string, string>>
}

/** Checks and reads everything one context needs. Throws ERR_KUBECONFIG or ERR_UPSTREAM_CREDENTIAL, never naming a value. */
export async function clusterAccess(
  context: string,
  cluster: Found<ClusterEntry>,
  user: Found<UserEntry>,
  { readFile, environment }: AccessOptions,
): Promise<ClusterAccess> {
  refuseUnsupportedCluster(context, cluster)
  refuseUnsupportedUser(context, user.value)
  const ca = await material(cluster, 'certificate-authority', readFile)
  if (ca !== undefined) assertPem(context, 'certificate-authority', () => new X509Certificate(ca))
  const server = serverUrl(context, cluster.value.server)
  const proxy = proxyUrl(context, cluster.value['proxy-url'])
  const serverName = cluster.value['tls-server-name'] || undefined
  const credential =
    (await ownCredential(context, user, readFile)) ??
    execCredential(context, user, { server, ca, serverName, proxy }, environment)
  if (credential === undefined) throw noCredential(context)
  return { context, server, ca, serverName, proxy, credential }
}

/** A certificate, a token or a token file; they go before a plugin, as in client-go. */
async function ownCredential(
  context: string,
  user: Found<UserEntry>,
  readFile: Reader,
): Promise<CredentialSource | undefined> {
  const cert = await material(user, 'client-certificate', readFile)
  const key = await material(user, 'client-key', readFile)
  const token = tokenSource(user, readFile)
  if ((cert === undefined) !== (key === undefined)) {
    throw new Fault('ERR_KUBECONFIG', `Context "${context}" has a client certificate or key without the other.`)
  }
  if (cert === undefined && token === undefined) return undefined
  const certificate = cert === undefined || key === undefined ? undefined : { cert, key }
  if (certificate !== undefined) {
    assertPem(context, 'client-certificate', () => new X509Certificate(certificate.cert))
    assertPem(context, 'client-key', () => createPrivateKey(certificate.key))
  }
  return credentialFrom(async () => ({
    ...(certificate === undefined ? {} : { certificate }),
    ...(token === undefined ? {} : { token: await token() }),
  }))
}

type Way = Pick<ClusterAccess, 'server' | 'ca' | 'serverName' | 'proxy'>

function execCredential(
  context: string,
  user: Found<UserEntry>,
  { server, ca, serverName, proxy }: Way,
  environment: Readonly<Record<string, string>>,
): CredentialSource | undefined {
  const { exec } = user.value
  if (exec === undefined) return undefined
  const isPath = exec.command.includes('/')
  return pluginCredential({
    context,
    exec,
    command: isPath ? user.resolve(exec.command) : exec.command,
    cluster: {
      server: server.href,
      ...(serverName === undefined ? {} : { 'tls-server-name': serverName }),
      ...(ca === undefined ? {} : { 'certificate-authority-data': Buffer.from(ca).toString('base64') }),
      ...(proxy === undefined ? {} : { 'proxy-url': proxy.href }),
    },
    environment,
    now: Date.now,
  })
}

function refuseUnsupportedCluster(context: string, { value }: Found<ClusterEntry>): void {
  if (value['insecure-skip-tls-verify']) {
    throw new Fault('ERR_KUBECONFIG', `Context "${context}" sets insecure-skip-tls-verify, which is not accepted.`, {
      advice:
        'Give the cluster its certificate-authority instead, so that the credential reaches only the real server.',
    })
  }
}

function refuseUnsupportedUser(context: string, user: UserEntry): void {
  const refuse = (kind: string, advice: string) =>
    new Fault('ERR_UPSTREAM_CREDENTIAL', `Context "${context}" logs in ${kind}, which is not supported yet.`, {
      advice,
    })
  const other = 'Choose a context with a client certificate, a token, a tokenFile or an exec plugin.'
  const provider = user['auth-provider']
  if (provider !== undefined) throw refuse(`with the auth-provider "${provider.name}"`, other)
  if (user.username !== '' || user.password !== '') throw refuse('with a user name and password', other)
  if (user.as !== '') throw refuse('by impersonation (as)', 'Choose a context without "as".')
}

function noCredential(context: string): Fault {
  return new Fault('ERR_UPSTREAM_CREDENTIAL', `Context "${context}" has no credential.`, {
    advice: 'Its user needs a client certificate, a token, a tokenFile or an exec plugin.',
  })
}

function serverUrl(context: string, text: string): URL {
  const url = URL.parse(text)
  const plain = url !== null && url.username === '' && url.password === '' && url.search === '' && url.hash === ''
  if (plain && url.protocol === 'https:') return url
  throw new Fault('ERR_KUBECONFIG', `The server of context "${context}" is not a plain https:// URL.`, {
    advice: 'Correct "server" of its cluster in the kubeconfig.',
  })
}

type MaterialKey<T> = Extract<keyof T, 'certificate-authority' | 'client-certificate' | 'client-key'>

/** Inline data wins over a file, as in client-go. */
async function material<T extends ClusterEntry | UserEntry>(
  entry: Found<T>,
  key: MaterialKey<T>,
  readFile: Reader,
): Promise<string | undefined> {
  const fields = entry.value as Readonly<Record<string, unknown>>
  const data = fields[`${key}-data`]
  if (typeof data === 'string' && data !== '') return Buffer.from(data, 'base64').toString('utf8')
  const file = fields[key]
  if (typeof file !== 'string' || file === '') return undefined
  return readNamed(entry.resolve(file), key, readFile)
}

function tokenSource(user: Found<UserEntry>, readFile: Reader): (() => Promise<string>) | undefined {
  const { token, tokenFile } = user.value
  if (tokenFile !== '') {
    return async () => cleanToken(await readNamed(user.resolve(tokenFile), 'tokenFile', readFile))
  }
  if (token === '') return undefined
  return () => Promise.resolve(cleanToken(token))
}

function cleanToken(raw: string): string {
  const token = raw.trim()
  if (/^[\x21-\x7e]+$/.test(token)) return token
  throw new Fault('ERR_UPSTREAM_CREDENTIAL', 'The token of the kubeconfig is empty or holds a character no token has.')
}

async function readNamed(path: string, field: string, readFile: Reader): Promise<string> {
  try {
    return await readFile(path)
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown error'
    throw new Fault('ERR_KUBECONFIG', `The ${field} ${path} of the kubeconfig cannot be read (${code}).`, { cause })
  }
}

function assertPem(context: string, field: string, parse: () => unknown): void {
  try {
    parse()
  } catch {
    throw new Fault('ERR_KUBECONFIG', `The ${field} of context "${context}" is not a PEM text that can be read.`, {
      advice: 'Copy it again from the cluster.',
    })
  }
}
