import { execFile } from 'node:child_process'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { z } from 'zod'
import { Fault } from '../model/fault.ts'
import type { Credential, CredentialSource } from './credential.ts'
import type { ExecEntry } from './kubeconfig-file.ts'

/** What the plugin may be told of the cluster (client.authentication.k8s.io/v1 Cluster). */
export interface PluginCluster {
  readonly server: string
  readonly 'tls-server-name'?: string
  readonly 'certificate-authority-data'?: string
  readonly 'proxy-url'?: string
}

export interface PluginOptions {
  readonly context: string
  readonly exec: ExecEntry
  /** The program as it is started: a relative path is resolved against the kubeconfig already. */
  readonly command: string
  readonly cluster: PluginCluster
  /** The broker's own environment; the plugin's `env` is added to it. */
  readonly environment: Readonly<Record<string, string>>
  readonly now: () => number
}

/** A plugin asks other services and may be slow; one that hangs must not hold requests for ever. */
const PLUGIN_TIMEOUT_MS = 60_000
/** Credentials are small; a plugin gone wild must not fill the memory. */
const MAX_OUTPUT_BYTES = 1024 * 1024
/** Renewed this long before it expires, so that no request is sent with one that ends on its way. */
const EARLY_MS = 10_000

const versions = ['client.authentication.k8s.io/v1', 'client.authentication.k8s.io/v1beta1']

const answer = z.object({
  apiVersion: z.string(),
  kind: z.literal('ExecCredential'),
  status: z.object({
    token: z.string().optional(),
    clientCertificateData: z.string().optional(),
    clientKeyData: z.string().optional(),
    expirationTimestamp: z.iso.datetime({ offset: true }).optional(),
  }),
})

interface Given {
  readonly credential: Credential
  readonly until: number
}

/**
 * The credential of an exec plugin (client.authentication.k8s.io/v1, client-go plugin/pkg/client/auth/exec): run once
 * for all requests that wait, kept until shortly before it expires or until it is refused.
 *
 * @throws Fault ERR_UPSTREAM_CREDENTIAL when the entry asks for what a broker without a terminal cannot give.
 */
export function pluginCredential(options: PluginOptions): CredentialSource {
  assertEntry(options)
  let given: Given | undefined
  let running: Promise<Given> | undefined
  const renew = async (): Promise<Given> => {
    try {
      return (given = await runPlugin(options))
    } finally {
      running = undefined
    }
  }
  return {
    current: async () => {
      if (given !== undefined && options.now() < given.until) return given.credential
      return (await (running ??= renew())).credential
    },
    refused: (credential) => {
      if (given?.credential === credential) given = undefined
    },
  }
}

function assertEntry({ context, exec }: PluginOptions): void {
  if (exec.command === '') throw refusal(context, 'names an exec plugin without a command', 'Correct the kubeconfig.')
  if (!versions.includes(exec.apiVersion)) {
    const problem = `uses the exec plugin "${exec.command}" with apiVersion "${exec.apiVersion}"`
    throw refusal(context, problem, `Use one of: ${versions.join(', ')}.`)
  }
  if (exec.interactiveMode === 'Always') {
    const problem = `uses the exec plugin "${exec.command}", which wants to talk with a person (interactiveMode Always)`
    throw refusal(context, problem, 'The broker has no terminal: choose a context that logs in without one.')
  }
}

async function runPlugin(options: PluginOptions): Promise<Given> {
  const { context, exec, command, environment, cluster } = options
  const spec = { ...(exec.provideClusterInfo ? { cluster } : {}), interactive: false }
  const info = JSON.stringify({ kind: 'ExecCredential', apiVersion: exec.apiVersion, spec })
  const own = Object.fromEntries((exec.env ?? []).map(({ name, value }) => [name, value]))
  const output = await run(options, command, exec.args ?? [], { ...environment, ...own, KUBERNETES_EXEC_INFO: info })
  const parsed = answer.safeParse(parse(output))
  if (!parsed.success || parsed.data.apiVersion !== exec.apiVersion) {
    throw failed(context, exec, `answered with something that is not an ExecCredential of ${exec.apiVersion}`)
  }
  const { token, clientCertificateData: cert, clientKeyData: key, expirationTimestamp } = parsed.data.status
  if ((cert === undefined) !== (key === undefined) || (token === undefined && cert === undefined)) {
    throw failed(context, exec, 'gave neither a token nor a certificate with its key')
  }
  const certificate = cert === undefined || key === undefined ? undefined : { cert, key }
  if (certificate !== undefined) assertPair(options, certificate)
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token)) {
    throw failed(context, exec, 'gave a token with a character that no token has')
  }
  return {
    credential: { ...(token === undefined ? {} : { token }), ...(certificate === undefined ? {} : { certificate }) },
    until: expirationTimestamp === undefined ? Infinity : Date.parse(expirationTimestamp) - EARLY_MS,
  }
}

function parse(output: string): unknown {
  try {
    return JSON.parse(output)
  } catch {
    return undefined
  }
}

function assertPair({ context, exec }: PluginOptions, { cert, key }: { cert: string; key: string }): void {
  let fits = false
  try {
    fits = new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))
  } catch {
    fits = false
  }
  if (!fits) throw failed(context, exec, 'gave a certificate and a key that do not belong together')
}

/** Standard output of the plugin. What it says besides is not repeated: it may quote the credential. */
function run(
  { context, exec }: PluginOptions,
  command: string,
  args: readonly string[],
  env: Record<string, string>,
): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const limits = { timeout: PLUGIN_TIMEOUT_MS, killSignal: 'SIGKILL', maxBuffer: MAX_OUTPUT_BYTES } as const
  // Node quotes what it cannot pass on (a zero byte) in the error that it throws.
  if ([command, ...args, ...Object.values(env)].some((text) => text.includes('\0'))) {
    throw failed(context, exec, 'is given a zero byte in its command, arguments or variables')
  }
  const child = execFile(command, [...args], { env, ...limits }, (failure, stdout) => {
    if (failure === null) resolve(stdout)
    else reject(notRun(context, exec, failure))
  })
  child.stdin?.on('error', () => {})
  child.stdin?.end()
  return promise
}

function notRun(context: string, exec: ExecEntry, failure: Error & { code?: unknown; killed?: boolean }): Fault {
  if (failure.code === 'ENOENT') {
    const hint = exec.installHint === '' ? '' : ` ${printable(exec.installHint)}`
    return refusal(context, `needs the exec plugin "${exec.command}", which is not installed`, `Install it.${hint}`)
  }
  if (failure.killed === true) return failed(context, exec, `did not end within ${PLUGIN_TIMEOUT_MS / 1000} s`)
  return failed(context, exec, `ended with ${typeof failure.code === 'number' ? failure.code : String(failure.code)}`)
}

const printable = (text: string) =>
  text
    .replace(/[^\x20-\x7e]+/g, ' ')
    .slice(0, 300)
    .trim()

function failed(context: string, exec: ExecEntry, problem: string): Fault {
  const sentence = `The exec plugin "${exec.command}" of context "${context}" ${problem}.`
  return new Fault('ERR_UPSTREAM_CREDENTIAL', sentence, {
    advice: `Run it by hand to see why: kubectl --context ${context} version.`,
  })
}

function refusal(context: string, problem: string, advice: string): Fault {
  return new Fault('ERR_UPSTREAM_CREDENTIAL', `Context "${context}" ${problem}.`, { advice })
}
