import { readFile as readFileFromDisk } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { Fault } from '../model/fault.ts'
import { clusterAccess, type Reader } from './access.ts'
import { inClusterConfig } from './in-cluster.ts'
import { parseKubeconfig, type Found, type Kubeconfig, type Named } from './kubeconfig-file.ts'
import type { Upstream } from './port.ts'
import { connectUpstream } from './transport.ts'

export interface UpstreamOptions {
  /** In the order of KUBECONFIG: the first file to name a thing wins. Files that do not exist are skipped, but not all. */
  readonly kubeconfigPaths: readonly string[]
  /** Absent = `current-context`. */
  readonly context?: string
  /** What exec plugins run in. */
  readonly environment: Readonly<Record<string, string>>
  /** Absent = from disk. */
  readonly readFile?: Reader
}

/**
 * The API server of a kubeconfig context (kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig); in
 * a pod without a kubeconfig, the one that its service account belongs to.
 * Nothing is connected yet: see `ping`.
 *
 * @throws Fault ERR_KUBECONFIG, ERR_UPSTREAM_CREDENTIAL.
 */
export async function loadUpstream(options: UpstreamOptions): Promise<Upstream> {
  const readFile = options.readFile ?? ((path: string) => readFileFromDisk(path, 'utf8'))
  const configs = await readAll(options, readFile)
  const contextName = options.context ?? configs.find((config) => config.currentContext !== '')?.currentContext ?? ''
  const context = find(configs, 'contexts', contextName)
  if (context === undefined) throw unknownContext(configs, contextName)
  const cluster = find(configs, 'clusters', context.value.cluster)
  const user = context.value.user === '' ? undefined : find(configs, 'users', context.value.user)
  if (cluster === undefined) throw dangling(contextName, context.path, 'cluster', context.value.cluster)
  if (user === undefined) throw dangling(contextName, context.path, 'user', context.value.user)
  return connectUpstream(
    await clusterAccess(contextName, cluster, user, { readFile, environment: options.environment }),
  )
}

type Section = 'contexts' | 'clusters' | 'users'
type Entry<S extends Section> = Kubeconfig[S][number]['value']

async function readAll(
  { kubeconfigPaths: paths, environment }: UpstreamOptions,
  readFile: Reader,
): Promise<readonly Kubeconfig[]> {
  const configs: Kubeconfig[] = []
  for (const path of paths) {
    const text = await readOne(path, readFile)
    if (text !== undefined) configs.push(parseKubeconfig(text, path))
  }
  if (configs.length > 0) return configs
  const inCluster = inClusterConfig(environment)
  if (inCluster !== undefined) return [inCluster]
  throw new Fault('ERR_KUBECONFIG', `There is no kubeconfig at ${paths.join(' or ') || 'any place'}.`, {
    advice: 'Name one with --kubeconfig, or try the practice cluster with --practice.',
  })
}

async function readOne(path: string, readFile: Reader): Promise<string | undefined> {
  try {
    return await readFile(path)
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown error'
    if (code === 'ENOENT') return undefined
    throw new Fault('ERR_KUBECONFIG', `The kubeconfig ${path} cannot be read (${code}).`, {
      advice: 'Check that it is a file you may read.',
      cause,
    })
  }
}

function find<S extends Section>(
  configs: readonly Kubeconfig[],
  section: S,
  name: string,
): Found<Entry<S>> | undefined {
  for (const config of configs) {
    const entries = config[section] as readonly Named<Entry<S>>[]
    const entry = entries.find((candidate) => candidate.name === name)
    if (entry !== undefined) {
      return { value: entry.value, path: config.path, resolve: (file) => resolve(dirname(config.path), file) }
    }
  }
  return undefined
}

function unknownContext(configs: readonly Kubeconfig[], name: string): Fault {
  const files = configs.map((config) => config.path).join(', ')
  const names = [...new Set(configs.flatMap((config) => config.contexts.map((context) => context.name)))]
  const known = `There are: ${names.join(', ')}.`
  const problem =
    name === '' ? `The kubeconfig ${files} names no current context.` : `There is no context "${name}" in ${files}.`
  const advice =
    names.length === 0
      ? 'It has no contexts at all: give another file with --kubeconfig, or try --practice.'
      : `Name one with --context. ${known}`
  return new Fault('ERR_KUBECONFIG', problem, { advice })
}

function dangling(context: string, path: string, kind: string, name: string): Fault {
  return new Fault(
    'ERR_KUBECONFIG',
    `Context "${context}" in ${path} names the ${kind} "${name}", which is not there.`,
    {
      advice: 'Correct the kubeconfig or choose another context with --context.',
    },
  )
}
