import { randomUUID } from 'node:crypto'
import { trackUpdate } from '../apply/apply.ts'
import type { Identity } from '../apply/managers.ts'
import { alreadyExists, ApiFailure, conflict, invalid, modifiedMeanwhile, notFound, type Cause } from '../failure.ts'
import { beginRemoval, foregroundFinalizer } from '../state/lifecycle.ts'
import { sameJson, timestamp, type KubeObject } from '../state/objects.ts'
import { groupVersion, resourceKey } from '../resources/resource.ts'
import type { Route } from './route.ts'
import type { ObjectStore } from '../state/served.ts'
import { checkMetadata } from './metadata.ts'

/** What all writes of one request share. */
export interface Write {
  readonly store: ObjectStore
  readonly route: Route
  readonly now: Date
  readonly dryRun: boolean
  readonly manager: string
  readonly operation: 'Update' | 'Apply'
  /** Asks the cluster's access rules about what is about to be stored; gives what is stored instead. */
  admit(object: KubeObject, old?: KubeObject): KubeObject
}

export function createObject(incoming: KubeObject, write: Write): KubeObject {
  const { store, route, now, dryRun } = write
  const { resource, namespace } = route
  if (incoming.metadata.resourceVersion !== '') {
    throw new ApiFailure(400, 'BadRequest', 'resourceVersion should not be set on objects to be created')
  }
  checkNamespaceExists(incoming.metadata.name, write)
  checkMetadata(incoming, route)
  const { name } = incoming.metadata
  if (store.get(resourceKey(resource), namespace, name) !== undefined) throw alreadyExists(resource, name)
  const { deletionTimestamp: _deletion, ...given } = incoming.metadata
  const metadata = {
    ...given,
    uid: randomUUID(),
    creationTimestamp: timestamp(now),
    ...(resource.generations ? { generation: 1 } : {}),
  }
  const withoutStatus = resource.subresources.some((one) => one.name === 'status') ? { status: undefined } : {}
  const object = resource.complete(clean({ ...incoming, ...withoutStatus, metadata }), now)
  const causes = resource.validate(object)
  if (causes.length > 0) throw invalid(resource, name, causes)
  const managed = withManager(undefined, write.admit(object), write)
  checkSize(managed)
  return dryRun ? managed : store.put(resourceKey(resource), managed)
}

/** Bytes of one object that the store of a real cluster takes (etcd --max-request-bytes). */
const objectLimitBytes = 1.5 * 1024 * 1024

function checkSize(object: KubeObject): void {
  if (Buffer.byteLength(JSON.stringify(object)) <= objectLimitBytes) return
  throw new ApiFailure(413, 'RequestEntityTooLarge', 'etcdserver: request is too large')
}

/** The namespace lifecycle's admission (k8s.io/apiserver pkg/admission/plugin/namespace/lifecycle). */
function checkNamespaceExists(name: string, { store, route: { resource, namespace } }: Write): void {
  if (namespace === undefined) return
  const found = store.get('/namespaces', undefined, namespace)
  if (found === undefined) throw notFound({ group: '', plural: 'namespaces', kind: 'Namespace' }, namespace)
  if (found.metadata.deletionTimestamp === undefined) return
  const { group, plural } = resource
  const why = `unable to create new content in namespace ${namespace} because it is being terminated`
  const message = `namespace ${namespace} is being terminated`
  throw new ApiFailure(
    403,
    'Forbidden',
    `${group === '' ? plural : `${plural}.${group}`} "${name}" is forbidden: ${why}`,
    {
      name,
      ...(group === '' ? {} : { group }),
      kind: plural,
      causes: [{ reason: 'NamespaceTerminating', message, field: 'metadata.namespace' }],
    },
  )
}

/** Replaces the stored object; `status` changes only through the status subresource, all else only without it. */
export function updateObject(stored: KubeObject, incoming: KubeObject, write: Write): KubeObject {
  const { store, route, now, dryRun } = write
  const { resource } = route
  checkPreconditions(stored, incoming, write)
  const merged =
    route.subresource === 'status' ? { ...stored, status: incoming['status'] } : mainUpdate(stored, incoming, write)
  const object = resource.complete(clean(merged), now)
  checkMetadata(object, route)
  const causes = [...newFinalizers(stored, object), ...resource.validate(object, stored)]
  if (causes.length > 0) throw invalid(resource, stored.metadata.name, causes)
  const counted = withGeneration(stored, object, resource.generations)
  if (sameJson(comparable(stored), comparable(counted)) && sameManagers(stored, counted)) return stored
  const managed = withManager(stored, write.admit(counted, stored), write)
  if (dryRun) return managed
  const { finalizers = [], deletionTimestamp } = managed.metadata
  const put = store.put(resourceKey(resource), managed)
  return deletionTimestamp !== undefined && finalizers.length === 0 && (stored.metadata.finalizers ?? []).length > 0
    ? (store.remove(resourceKey(resource), put.metadata.namespace, put.metadata.name) ?? put)
    : put
}

function checkPreconditions(stored: KubeObject, incoming: KubeObject, { route }: Write): void {
  const { uid, resourceVersion, name } = incoming.metadata
  if (name !== stored.metadata.name) {
    throw new ApiFailure(
      400,
      'BadRequest',
      `the name of the object (${name}) does not match the name on the URL (${route.name})`,
    )
  }
  if (uid !== '' && uid !== stored.metadata.uid) {
    const why = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${stored.metadata.uid}`
    throw conflict(route.resource, name, why)
  }
  if (resourceVersion !== '' && resourceVersion !== stored.metadata.resourceVersion) {
    throw conflict(route.resource, name, modifiedMeanwhile)
  }
}

function mainUpdate(stored: KubeObject, incoming: KubeObject, { route }: Write): KubeObject {
  const { uid, resourceVersion, creationTimestamp, deletionTimestamp, deletionGracePeriodSeconds, generation } =
    stored.metadata
  const kept = { uid, resourceVersion, creationTimestamp, deletionTimestamp, deletionGracePeriodSeconds, generation }
  const defined = Object.fromEntries(Object.entries(kept).filter(([, value]) => value !== undefined))
  const hasStatus = route.resource.subresources.some((one) => one.name === 'status')
  return {
    ...incoming,
    ...(hasStatus ? { status: stored['status'] } : {}),
    metadata: { ...incoming.metadata, ...defined, uid, resourceVersion, creationTimestamp },
  }
}

function withGeneration(stored: KubeObject, object: KubeObject, counts: boolean): KubeObject {
  if (!counts || sameJson(stored['spec'], object['spec'])) return object
  return { ...object, metadata: { ...object.metadata, generation: (stored.metadata.generation ?? 1) + 1 } }
}

/** Of what is on its way out, finalizers are only taken away. */
function newFinalizers(stored: KubeObject, object: KubeObject): Cause[] {
  const { deletionTimestamp, finalizers: before = [] } = stored.metadata
  const added = (object.metadata.finalizers ?? []).filter((one) => !before.includes(one))
  if (deletionTimestamp === undefined || added.length === 0) return []
  const list = `[]string{${added.map((one) => JSON.stringify(one)).join(', ')}}`
  const message = `Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers ${list}`
  return [{ reason: 'FieldValueForbidden', field: 'metadata.finalizers', message }]
}

/** A write that says nothing of managers leaves them as they are. */
function sameManagers(stored: KubeObject, object: KubeObject): boolean {
  const { managedFields } = object.metadata
  return managedFields === undefined || sameJson(managedFields, stored.metadata.managedFields)
}

function comparable({ metadata: { managedFields: _managed, ...metadata }, ...object }: KubeObject) {
  return { ...object, metadata }
}

/** A copy of its own without undefined members. */
function clean(object: KubeObject): KubeObject {
  return JSON.parse(JSON.stringify(object)) as KubeObject
}

/** Who writes, as managedFields names it. */
export function identityOf({ manager, operation, route }: Write): Identity {
  return { manager, operation, apiVersion: groupVersion(route.resource), subresource: route.subresource }
}

function withManager(before: KubeObject | undefined, after: KubeObject, write: Write): KubeObject {
  if (write.operation === 'Apply') return after
  return trackUpdate(before, after, identityOf(write), write.now, write.route.resource.schema)
}

const protectedNamespaces: ReadonlySet<string> = new Set(['default', 'kube-system', 'kube-public'])

export interface DeleteOptions {
  readonly graceSeconds?: number
  /** The object goes after those it owns. */
  readonly foreground: boolean
  readonly orphan: boolean
  readonly uid?: string
  readonly resourceVersion?: string
}

/** Deletes one object with its preconditions; returns its last state. */
export function deleteObject(stored: KubeObject, options: DeleteOptions, write: Write): KubeObject {
  const { store, route, now, dryRun } = write
  const { uid, resourceVersion, name } = stored.metadata
  if (options.uid !== undefined && options.uid !== uid) {
    throw conflict(
      route.resource,
      name,
      `Precondition failed: UID in precondition: ${options.uid}, UID in object meta: ${uid}`,
    )
  }
  if (options.resourceVersion !== undefined && options.resourceVersion !== resourceVersion) {
    const versions = `${options.resourceVersion}, ResourceVersion in object meta: ${resourceVersion}`
    throw conflict(route.resource, name, `Precondition failed: ResourceVersion in precondition: ${versions}`)
  }
  if (resourceKey(route.resource) === '/namespaces' && protectedNamespaces.has(name)) {
    const details = { name, kind: 'namespaces' }
    throw new ApiFailure(
      403,
      'Forbidden',
      `namespaces "${name}" is forbidden: this namespace may not be deleted`,
      details,
    )
  }
  if (dryRun) return stored
  if (options.orphan) orphan(store, uid)
  const object = options.foreground ? withFinalizer(stored, foregroundFinalizer) : stored
  return beginRemoval(store, resourceKey(route.resource), object, now, options.graceSeconds)
}

function withFinalizer(object: KubeObject, finalizer: string): KubeObject {
  const { finalizers = [] } = object.metadata
  if (finalizers.includes(finalizer)) return object
  return { ...object, metadata: { ...object.metadata, finalizers: [...finalizers, finalizer] } }
}

function orphan(store: ObjectStore, uid: string): void {
  for (const [key, object] of store.ownedBy(uid)) {
    const { ownerReferences = [] } = object.metadata
    const others = ownerReferences.filter((reference) => reference.uid !== uid)
    if (others.length < ownerReferences.length) {
      store.put(key, { ...object, metadata: { ...object.metadata, ownerReferences: others } })
    }
  }
}
