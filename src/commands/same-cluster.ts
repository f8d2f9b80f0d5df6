import type { Config } from '../config/load.ts'
import type { Environment } from '../config/environment.ts'
import type { BrokerInfo } from '../control/contract.ts'
import { loadUpstream } from '../kube/kubeconfig.ts'
import { Fault } from '../model/fault.ts'
import { text, type Parsed } from './command.ts'
import { readContexts } from './contexts.ts'

type ServedCluster = Pick<BrokerInfo, 'context' | 'server' | 'identity' | 'practice'>

interface Surroundings {
  readonly environment: Pick<Environment, 'variables'>
}

/**
 * Throws ERR_BROKER when a running broker serves another cluster than the one asked for. Who names no cluster means the broker
 * that runs, save that a kubeconfig never means the practice cluster. A context that is named is compared by the API server's
 * identity too: two kubeconfigs may both have a `default`, and two tunnels one address.
 */
export async function refuseOtherCluster(
  context: Surroundings,
  running: { readonly info: ServedCluster; readonly folder: string },
  config: Pick<Config, 'upstream'>,
  parsed: Parsed,
): Promise<void> {
  const { info, folder } = running
  if (await isSame(context, info, config.upstream, text(parsed, 'kubeconfig') !== undefined)) return
  const what = info.practice ? 'the practice cluster' : `${info.context} (${info.server})`
  const join = info.practice ? 'Use it with --practice, leave' : `Use it with --context ${info.context}, leave`
  throw new Fault('ERR_BROKER', `The broker in ${folder} serves ${what}, not what you ask for.`, {
    advice: `${join} its sessions first, or choose another folder with --state DIR.`,
  })
}

async function isSame(
  context: Surroundings,
  info: ServedCluster,
  asked: Config['upstream'],
  isNamedFile: boolean,
): Promise<boolean> {
  if (asked.kind === 'practice') return info.practice
  const contexts = await readContexts(asked.paths)
  const isNamed = isNamedFile || asked.context !== undefined
  if (info.practice) return !isNamed && contexts.names.length === 0
  if (!isNamed) return true
  const name = asked.context ?? contexts.current
  if (name !== info.context) return false
  // The broker may have been started with a kubeconfig that is not named here.
  if (!contexts.names.includes(name)) return true
  const upstream = await loadUpstream({
    kubeconfigPaths: asked.paths,
    context: name,
    environment: context.environment.variables,
  })
  await upstream.close()
  return upstream.identity === info.identity
}
