import { beginRemoval, foregroundFinalizer } from '../state/lifecycle.ts'
import { timestamp, type KubeObject } from '../state/objects.ts'
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

/** Removes what a removed object owned, but for what another owner keeps. */
export function collect({ store, now }: World, owner: KubeObject): void {
  for (const [key, object] of store.ownedBy(owner.metadata.uid)) beginRemoval(store, key, object, now())
}

/** Ends an object in the foreground: first those it owns, then itself. */
export function endForeground({ store, now }: World, key: string, object: KubeObject): void {
  const { uid, namespace, name } = object.metadata
  const present = store.get(key, namespace, name)
  const { finalizers = [], deletionTimestamp } = present?.metadata ?? {}
  if (present?.metadata.uid !== uid || deletionTimestamp === undefined || !finalizers.includes(foregroundFinalizer))
    return
  const dependents = store.ownedBy(uid)
  for (const [dependentKey, dependent] of dependents) {
    if (dependent.metadata.deletionTimestamp !== undefined) continue
    const own = store.ownedBy(dependent.metadata.uid).length > 0 ? [foregroundFinalizer] : []
    const marked = {
      ...dependent,
      metadata: { ...dependent.metadata, finalizers: [...(dependent.metadata.finalizers ?? []), ...own] },
    }
    beginRemoval(store, dependentKey, own.length > 0 ? marked : dependent, now())
  }
  if (dependents.length > 0) return
  const left = finalizers.filter((one) => one !== foregroundFinalizer)
  if (left.length === 0) store.remove(key, namespace, name)
  else store.put(key, { ...present, metadata: { ...present.metadata, finalizers: left } })
}
