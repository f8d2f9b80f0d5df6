import type { Config } from '../config/load.ts'
import type { StateFolders } from '../config/state.ts'
import type { BrokerInfo } from '../control/contract.ts'
import { isInCluster } from '../kube/in-cluster.ts'
import { loadUpstream } from '../kube/kubeconfig.ts'
import { Fault } from '../model/fault.ts'
import { plain } from '../../ui/words/plain.ts'
import { ask, canAsk } from './ask.ts'
import { flag, say, text, type Context, type Parsed } from './command.ts'
import { describeUser, fileOf, readContexts } from './contexts.ts'
import { knownClusters, rememberCluster, type KnownCluster } from './known-clusters.ts'

type Upstream = Config['upstream']

/**
 * The cluster to start a broker for. One that was never used from this state folder is shown and asked for, because a
 * current-context is easily another than one thinks; --context or --yes is an answer. Where there is no kubeconfig the
 * practice cluster is offered. Throws ERR_USAGE when nobody can be asked, or the answer is no.
 */
export async function agreeToStart(
  context: Context,
  config: Config,
  parsed: Parsed,
  folders: StateFolders,
): Promise<Upstream> {
  const { upstream } = config
  if (upstream.kind === 'practice') return upstream
  const contexts = await readContexts(upstream.paths)
  const { variables } = context.environment
  const isBare = contexts.names.length === 0 && text(parsed, 'kubeconfig') === undefined
  if (isBare && !isInCluster(variables)) return offerPractice(context, upstream)
  const loaded = await loadUpstream({
    kubeconfigPaths: upstream.paths,
    environment: variables,
    ...(upstream.context === undefined ? {} : { context: upstream.context }),
  })
  await loaded.close()
  const cluster: KnownCluster = {
    kubeconfig: fileOf(contexts, loaded.context),
    context: loaded.context,
    server: loaded.server,
    identity: loaded.identity,
  }
  const known = await knownClusters(folders.root)
  if (known.some((one) => sameCluster(one, cluster))) return upstream
  const was = known.find((one) => one.context === cluster.context && one.kubeconfig === cluster.kubeconfig)
  const changed = was === undefined ? undefined : otherCluster(was, cluster)
  if (flag(parsed, 'yes') || upstream.context !== undefined) {
    if (changed !== undefined) say(context, changed)
  } else {
    await demandYes(context, {
      ...cluster,
      title: changed ?? firstUse,
      user: describeUser(contexts, cluster.context),
      policy: config.policyFiles.join(', ') || 'built-in',
      mode: 'local',
    })
  }
  await rememberCluster(folders.root, cluster)
  return upstream
}

/** The same question before joining a broker that already runs, for a cluster that nobody here has agreed to. */
export async function agreeToJoin(
  context: Context,
  info: BrokerInfo,
  parsed: Parsed,
  folders: StateFolders,
): Promise<void> {
  if (info.practice || flag(parsed, 'yes') || text(parsed, 'context') !== undefined) return
  const known = await knownClusters(folders.root)
  if (known.some((one) => one.context === info.context && one.identity === info.identity)) return
  await demandYes(context, {
    kubeconfig: `the broker that runs in ${folders.root}`,
    context: info.context,
    server: info.server,
    title: firstUse,
    user: 'kept by that broker',
    policy: info.policy.name,
    mode: info.mode,
  })
  await rememberCluster(folders.root, {
    kubeconfig: '',
    context: info.context,
    server: info.server,
    identity: info.identity,
  })
}

const firstUse = 'This cluster has not been used from here before.'

interface Shown {
  readonly title: string
  readonly kubeconfig: string
  readonly context: string
  readonly server: string
  readonly user: string
  readonly policy: string
  readonly mode: string
}

async function demandYes(context: Context, shown: Shown): Promise<void> {
  if (!canAsk(context)) {
    const what = `The current context is ${plain(shown.context)} (${plain(shown.server)}).`
    throw new Fault('ERR_USAGE', `${shown.title} ${what}`, {
      advice: `Name it with --context ${plain(shown.context)}, or say yes with --yes.`,
    })
  }
  say(context, shown.title)
  const rows = [
    ['context', shown.context],
    ['from', shown.kubeconfig],
    ['server', shown.server],
    ['user', shown.user],
    ['policy', shown.policy],
    ['mode', shown.mode === 'local' ? 'local: the broker runs as you, on this machine' : shown.mode],
  ] as const
  for (const [name, value] of rows) context.stderr.write(`  ${name.padEnd(9)}${plain(value)}\n`)
  if (await ask(context, 'Go on with this cluster?', 'no')) return
  throw new Fault('ERR_USAGE', 'Nothing was started.', { advice: 'Choose another cluster with --context NAME.' })
}

async function offerPractice(context: Context, upstream: Upstream): Promise<Upstream> {
  const paths = upstream.kind === 'practice' ? [] : upstream.paths
  const advice = 'Name one with --kubeconfig FILE, or try the practice cluster: chaperone --practice'
  const missing = `No kubeconfig with a cluster found at ${paths.join(' or ')}.`
  if (!canAsk(context)) throw new Fault('ERR_KUBECONFIG', missing, { advice })
  if (await ask(context, 'No kubeconfig found. Try the practice cluster?', 'yes')) return { kind: 'practice' }
  throw new Fault('ERR_KUBECONFIG', 'Nothing was started.', { advice: 'Name a kubeconfig with --kubeconfig FILE.' })
}

function sameCluster(one: KnownCluster, other: KnownCluster): boolean {
  return (
    one.kubeconfig === other.kubeconfig &&
    one.context === other.context &&
    one.server === other.server &&
    one.identity === other.identity
  )
}

function otherCluster(was: KnownCluster, now: KnownCluster): string {
  const what = was.server === now.server ? 'its certificate authority is another' : `it was ${was.server} before`
  return plain(`The context ${now.context} leads to another cluster now: ${what}.`)
}
