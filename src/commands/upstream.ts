import { stringify } from 'yaml'
import { plain } from '../../ui/words/plain.ts'
import { loadConfig, type Config } from '../config/load.ts'
import { loadUpstream } from '../kube/kubeconfig.ts'
import { examineRights, neededRights, type Right, type RightsNeed } from '../kube/rights.ts'
import { Fault } from '../model/fault.ts'
import { actingKeys } from '../proxy/acting.ts'
import { exitCode, flag, list, printJson, text, type Command, type Context } from './command.ts'
import { configFlags, stateHelp, stateOption } from './shared-options.ts'

const roleName = 'chaperone-broker'
/** What Kubernetes itself says of a service account's token (k8s.io/apiserver pkg/authentication/serviceaccount). */
const accountKeys = ['credential-id', 'node-name', 'node-uid', 'pod-name', 'pod-uid'].map(
  (key) => `authentication.kubernetes.io/${key}`,
)

export const command: Command = {
  name: 'upstream',
  summary: 'Check what the cluster credential may do, and print the RBAC it needs.',
  usage: 'chaperone upstream check [--json] [OPTIONS] | rbac [--subject NAME] [OPTIONS]',
  help: `Asks the cluster what the broker's own credential may do; changes nothing. With
upstream.impersonate: true in the configuration the cluster acts for each caller
by the caller's own rights, and the credential needs no right but that. Without,
it needs all that policy lets anybody do. Exits 1 when it lacks something, or may
do what it does not need.

Options
  --json               machine-readable
  --group NAME         a group that callers may have, may be repeated; without, the credential
                       needs to act for any group, and so for system:masters
  --subject NAME       whom to bind the role to, as the cluster calls it (rbac); default: the
                       user of the credential
  --config FILE        configuration; default $XDG_CONFIG_HOME/chaperone/chaperone.yaml
  --kubeconfig FILE    kubeconfig that holds the cluster credential
  --context NAME       context of that kubeconfig; default its current-context
${stateHelp}

Examples
  chaperone upstream check --context staging --group developers --group ci:shop
  chaperone upstream rbac --subject system:serviceaccount:infra:broker | less`,
  options: {
    ...stateOption,
    config: { type: 'string' },
    kubeconfig: { type: 'string' },
    context: { type: 'string' },
    json: { type: 'boolean' },
    subject: { type: 'string' },
    group: { type: 'string', multiple: true },
  },
  run: async (context, parsed) => {
    const [order = 'check'] = parsed.positionals
    if (order !== 'check' && order !== 'rbac') {
      throw new Fault('ERR_USAGE', 'Say what to do: check, or rbac.')
    }
    const config = await loadConfig(configFlags(parsed), context.environment)
    const need = needOf(config, list(parsed, 'group'))
    const subject = text(parsed, 'subject')
    if (order === 'rbac' && subject !== undefined) return printRoles(context, need, subject)
    const report = await examine(context, config, need)
    if (order === 'rbac') return printRoles(context, need, report.user)
    const { user, missing, excess } = report
    if (flag(parsed, 'json')) printJson(context, report)
    else {
      context.stdout.write(
        plain(`credential  ${user === '' ? 'of a user that the cluster does not name' : user}`) + '\n',
      )
      for (const right of missing) context.stdout.write(`lacks       ${wordsOf(right)}\n`)
      for (const right of excess) context.stdout.write(`too much    ${wordsOf(right)}\n`)
      context.stdout.write(`${conclusion(need, missing, excess)}\n`)
    }
    return missing.length + excess.length === 0 ? exitCode.ok : exitCode.failed
  },
}

async function examine(context: Context, { upstream }: Config, need: RightsNeed) {
  if (upstream.kind === 'practice') throw new Fault('ERR_USAGE', 'The practice cluster brings its own credential.')
  const loaded = await loadUpstream({
    kubeconfigPaths: upstream.paths,
    environment: context.environment.variables,
    ...(upstream.context === undefined ? {} : { context: upstream.context }),
  })
  try {
    return await examineRights(loaded, need)
  } finally {
    await loaded.close()
  }
}

function needOf({ impersonate, identity }: Config, groups: readonly string[]): RightsNeed {
  const keys = (identity?.jwt ?? []).flatMap(({ claimMappings }) => claimMappings.extra.map(({ key }) => key))
  const tokenReview = identity?.tokenReview !== undefined
  const extraKeys = [...new Set([...actingKeys, ...keys, ...(tokenReview ? accountKeys : [])])]
  return { impersonate, tokenReview, groups, extraKeys }
}

function wordsOf({ verb, apiGroup, resource, name }: Right): string {
  const what = apiGroup === '' ? resource : `${resource} of ${apiGroup}`
  if (verb === '*') return 'everything'
  return `${verb} ${what}${name === undefined ? '' : ` ${name}`}`
}

function conclusion(need: RightsNeed, missing: readonly Right[], excess: readonly Right[]): string {
  if (missing.length + excess.length === 0) return 'It may do what the broker needs, and nothing more was found.'
  if (!need.impersonate && excess.length > 0) {
    return 'Policy alone stands before the cluster. Let the cluster check each caller as well: upstream.impersonate: true.'
  }
  return 'See `chaperone upstream rbac` for what it needs, and no more.'
}

/** Prints a ClusterRole and its binding. Throws ERR_USAGE where there is nothing to grant or nobody to grant it to. */
function printRoles(context: Context, need: RightsNeed, subject: string): number {
  const rights = neededRights(need)
  if (rights.length === 0) {
    throw new Fault(
      'ERR_USAGE',
      'Without upstream.impersonate the credential needs all that policy allows to anybody.',
      {
        advice: 'Bind it to a role like edit, or set upstream.impersonate: true in the configuration.',
      },
    )
  }
  if (subject === '') {
    throw new Fault('ERR_USAGE', 'The cluster does not say whose credential this is.', {
      advice: 'Name it: --subject NAME',
    })
  }
  const apiGroup = 'rbac.authorization.k8s.io'
  const apiVersion = `${apiGroup}/v1`
  const role = { apiVersion, kind: 'ClusterRole', metadata: { name: roleName }, rules: rulesOf(rights) }
  const binding = {
    apiVersion,
    kind: 'ClusterRoleBinding',
    metadata: { name: roleName },
    roleRef: { apiGroup, kind: 'ClusterRole', name: roleName },
    subjects: [subjectOf(subject, apiGroup)],
  }
  const anyGroup = need.groups.length === 0 ? ', and for every group, system:masters too: name yours with --group' : ''
  const warning = need.impersonate ? `# Whoever holds this credential may act for every user${anyGroup}.\n` : ''
  context.stdout.write(`${warning}${stringify(role)}---\n${stringify(binding)}`)
  return exitCode.ok
}

function rulesOf(rights: readonly Right[]): readonly object[] {
  const grouped = Map.groupBy(rights, ({ verb, apiGroup, name }) =>
    [verb, apiGroup, name === undefined ? '' : 'named'].join(' '),
  )
  return Array.from(grouped.values(), (same) => ({
    apiGroups: [same[0]?.apiGroup],
    resources: [...new Set(same.map(({ resource }) => resource))],
    ...(same[0]?.name === undefined ? {} : { resourceNames: same.map(({ name }) => name) }),
    verbs: [same[0]?.verb],
  }))
}

function subjectOf(name: string, apiGroup: string): object {
  const [, namespace, account] = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(name) ?? []
  return account === undefined ? { kind: 'User', name, apiGroup } : { kind: 'ServiceAccount', name: account, namespace }
}
