import type { Fields } from '../state/objects.ts'
import { serviceAccounts } from '../resources/configuration.ts'
import { clusterRoleBindings, clusterRoles, roleBindings, roles } from '../resources/rbac.ts'
import { defaultBindings, defaultRoles } from '../access/default-roles.ts'
import type { Planter } from './planter.ts'

const apiGroup = 'rbac.authorization.k8s.io'

const rule = (apiGroups: string[], resources: string[], verbs: string[]): Fields => ({ apiGroups, resources, verbs })

const reference = (kind: string, name: string): Fields => ({ apiGroup, kind, name })

const account = (namespace: string, name: string): Fields => ({ kind: 'ServiceAccount', namespace, name })

const reading = ['get', 'list', 'watch']

/** Service accounts, roles and who is bound to them. */
export function seedAccess(planter: Planter): void {
  seedAccounts(planter)
  seedDefaults(planter)
  seedClusterRoles(planter)
  seedProduction(planter)
  seedStaging(planter)
}

function seedAccounts(planter: Planter): void {
  for (const name of ['web', 'checkout', 'payments', 'search', 'deployer']) {
    planter.plant(serviceAccounts, { name, namespace: 'shop-production', days: 203 }, {})
  }
  planter.plant(serviceAccounts, { name: 'deployer', namespace: 'shop-staging', days: 203 }, {})
  planter.plant(
    serviceAccounts,
    { name: 'backup', namespace: 'data', days: 150 },
    { secrets: [{ name: 'backup-token' }] },
  )
  planter.plant(serviceAccounts, { name: 'prometheus', namespace: 'monitoring', days: 180 }, {})
}

function seedDefaults(planter: Planter): void {
  const labels = { 'kubernetes.io/bootstrapping': 'rbac-defaults' }
  const annotations = { 'rbac.authorization.kubernetes.io/autoupdate': 'true' }
  for (const { name, rules, partOf, aggregates } of defaultRoles) {
    const part = partOf === undefined ? {} : { [`rbac.authorization.k8s.io/aggregate-to-${partOf}`]: 'true' }
    const wanted = { [`rbac.authorization.k8s.io/aggregate-to-${aggregates ?? ''}`]: 'true' }
    const rule =
      aggregates === undefined ? {} : { aggregationRule: { clusterRoleSelectors: [{ matchLabels: wanted }] } }
    planter.plant(
      clusterRoles,
      { name, days: 212, labels: { ...labels, ...part }, annotations },
      { ...rule, rules: [...rules] },
    )
  }
  for (const [name, subjects] of defaultBindings) {
    const roleRef = reference('ClusterRole', name)
    planter.plant(clusterRoleBindings, { name, days: 212, labels, annotations }, { roleRef, subjects: [...subjects] })
  }
}

function seedClusterRoles(planter: Planter): void {
  planter.plant(
    clusterRoles,
    { name: 'prometheus', days: 180 },
    { rules: [rule([''], ['nodes', 'pods', 'services'], reading)] },
  )
  planter.plant(
    clusterRoleBindings,
    { name: 'platform-leads', days: 212 },
    {
      roleRef: reference('ClusterRole', 'cluster-admin'),
      subjects: [reference('Group', 'platform-leads')],
    },
  )
  planter.plant(
    clusterRoleBindings,
    { name: 'developers-view', days: 203 },
    {
      roleRef: reference('ClusterRole', 'view'),
      subjects: [reference('Group', 'developers')],
    },
  )
  planter.plant(
    clusterRoleBindings,
    { name: 'prometheus', days: 180 },
    {
      roleRef: reference('ClusterRole', 'prometheus'),
      subjects: [account('monitoring', 'prometheus')],
    },
  )
}

function seedProduction(planter: Planter): void {
  const namespace = 'shop-production'
  const deploy = [rule(['apps'], ['deployments', 'replicasets'], [...reading, 'update', 'patch'])]
  planter.plant(roles, { name: 'deployer', namespace, days: 203 }, { rules: deploy })
  planter.plant(roles, { name: 'secret-reader', namespace, days: 88 }, { rules: [rule([''], ['secrets'], ['get'])] })
  planter.plant(
    roleBindings,
    { name: 'deployer', namespace, days: 203 },
    {
      roleRef: reference('Role', 'deployer'),
      subjects: [account(namespace, 'deployer')],
    },
  )
  planter.plant(
    roleBindings,
    { name: 'on-call-secrets', namespace, days: 88 },
    {
      roleRef: reference('Role', 'secret-reader'),
      subjects: [reference('Group', 'on-call'), reference('User', 'mira@brightwater.example')],
    },
  )
}

/** Developers change what is being tried; the pipeline rolls out and nothing else. */
function seedStaging(planter: Planter): void {
  const namespace = 'shop-staging'
  planter.plant(
    roleBindings,
    { name: 'developers-edit', namespace, days: 203 },
    { roleRef: reference('ClusterRole', 'edit'), subjects: [reference('Group', 'developers')] },
  )
  const rollout = [rule(['apps'], ['deployments'], [...reading, 'patch']), rule([''], ['pods'], reading)]
  planter.plant(roles, { name: 'rollout', namespace, days: 140 }, { rules: rollout })
  planter.plant(
    roleBindings,
    { name: 'pipeline-rollout', namespace, days: 140 },
    { roleRef: reference('Role', 'rollout'), subjects: [account(namespace, 'deployer')] },
  )
}
