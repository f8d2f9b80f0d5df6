import { cronJobs, jobs } from './batch.ts'
import { certificateRequests } from './certificates.ts'
import { customResourceDefinitions } from './apiextensions.ts'
import {
  leases,
  limitRanges,
  namespaces,
  resourceQuotas,
  nodes,
  persistentVolumeClaims,
  persistentVolumes,
} from './cluster.ts'
import { configMaps, secrets, serviceAccounts } from './configuration.ts'
import { scalers, scalersV1 } from './autoscaling.ts'
import { events, eventsV1 } from './events.ts'
import { nodeMetrics, podMetrics } from './metrics.ts'
import { podDisruptionBudgets } from './policy.ts'
import {
  controllerRevisions,
  csiDrivers,
  csiNodes,
  csiStorageCapacities,
  ingressClasses,
  mutatingWebhooks,
  podTemplates,
  priorityClasses,
  runtimeClasses,
  storageClasses,
  validatingPolicies,
  validatingPolicyBindings,
  validatingWebhooks,
  volumeAttachments,
} from './storage.ts'
import { ingresses, networkPolicies } from './networking.ts'
import { pods } from './pods.ts'
import { clusterRoleBindings, clusterRoles, roleBindings, roles } from './rbac.ts'
import { resource, type Resource } from './resource.ts'
import { endpoints, endpointSlices, services } from './services.ts'
import { daemonSets, deployments, replicaSets, statefulSets } from './workloads.ts'

/** Resources that are questions, not objects: a create is answered and nothing is kept. */
export const questions: readonly Resource[] = [
  question('authorization.k8s.io', 'selfsubjectaccessreviews', 'SelfSubjectAccessReview'),
  question('authorization.k8s.io', 'selfsubjectrulesreviews', 'SelfSubjectRulesReview'),
  question('authorization.k8s.io', 'subjectaccessreviews', 'SubjectAccessReview'),
  { ...question('authorization.k8s.io', 'localsubjectaccessreviews', 'LocalSubjectAccessReview'), namespaced: true },
  question('authentication.k8s.io', 'selfsubjectreviews', 'SelfSubjectReview'),
  question('authentication.k8s.io', 'tokenreviews', 'TokenReview'),
]

function question(group: string, plural: string, kind: string): Resource {
  return resource({ group, plural, kind, namespaced: false, verbs: ['create'], columns: [] })
}

/** Everything the practice cluster serves, in the order of discovery. */
export const resources: readonly Resource[] = [
  ...[configMaps, endpoints, events, limitRanges, namespaces, nodes, persistentVolumeClaims, persistentVolumes, pods],
  ...[podTemplates, resourceQuotas, secrets, serviceAccounts, services],
  ...[controllerRevisions, daemonSets, deployments, replicaSets, statefulSets],
  ...[scalers, scalersV1],
  ...[cronJobs, jobs],
  ...[leases],
  ...[endpointSlices],
  eventsV1,
  ...[ingressClasses, ingresses, networkPolicies],
  runtimeClasses,
  podDisruptionBudgets,
  priorityClasses,
  ...[csiDrivers, csiNodes, csiStorageCapacities, storageClasses, volumeAttachments],
  ...[mutatingWebhooks, validatingPolicies, validatingPolicyBindings, validatingWebhooks],
  ...[nodeMetrics, podMetrics],
  certificateRequests,
  ...[clusterRoleBindings, clusterRoles, roleBindings, roles],
  ...[customResourceDefinitions],
  ...questions,
]
