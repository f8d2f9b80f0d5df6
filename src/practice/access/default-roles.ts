import type { Fields } from '../state/objects.ts'

/** A cluster role every cluster has (k8s.io/kubernetes plugin/pkg/auth/authorizer/rbac/bootstrappolicy). */
export interface DefaultRole {
  readonly name: string
  readonly rules: readonly Fields[]
  /** `view` of `rbac.authorization.k8s.io/aggregate-to-view: "true"`: the role this one is a part of. */
  readonly partOf?: string
  /** The role is made of all that are part of it. */
  readonly aggregates?: string
}

const reading = 'get list watch'
const changing = 'create delete deletecollection patch update'

/** `rule('apps', 'deployments replicasets', 'get list')`; the core group is the empty text. */
function rule(group: string, resources: string, verbs: string): Fields {
  return { apiGroups: [group], resources: resources.split(' '), verbs: verbs.split(' ') }
}

const urls = (paths: string): Fields => ({ nonResourceURLs: paths.split(' '), verbs: ['get'] })

const health = '/healthz /livez /readyz /version /version/'

const workloads =
  'daemonsets deployments deployments/scale replicasets replicasets/scale statefulsets statefulsets/scale'

const viewRules = [
  rule('', 'configmaps endpoints persistentvolumeclaims persistentvolumeclaims/status pods', reading),
  rule('', 'replicationcontrollers replicationcontrollers/scale serviceaccounts services services/status', reading),
  rule('', 'bindings events limitranges namespaces/status pods/log pods/status', reading),
  rule('', 'replicationcontrollers/status resourcequotas resourcequotas/status', reading),
  rule('', 'namespaces', reading),
  rule('discovery.k8s.io', 'endpointslices', reading),
  rule('apps', `controllerrevisions ${workloads}`, reading),
  rule('apps', 'daemonsets/status deployments/status replicasets/status statefulsets/status', reading),
  rule('autoscaling', 'horizontalpodautoscalers horizontalpodautoscalers/status', reading),
  rule('batch', 'cronjobs cronjobs/status jobs jobs/status', reading),
  rule('policy', 'poddisruptionbudgets poddisruptionbudgets/status', reading),
  rule('networking.k8s.io', 'ingresses ingresses/status networkpolicies', reading),
]

const editRules = [
  rule('', 'pods/attach pods/exec pods/portforward pods/proxy secrets services/proxy', reading),
  rule('', 'serviceaccounts', 'impersonate'),
  rule('', 'pods pods/attach pods/exec pods/portforward pods/proxy', changing),
  rule('', 'pods/eviction serviceaccounts/token', 'create'),
  rule('', 'configmaps events persistentvolumeclaims replicationcontrollers replicationcontrollers/scale', changing),
  rule('', 'secrets serviceaccounts services services/proxy', changing),
  rule('apps', `${workloads} deployments/rollback`, changing),
  rule('autoscaling', 'horizontalpodautoscalers', changing),
  rule('batch', 'cronjobs jobs', changing),
  rule('policy', 'poddisruptionbudgets', changing),
  rule('networking.k8s.io', 'ingresses networkpolicies', changing),
  rule('coordination.k8s.io', 'leases', `${changing} ${reading}`),
]

const adminRules = [
  rule('authorization.k8s.io', 'localsubjectaccessreviews', 'create'),
  rule('rbac.authorization.k8s.io', 'rolebindings roles', `${changing} ${reading}`),
]

const certificates = 'certificates.k8s.io'

const nodeRules = [
  rule('authentication.k8s.io', 'tokenreviews', 'create'),
  rule('authorization.k8s.io', 'localsubjectaccessreviews subjectaccessreviews', 'create'),
  rule('', 'services', reading),
  rule('', 'nodes', `create ${reading} patch update`),
  rule('', 'nodes/status', 'patch update'),
  rule('', 'events', 'create patch update'),
  rule('', 'pods', `${reading} create delete`),
  rule('', 'pods/status', 'patch update'),
  rule('', 'pods/eviction serviceaccounts/token', 'create'),
  rule('', 'configmaps secrets persistentvolumeclaims persistentvolumes', 'get list watch'),
  rule(certificates, 'certificatesigningrequests', `create ${reading}`),
  rule('coordination.k8s.io', 'leases', 'create delete get patch update'),
  rule('storage.k8s.io', 'csidrivers csinodes volumeattachments', reading),
]

const schedulerRules = [
  rule('', 'events', 'create patch update'),
  rule('coordination.k8s.io', 'leases', 'create get list update watch'),
  rule('', 'nodes pods replicationcontrollers services namespaces', reading),
  rule('', 'pods', 'delete get list watch'),
  rule('', 'bindings pods/binding', 'create'),
  rule('', 'pods/status', 'patch update'),
  rule('apps', 'replicasets statefulsets', reading),
  rule('policy', 'poddisruptionbudgets', reading),
  rule('', 'persistentvolumeclaims persistentvolumes', `${reading} patch update`),
  rule('storage.k8s.io', 'csidrivers csinodes csistoragecapacities storageclasses', reading),
]

const managerRules = [
  rule('', 'events', 'create patch update'),
  rule('coordination.k8s.io', 'leases', 'create get list update watch'),
  rule('', 'secrets serviceaccounts', 'create delete get update'),
  rule('', 'configmaps namespaces', 'get'),
  rule('', 'serviceaccounts/token', 'create'),
  rule('authentication.k8s.io', 'tokenreviews', 'create'),
  rule('authorization.k8s.io', 'subjectaccessreviews', 'create'),
  { apiGroups: ['*'], resources: ['*'], verbs: ['list', 'watch'] },
]

const approver = (signer: string): Fields => ({
  ...rule(certificates, 'signers', 'approve'),
  resourceNames: [`kubernetes.io/${signer}`],
})

const approvers = ['kube-apiserver-client', 'kube-apiserver-client-kubelet', 'kubelet-serving', 'legacy-unknown']

const controllerRoles: readonly DefaultRole[] = [
  {
    name: 'system:controller:clusterrole-aggregation-controller',
    rules: [rule('rbac.authorization.k8s.io', 'clusterroles', 'escalate get list patch update watch')],
  },
  {
    name: 'system:controller:deployment-controller',
    rules: [
      rule('apps', 'deployments', 'get list update watch'),
      rule('apps', 'deployments/status deployments/finalizers', 'update'),
      rule('apps', 'replicasets', 'create delete get list patch update watch'),
      rule('', 'pods', 'get list update watch'),
      rule('', 'events', 'create patch update'),
    ],
  },
  {
    name: 'system:controller:replicaset-controller',
    rules: [
      rule('apps', 'replicasets', 'get list update watch'),
      rule('apps', 'replicasets/status replicasets/finalizers', 'update'),
      rule('', 'pods', 'create delete list patch watch'),
      rule('', 'events', 'create patch update'),
    ],
  },
  {
    name: 'system:controller:job-controller',
    rules: [
      rule('batch', 'jobs', 'get list patch update watch'),
      rule('batch', 'jobs/status jobs/finalizers', 'update'),
      rule('', 'pods', 'create delete list patch watch'),
      rule('', 'events', 'create patch update'),
    ],
  },
  {
    name: 'system:controller:namespace-controller',
    rules: [
      rule('', 'namespaces', 'delete get list watch'),
      rule('', 'namespaces/finalize namespaces/status', 'update'),
      { apiGroups: ['*'], resources: ['*'], verbs: ['delete', 'deletecollection', 'get', 'list'] },
    ],
  },
  {
    name: 'system:controller:generic-garbage-collector',
    rules: [
      rule('', 'events', 'create patch update'),
      { apiGroups: ['*'], resources: ['*'], verbs: ['delete', 'get', 'list', 'patch', 'update', 'watch'] },
    ],
  },
]

export const defaultRoles: readonly DefaultRole[] = [
  {
    name: 'cluster-admin',
    rules: [rule('*', '*', '*'), { nonResourceURLs: ['*'], verbs: ['*'] }],
  },
  { name: 'admin', rules: [], aggregates: 'admin' },
  { name: 'edit', rules: [], aggregates: 'edit', partOf: 'admin' },
  { name: 'view', rules: [], aggregates: 'view', partOf: 'edit' },
  { name: 'system:aggregate-to-admin', rules: adminRules, partOf: 'admin' },
  { name: 'system:aggregate-to-edit', rules: editRules, partOf: 'edit' },
  { name: 'system:aggregate-to-view', rules: viewRules, partOf: 'view' },
  {
    name: 'system:auth-delegator',
    rules: [
      rule('authentication.k8s.io', 'tokenreviews', 'create'),
      rule('authorization.k8s.io', 'subjectaccessreviews', 'create'),
    ],
  },
  {
    name: 'system:basic-user',
    rules: [
      rule('authorization.k8s.io', 'selfsubjectaccessreviews selfsubjectrulesreviews', 'create'),
      rule('authentication.k8s.io', 'selfsubjectreviews', 'create'),
    ],
  },
  ...approvers.map((signer) => ({
    name: `system:certificates.k8s.io:${signer}-approver`,
    rules: [approver(signer)],
  })),
  { name: 'system:discovery', rules: [urls(`/api /api/* /apis /apis/* /openapi /openapi/* ${health}`)] },
  { name: 'system:kube-controller-manager', rules: managerRules },
  { name: 'system:kube-dns', rules: [rule('', 'endpoints services', 'list watch')] },
  { name: 'system:kube-scheduler', rules: schedulerRules },
  {
    name: 'system:kubelet-api-admin',
    rules: [
      rule('', 'nodes', 'get list watch proxy'),
      rule('', 'nodes/log nodes/metrics nodes/proxy nodes/stats', '*'),
    ],
  },
  {
    name: 'system:monitoring',
    rules: [urls('/healthz /healthz/* /livez /livez/* /metrics /metrics/slis /readyz /readyz/*')],
  },
  { name: 'system:node', rules: nodeRules },
  { name: 'system:node-bootstrapper', rules: [rule(certificates, 'certificatesigningrequests', `create ${reading}`)] },
  {
    name: 'system:node-proxier',
    rules: [
      rule('', 'endpoints services', 'list watch'),
      rule('', 'nodes', 'get list watch'),
      rule('', 'events', 'create patch update'),
      rule('discovery.k8s.io', 'endpointslices', 'list watch'),
    ],
  },
  { name: 'system:public-info-viewer', rules: [urls(health)] },
  {
    name: 'system:service-account-issuer-discovery',
    rules: [
      urls('/.well-known/openid-configuration /.well-known/openid-configuration/ /openid/v1/jwks /openid/v1/jwks/'),
    ],
  },
  ...controllerRoles,
]

const group = (name: string): Fields => ({ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name })
const user = (name: string): Fields => ({ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name })

const controllerAccount = (role: string): Fields => ({
  kind: 'ServiceAccount',
  name: role.slice('system:controller:'.length),
  namespace: 'kube-system',
})

/** Cluster role bindings every cluster has: subjects by the name of role and binding. */
export const defaultBindings: readonly (readonly [role: string, subjects: readonly Fields[]])[] = [
  ['cluster-admin', [group('system:masters')]],
  ['system:basic-user', [group('system:authenticated')]],
  ['system:discovery', [group('system:authenticated')]],
  ['system:kube-controller-manager', [user('system:kube-controller-manager')]],
  ['system:kube-dns', [{ kind: 'ServiceAccount', name: 'kube-dns', namespace: 'kube-system' }]],
  ['system:kube-scheduler', [user('system:kube-scheduler')]],
  ['system:monitoring', [group('system:monitoring')]],
  ['system:node', [group('system:nodes')]],
  ['system:node-proxier', [user('system:kube-proxy')]],
  ['system:public-info-viewer', [group('system:authenticated'), group('system:unauthenticated')]],
  ['system:service-account-issuer-discovery', [group('system:serviceaccounts')]],
  ...controllerRoles.map(({ name }) => [name, [controllerAccount(name)]] as const),
]
