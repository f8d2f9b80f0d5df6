/** Kinds by apiVersion, with the `resource` or `resource/subresource` that an object of the kind is sent to. */
const groups: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  v1: {
    Binding: ['bindings', 'pods/binding'],
    ConfigMap: ['configmaps'],
    Event: ['events'],
    LimitRange: ['limitranges'],
    Namespace: ['namespaces', 'namespaces/status', 'namespaces/finalize'],
    PersistentVolumeClaim: ['persistentvolumeclaims', 'persistentvolumeclaims/status'],
    Pod: ['pods', 'pods/status', 'pods/ephemeralcontainers', 'pods/resize'],
    ResourceQuota: ['resourcequotas', 'resourcequotas/status'],
    Secret: ['secrets'],
    Service: ['services', 'services/status'],
    ServiceAccount: ['serviceaccounts'],
  },
  'apps/v1': {
    DaemonSet: ['daemonsets', 'daemonsets/status'],
    Deployment: ['deployments', 'deployments/status'],
    ReplicaSet: ['replicasets', 'replicasets/status'],
    StatefulSet: ['statefulsets', 'statefulsets/status'],
  },
  'authentication.k8s.io/v1': {
    SelfSubjectReview: ['selfsubjectreviews'],
    TokenRequest: ['serviceaccounts/token'],
    TokenReview: ['tokenreviews'],
  },
  'authentication.k8s.io/v1alpha1': { SelfSubjectReview: ['selfsubjectreviews'] },
  'authentication.k8s.io/v1beta1': { SelfSubjectReview: ['selfsubjectreviews'] },
  'authorization.k8s.io/v1': {
    LocalSubjectAccessReview: ['localsubjectaccessreviews'],
    SelfSubjectAccessReview: ['selfsubjectaccessreviews'],
    SelfSubjectRulesReview: ['selfsubjectrulesreviews'],
    SubjectAccessReview: ['subjectaccessreviews'],
  },
  'batch/v1': { CronJob: ['cronjobs', 'cronjobs/status'], Job: ['jobs', 'jobs/status'] },
  'certificates.k8s.io/v1': {
    CertificateSigningRequest: [
      'certificatesigningrequests',
      'certificatesigningrequests/approval',
      'certificatesigningrequests/status',
    ],
  },
  'networking.k8s.io/v1': { Ingress: ['ingresses', 'ingresses/status'], NetworkPolicy: ['networkpolicies'] },
  'policy/v1': {
    Eviction: ['pods/eviction'],
    PodDisruptionBudget: ['poddisruptionbudgets', 'poddisruptionbudgets/status'],
  },
  'rbac.authorization.k8s.io/v1': {
    ClusterRole: ['clusterroles'],
    ClusterRoleBinding: ['clusterrolebindings'],
    Role: ['roles'],
    RoleBinding: ['rolebindings'],
  },
  'scheduling.k8s.io/v1': { PriorityClass: ['priorityclasses'] },
}
/** Subresources of core/v1 whose objects are of another group. */
const subresourcesOfCore: ReadonlySet<string> = new Set(['pods/eviction', 'serviceaccounts/token'])

/** True when there are tables for the kind. */
export function isKnownKind(apiVersion: string, kind: string): boolean {
  return resourcesOf(apiVersion, kind) !== undefined
}

/**
 * True when an object of the kind is what the path takes.
 *
 * @param groupVersion of the path, as apiVersion has it.
 * @param resource `resource` or `resource/subresource` of the path.
 */
export function isPlaceOf(apiVersion: string, kind: string, groupVersion: string, resource: string): boolean {
  const home = subresourcesOfCore.has(resource) ? 'v1' : apiVersion
  return groupVersion === home && resourcesOf(apiVersion, kind)?.includes(resource) === true
}

function resourcesOf(apiVersion: string, kind: string): readonly string[] | undefined {
  const group = Object.hasOwn(groups, apiVersion) ? groups[apiVersion] : undefined
  return group !== undefined && Object.hasOwn(group, kind) ? group[kind] : undefined
}
