import type { Kubeconfig } from './kubeconfig-file.ts'
import { parseKubeconfig } from './kubeconfig-file.ts'

/** Where the kubelet puts the credential of a pod's service account (k8s.io/client-go rest.InClusterConfig). */
const folder = '/var/run/secrets/kubernetes.io/serviceaccount'

/** True where the kubelet has set the variables that lead a pod to its API server. */
export function isInCluster(environment: Readonly<Record<string, string>>): boolean {
  return host(environment) !== '' && (environment['KUBERNETES_SERVICE_PORT'] ?? '') !== ''
}

/**
 * A kubeconfig for a pod's own service account: context `in-cluster`. The token is read from its file for each request,
 * since the kubelet renews it. Undefined outside a cluster.
 */
export function inClusterConfig(environment: Readonly<Record<string, string>>): Kubeconfig | undefined {
  if (!isInCluster(environment)) return undefined
  const name = 'in-cluster'
  const address = host(environment)
  const server = `https://${address.includes(':') ? `[${address}]` : address}:${environment['KUBERNETES_SERVICE_PORT']}`
  const text = JSON.stringify({
    clusters: [{ name, cluster: { server, 'certificate-authority': 'ca.crt' } }],
    users: [{ name, user: { tokenFile: 'token' } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    'current-context': name,
  })
  return parseKubeconfig(text, `${folder}/kubeconfig`)
}

function host(environment: Readonly<Record<string, string>>): string {
  return environment['KUBERNETES_SERVICE_HOST'] ?? ''
}
