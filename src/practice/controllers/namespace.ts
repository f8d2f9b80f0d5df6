import { beginRemoval } from '../state/lifecycle.ts'
import { isOwnedBy, timestamp, type KubeObject } from '../state/objects.ts'
import type { World } from './world.ts'

const metadata = (name: string, namespace: string, now: Date) => ({
  name,
  namespace,
  uid: '',
  resourceVersion: '',
  creationTimestamp: timestamp(now),
})

/** What every namespace has: the default service account and the cluster's CA. */
export function furnish({ store, now }: World, { metadata: { name } }: KubeObject): void {
  if (store.get('/serviceaccounts', name, 'default') === undefined) {
    store.put('/serviceaccounts', {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: metadata('default', name, now()),
    })
  }
  if (store.get('/configmaps', name, 'kube-root-ca.crt') === undefined) {
    const data = { 'ca.crt': 'The practice cluster makes a new certificate authority at every start.\n' }
    const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: metadata('kube-root-ca.crt', name, now()), data }
    store.put('/configmaps', map)
  }
}

/** Removes everything in a terminating namespace, then the namespace. */
export function empty({ store, now }: World, namespace: string): void {
  for (const [key, object] of [...store.all()]) {
    if (object.metadata.namespace === namespace) beginRemoval(store, key, object, now(), 0)
  }
  store.remove('/namespaces', undefined, namespace)
}

/** Removes what a removed object owned. */
export function collect({ store, now }: World, owner: KubeObject): void {
  for (const [key, object] of [...store.all()]) {
    if (isOwnedBy(object, owner.metadata.uid)) beginRemoval(store, key, object, now())
  }
}
