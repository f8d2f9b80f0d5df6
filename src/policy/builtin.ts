import { secretNames } from '../model/secret-names.ts'
import type { PolicySource } from './documents.ts'

/** Where the templates of pods are, by group and resource. */
const templates = [
  ['', 'pods', 'spec'],
  ['', 'podtemplates', 'template.spec'],
  ['', 'replicationcontrollers', 'spec.template.spec'],
  ['apps', 'deployments', 'spec.template.spec'],
  ['apps', 'statefulsets', 'spec.template.spec'],
  ['apps', 'daemonsets', 'spec.template.spec'],
  ['apps', 'replicasets', 'spec.template.spec'],
  ['apps', 'controllerrevisions', 'data.spec.template.spec'],
  ['batch', 'jobs', 'spec.template.spec'],
  ['batch', 'cronjobs', 'spec.jobTemplate.spec.template.spec'],
] as const
/** Where the cluster runs or asks something in a container by itself. */
const handlers = [
  'livenessProbe',
  'readinessProbe',
  'startupProbe',
  'lifecycle.postStart',
  'lifecycle.preStop',
] as const
const words = ['env[*]', 'args', 'command', ...handlers.map((handler) => `${handler}.exec.command`)]
const headers = handlers.map((handler) => `${handler}.httpGet.httpHeaders[*]`)
const headerNames = [...secretNames, '*auth*', '*cookie*', '*session*']

/** Keys of annotations whose values are hidden. */
const marks = ['*token*', '*api-key*', '*password*']
const annotationsIn = (place: string) => marks.map((mark) => `${place}metadata.annotations[${mark}]`)
/** Annotations of what a workload makes; pods have their own. */
const annotationsOf = (place: string) =>
  place === 'spec' ? [] : annotationsIn(place.slice(0, place.lastIndexOf('spec')))

/** Values of environment variables, arguments and headers are hidden by their names. */
const workloads = templates.flatMap(([apiGroup, resource, place]) => {
  const inContainers = (parts: readonly string[]) =>
    ['containers', 'initContainers', 'ephemeralContainers'].flatMap((kind) =>
      parts.map((part) => `${place}.${kind}[*].${part}`),
    )
  const field = (paths: readonly string[], keys?: readonly string[]) =>
    `- {apiGroup: "${apiGroup}", resource: ${resource}, paths: ${JSON.stringify(paths)}${keys === undefined ? '' : `, keys: ${JSON.stringify(keys)}`}}`
  const made = [...annotationsOf(place), ...(resource === 'cronjobs' ? annotationsIn('spec.jobTemplate.') : [])]
  return [
    field(inContainers(words), secretNames),
    field(inContainers(headers), headerNames),
    ...(made.length > 0 ? [field(made)] : []),
  ]
})

/**
 * The policy that is in force when no other is given: safe and useful on the first run. Reads and everyday writes pass
 * with secrets masked, what is dear to lose asks the caller again, what widens power asks a second person.
 */
export const builtinSource: PolicySource = {
  file: 'built-in policy',
  text: `apiVersion: chaperone/v1
kind: AccessPolicy
metadata: {name: builtin}
rules:
- name: discovery
  subjects: [{group: "*"}]
  match:
    verbs: [get, head]
    nonResourceURLs: [/api, /api/*, /apis, /apis/*, /openapi, /openapi/*, /version, /version/, /healthz, /healthz/*, /livez, /livez/*, /readyz, /readyz/*]
  effect: allow
  message: Everyone may ask what the API server offers and whether it is well.

- name: own-rights
  subjects: [{group: "*"}]
  match:
    verbs: [create]
    apiGroups: [authorization.k8s.io, authentication.k8s.io]
    resources: [selfsubjectaccessreviews, selfsubjectrulesreviews, selfsubjectreviews]
  effect: allow
  message: Everyone may ask what they themselves may do.

- name: read
  subjects: [{group: "chaperone:operators"}]
  match: {verbs: [get, list, watch], apiGroups: ["*"], resources: ["*"]}
  effect: allow
  obligations: [{mask: secrets}]
  message: Operators may read everything; the values of secrets are masked.

- name: write
  subjects: [{group: "chaperone:operators"}]
  match:
    verbs: [create, update, patch]
    apiGroups: ["", apps, batch, networking.k8s.io, policy, autoscaling, events.k8s.io, coordination.k8s.io]
    resources: [pods, podtemplates, replicationcontrollers, replicationcontrollers/scale, configmaps, secrets, services, serviceaccounts,
      persistentvolumeclaims, limitranges, resourcequotas, events, deployments, deployments/scale, statefulsets, statefulsets/scale,
      daemonsets, replicasets, replicasets/scale, jobs, cronjobs, ingresses, networkpolicies, poddisruptionbudgets,
      horizontalpodautoscalers, leases]
  effect: allow
  obligations: [{mask: secrets}]
  message: Operators may change everyday objects.

- name: create-namespace
  subjects: [{group: "chaperone:operators"}]
  match: {verbs: [create], apiGroups: [""], resources: [namespaces]}
  effect: allow
  obligations: [{mask: secrets}]
  message: Operators may create namespaces.

- name: delete
  subjects: [{group: "chaperone:operators"}]
  match:
    verbs: [delete]
    apiGroups: ["", apps, batch, policy, autoscaling, events.k8s.io, coordination.k8s.io]
    resources: [pods, podtemplates, replicationcontrollers, configmaps, serviceaccounts, limitranges, resourcequotas, events,
      replicasets, jobs, cronjobs, poddisruptionbudgets, horizontalpodautoscalers, leases]
  effect: allow
  obligations: [{mask: secrets}]
  message: Operators may delete everyday objects that are easily made again.

- name: evict
  subjects: [{group: "chaperone:operators"}]
  match: {verbs: [create], apiGroups: [""], resources: [pods/eviction]}
  effect: allow
  message: Operators may evict pods.

- name: dry-run
  subjects: [{group: "chaperone:operators"}]
  match: {verbs: [create, update, patch, delete], apiGroups: ["*"], resources: ["*"], effects: [create, write]}
  when: >-
    request.dryRun && request.subresource == "" &&
    (request.apiGroup in ["", "apps", "batch", "autoscaling", "policy", "extensions"] || request.apiGroup.endsWith(".k8s.io")) &&
    !(request.apiGroup in ["authentication.k8s.io", "authorization.k8s.io"])
  effect: allow
  obligations: [{mask: secrets}]
  message: Operators may try out changes of Kubernetes' own objects with a dry run.

- name: confirm-delete
  subjects: [{group: "chaperone:operators"}]
  match:
    verbs: [delete]
    apiGroups: ["", apps, networking.k8s.io]
    resources: [deployments, statefulsets, daemonsets, services, ingresses, networkpolicies, persistentvolumeclaims, secrets]
  when: "!request.dryRun"
  effect: hold
  approval: {confirm: self, expiresAfter: 15m}
  obligations: [{mask: secrets}]
  message: Deleting this may interrupt a service or lose data, so it waits until you confirm it.

- name: confirm-namespace-change
  subjects: [{group: "chaperone:operators"}]
  match: {verbs: [update, patch], apiGroups: [""], resources: [namespaces, namespaces/finalize, namespaces/status]}
  when: "!request.dryRun"
  effect: hold
  approval: {confirm: self, expiresAfter: 15m}
  obligations: [{mask: secrets}]
  message: Labels of a namespace decide which protections hold in it, so the change waits until you confirm it.

- name: confirm-custom-resources
  subjects: [{group: "chaperone:operators"}]
  match: {verbs: [create, update, patch, delete], apiGroups: ["*"], resources: ["*"], effects: [create, write]}
  when: >-
    request.apiGroup.contains(".") && !request.apiGroup.endsWith(".k8s.io")
  effect: hold
  approval: {confirm: self, expiresAfter: 15m}
  obligations: [{mask: secrets}]
  message: Nobody can tell in advance what an operator makes of its own resources, nor whether it honours a dry run, so the change waits until you confirm it.

- name: review-access-rules
  subjects: [{group: "*"}]
  match:
    verbs: [create, update, patch, delete, deletecollection, bind, escalate]
    apiGroups: [rbac.authorization.k8s.io]
    resources: ["*"]
  when: "!request.dryRun"
  effect: hold
  approval: {reviewers: [{group: "chaperone:reviewers"}], count: 1, expiresAfter: 15m}
  obligations: [{mask: secrets}]
  message: Changes to access rules decide who may do what, so a second person has to approve them.

- name: review-api-extensions
  subjects: [{group: "*"}]
  match:
    verbs: [create, update, patch, delete, deletecollection]
    apiGroups: [apiextensions.k8s.io, admissionregistration.k8s.io, apiregistration.k8s.io]
    resources: ["*"]
  effect: hold
  approval: {reviewers: [{group: "chaperone:reviewers"}], count: 1, expiresAfter: 15m}
  obligations: [{mask: secrets}]
  message: Resource definitions, admission webhooks and API services see or change what everyone sends, so a second person has to approve them.

- name: review-cluster-settings
  subjects: [{group: "*"}]
  match:
    verbs: [create, update, patch, delete, deletecollection]
    apiGroups: [storage.k8s.io, scheduling.k8s.io, node.k8s.io, flowcontrol.apiserver.k8s.io, networking.k8s.io, resource.k8s.io]
    resources: [storageclasses, csidrivers, csinodes, volumeattachments, priorityclasses, runtimeclasses, flowschemas,
      prioritylevelconfigurations, ingressclasses, servicecidrs, ipaddresses, deviceclasses]
  effect: hold
  approval: {reviewers: [{group: "chaperone:reviewers"}], count: 1, expiresAfter: 15m}
  obligations: [{mask: secrets}]
  message: This setting holds for the whole cluster, so a second person has to approve the change.

- name: review-certificates
  subjects: [{group: "*"}]
  match:
    verbs: [create, update, patch, delete, deletecollection, approve, sign]
    apiGroups: [certificates.k8s.io]
    resources: ["*"]
  effect: hold
  approval: {reviewers: [{group: "chaperone:reviewers"}], count: 1, expiresAfter: 15m}
  obligations: [{mask: secrets}]
  message: A signed certificate opens the cluster around Chaperone, so a second person has to approve the request.

- name: review-service-account-tokens
  subjects: [{group: "*"}]
  match: {verbs: [create], apiGroups: [""], resources: [serviceaccounts/token]}
  effect: hold
  approval: {reviewers: [{group: "chaperone:reviewers"}], count: 1, expiresAfter: 15m}
  obligations: [{mask: secrets}]
  message: A service account token opens the cluster around Chaperone, so a second person has to approve it.

- name: review-service-account-token-secrets
  subjects: [{group: "*"}]
  match: {verbs: [create, update, patch], apiGroups: [""], resources: [secrets]}
  when: '"create" in request.effects && object.?type.orValue("") == "kubernetes.io/service-account-token"'
  effect: hold
  approval: {reviewers: [{group: "chaperone:reviewers"}], count: 1, expiresAfter: 15m}
  obligations: [{mask: secrets}]
  message: A secret of this type is filled with a service account token, so a second person has to approve it.

- name: review-pod-reach
  subjects: [{group: "*"}]
  match:
    verbs: [create, update, patch]
    apiGroups: ["", apps, batch]
    resources: [pods, podtemplates, replicationcontrollers, deployments, replicasets, statefulsets, daemonsets, jobs, cronjobs]
  when: "!request.dryRun && reachesBeyondPod(object)"
  effect: hold
  approval: {reviewers: [{group: "chaperone:reviewers"}], count: 1, expiresAfter: 15m}
  obligations: [{mask: secrets}]
  message: >-
    What runs in these pods gets secrets, another identity or a road to the node, and may tell what is masked here, so a
    second person has to approve it.

- name: review-namespace-delete
  subjects: [{group: "*"}]
  match: {verbs: [delete, deletecollection], apiGroups: [""], resources: [namespaces]}
  effect: hold
  approval: {reviewers: [{group: "chaperone:reviewers"}], count: 1, expiresAfter: 15m}
  obligations: [{mask: secrets}]
  message: Deleting a namespace deletes everything in it, so a second person has to approve it.

- name: review-persistent-volumes
  subjects: [{group: "*"}]
  match:
    verbs: [create, update, patch, delete, deletecollection]
    apiGroups: [""]
    resources: [persistentvolumes, persistentvolumes/status]
  effect: hold
  approval: {reviewers: [{group: "chaperone:reviewers"}], count: 1, expiresAfter: 15m}
  obligations: [{mask: secrets}]
  message: Persistent volumes hold the data itself, so a second person has to approve the change.

- name: review-delete-collection
  subjects: [{group: "*"}]
  match: {verbs: [deletecollection], apiGroups: ["*"], resources: ["*"]}
  effect: hold
  approval: {reviewers: [{group: "chaperone:reviewers"}], count: 1, expiresAfter: 15m}
  obligations: [{mask: secrets}]
  message: This deletes every object of a kind at once, so a second person has to approve it.

- name: review-nodes
  subjects: [{group: "*"}]
  match: {verbs: [create, update, patch, delete, deletecollection], apiGroups: [""], resources: [nodes, nodes/status]}
  effect: hold
  approval: {reviewers: [{group: "chaperone:reviewers"}], count: 1, expiresAfter: 15m}
  obligations: [{mask: secrets}]
  message: A change to a node moves the work of everyone on it, so a second person has to approve it.

- name: review-system-namespace
  subjects: [{group: "*"}]
  match:
    verbs: [create, update, patch, delete, deletecollection]
    apiGroups: ["*"]
    resources: ["*"]
    namespaces: [kube-system, kube-node-lease, kube-public]
  effect: hold
  approval: {reviewers: [{group: "chaperone:reviewers"}], count: 1, expiresAfter: 15m}
  obligations: [{mask: secrets}]
  message: This namespace belongs to the cluster itself, so a second person has to approve changes there.

- name: review-reveal
  subjects: [{group: "*"}]
  match: {verbs: [get], apiGroups: ["*"], resources: ["*/reveal"]}
  effect: hold
  approval: {reviewers: [{group: "chaperone:reviewers"}], count: 1, expiresAfter: 15m}
  obligations: [{mask: secrets}]
  message: This shows a masked value as it is, so a second person has to approve it.

- name: review-exec
  subjects: [{group: "*"}]
  match: {verbs: [create], apiGroups: [""], resources: [pods/exec, pods/attach, pods/portforward]}
  effect: hold
  approval: {reviewers: [{group: "chaperone:reviewers"}], count: 1, expiresAfter: 15m}
  obligations: [{mask: secrets}]
  message: Inside a container secrets can be read unmasked, so a second person has to approve the way in.

- name: review-debug-containers
  subjects: [{group: "*"}]
  match: {verbs: [create, update, patch], apiGroups: [""], resources: [pods/ephemeralcontainers]}
  effect: hold
  approval: {reviewers: [{group: "chaperone:reviewers"}], count: 1, expiresAfter: 15m}
  obligations: [{mask: secrets}]
  message: A debug container sees what its pod sees, secrets too, so a second person has to approve it.

- name: no-secret-dry-run
  subjects: [{group: "*"}]
  match: {verbs: [create, update, patch], apiGroups: [""], resources: [secrets]}
  when: request.dryRun
  effect: deny
  message: A dry run tells whether a guessed value is right and leaves no trace, so secrets have none; leave out --dry-run=server.

- name: no-exec-in-system-namespace
  subjects: [{group: "*"}]
  match: {verbs: ["*"], apiGroups: [""], resources: [pods/exec, pods/attach, pods/portforward], namespaces: [kube-system]}
  effect: deny
  message: Nobody enters the cluster's own pods through Chaperone; ask whoever runs the cluster.

- name: no-proxy
  subjects: [{group: "*"}]
  match: {verbs: ["*"], apiGroups: ["*"], resources: [nodes/proxy, pods/proxy, services/proxy]}
  effect: deny
  message: A proxied call cannot be judged, recorded or masked; use port-forward, or logs and describe.

- name: no-legacy-proxy
  subjects: [{group: "*"}]
  match: {verbs: [proxy], apiGroups: ["*"], resources: ["*"]}
  effect: deny
  message: A proxied call cannot be judged, recorded or masked; use port-forward, or logs and describe.

- name: no-impersonation
  subjects: [{group: "*"}]
  match: {verbs: [impersonate], apiGroups: ["*"], resources: ["*"]}
  effect: deny
  message: Chaperone decides by who you are, so nobody acts as someone else.
---
apiVersion: chaperone/v1
kind: MaskSet
metadata: {name: secrets}
fields:
- {apiGroup: "", resource: secrets, paths: ["data.*", "stringData.*"]}
- {apiGroup: "*", resource: "*", paths: ${JSON.stringify(annotationsIn(''))}}
${workloads.join('\n')}
- {apiGroup: "", resource: configmaps, paths: ["data.*"], detectors: [aws-access-key, private-key, jwt, bearer-token, connection-string]}
`,
}
