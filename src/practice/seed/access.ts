import type { Fields } from '../state/objects.ts'
import { serviceAccounts } from '../resources/configuration.ts'
import { clusterRoleBindings, clusterRoles, roleBindings, roles } from '../resources/rbac.ts'
import type { Planter } from './planter.ts'

const apiGroup = 'rbac.authorization.k8s.io'

const rule = (apiGroups: string[], resources: string[], verbs: string[]): Fields => ({ apiGroups, resources, verbs })

const reference = (kind: string, name: string): Fields => ({ apiGroup, kind, name })

const account = (namespace: string, name: string): Fields => ({ kind: 'ServiceAccount', namespace, name })

const reading = ['get', 'list', 'watch']
const writing = ['create', 'update', 'patch', 'delete']

/** Service accounts, roles and who is bound to them. */
export function seedAccess(planter: Planter): void {
  seedAccounts(planter)
  seedClusterRoles(planter)
  seedProduction(planter)
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

function seedClusterRoles(planter: Planter): void {
  const admin = [rule(['*'], ['*'], ['*']), { nonResourceURLs: ['*'], verbs: ['*'] }]
  planter.plant(clusterRoles, { name: 'cluster-admin', days: 212 }, { rules: admin })
  const view = [
    rule([''], ['pods', 'services', 'configmaps', 'endpoints'], reading),
    rule(['apps'], ['deployments', 'replicasets'], reading),
  ]
  planter.plant(clusterRoles, { name: 'view', days: 212 }, { rules: view })
  const edit = [...view, rule([''], ['pods', 'configmaps', 'secrets'], writing), rule(['apps'], ['*'], writing)]
  planter.plant(clusterRoles, { name: 'edit', days: 212 }, { rules: edit })
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
