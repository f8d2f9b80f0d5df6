/** Resources whose `scale` takes an autoscaling/v1 Scale; all are of apps/v1 but the last, which is of core/v1. */
const scalable = ['deployments', 'replicasets', 'statefulsets', 'replicationcontrollers']

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
  'autoscaling/v1': {
    HorizontalPodAutoscaler: ['horizontalpodautoscalers', 'horizontalpodautoscalers/status'],
    Scale: scalable.map((resource) => `${resource}/scale`),
  },
  'autoscaling/v2': { HorizontalPodAutoscaler: ['horizontalpodautoscalers', 'horizontalpodautoscalers/status'] },
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
/** Subresources whose objects are of another group than their resource, with the group of the resource. */
const homes: ReadonlyMap<string, string> = new Map([
  ['pods/eviction', 'v1'],
  ['serviceaccounts/token', 'v1'],
  ['deployments/scale', 'apps/v1'],
  ['replicasets/scale', 'apps/v1'],
  ['statefulsets/scale', 'apps/v1'],
  ['replicationcontrollers/scale', 'v1'],
])

/** The table of a kind that several versions know by one name. */
const messageNames: ReadonlyMap<string, string> = new Map([
  ['autoscaling/v1 HorizontalPodAutoscaler', 'HorizontalPodAutoscalerV1'],
])

/** Name of the table for objects of a kind. */
export function messageName(apiVersion: string, kind: string): string {
  return messageNames.get(`${apiVersion} ${kind}`) ?? kind
}

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
  const home = homes.get(resource) ?? apiVersion
  return groupVersion === home && resourcesOf(apiVersion, kind)?.includes(resource) === true
}

function resourcesOf(apiVersion: string, kind: string): readonly string[] | undefined {
  const group = Object.hasOwn(groups, apiVersion) ? groups[apiVersion] : undefined
  return group !== undefined && Object.hasOwn(group, kind) ? group[kind] : undefined
}
