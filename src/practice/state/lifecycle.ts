import { timestamp, type KubeObject } from './objects.ts'
import type { ObjectStore } from './served.ts'

/** Keeps an object until those it owns are gone (k8s.io/apimachinery FinalizerDeleteDependents). */
export const foregroundFinalizer = 'foregroundDeletion'

/**
 * Starts the end of an object: pods and namespaces pass through Terminating, objects with finalizers wait for them,
 * all else is gone at once. Returns the last state.
 */
export function beginRemoval(
  store: ObjectStore,
  key: string,
  object: KubeObject,
  now: Date,
  graceSeconds?: number,
): KubeObject {
  const { namespace, name, finalizers = [] } = object.metadata
  const grace = key === '/pods' ? (graceSeconds ?? 30) : 0
  const lingers = key === '/namespaces' || finalizers.length > 0 || grace > 0
  if (!lingers) return store.remove(key, namespace, name) ?? object
  if (object.metadata.deletionTimestamp !== undefined) return object
  const ending: KubeObject = {
    ...object,
    ...(key === '/namespaces' ? { status: { phase: 'Terminating' } } : {}),
    metadata: {
      ...object.metadata,
      deletionTimestamp: timestamp(new Date(now.getTime() + grace * 1000)),
      ...(key === '/pods' ? { deletionGracePeriodSeconds: grace } : {}),
    },
  }
  return store.put(key, ending)
}
