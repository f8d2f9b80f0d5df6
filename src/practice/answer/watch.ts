import { expired } from '../failure.ts'
import type { Fields, KubeObject } from '../state/objects.ts'
import { resourceKey } from '../resources/resource.ts'
import type { Matches } from '../state/selectors.ts'
import type { ObjectStore } from '../state/served.ts'
import type { Change, ChangeType } from '../state/store.ts'
import { renderBookmark, renderObject, type View } from './render.ts'

export interface WatchRequest {
  readonly view: View
  readonly namespace: string | undefined
  readonly matches: Matches
  /** '' and '0' begin with the present state; others resume after that revision. */
  readonly resourceVersion: string
  readonly bookmarks: boolean
  readonly sendInitialEvents: boolean
}

export interface WatchEvent {
  readonly type: ChangeType | 'BOOKMARK'
  readonly object: Fields
}

/** Marks the end of the initial events (KEP-3157). */
const initialEventsEnd = { 'k8s.io/initial-events-end': 'true' }

/**
 * Emits the events of a watch until the returned function is called. What the history no longer holds is a 410,
 * thrown before the first event.
 */
export function watch(store: ObjectStore, request: WatchRequest, emit: (event: WatchEvent) => void): () => void {
  const { view, namespace, matches } = request
  const key = resourceKey(view.resource)
  const send = sender(view, emit)
  const relevant = (change: Change) => {
    if (change.key !== key) return
    if (namespace !== undefined && change.object.metadata.namespace !== namespace) return
    const type = seenAs(change, matches)
    if (type !== undefined) send(type, type === 'DELETED' && change.type !== 'DELETED' ? left(change) : change.object)
  }
  begin(store, key, request, send, relevant)
  if (request.sendInitialEvents && request.bookmarks) {
    emit({ type: 'BOOKMARK', object: renderBookmark(String(store.revision), initialEventsEnd, view) })
  }
  return store.subscribe(relevant)
}

type Send = (type: ChangeType, object: KubeObject) => void

function sender(view: View, emit: (event: WatchEvent) => void): Send {
  let first = true
  return (type, object) => {
    emit({ type, object: renderObject(object, view, first) })
    first = false
  }
}

function begin(
  store: ObjectStore,
  key: string,
  request: WatchRequest,
  send: Send,
  relevant: (change: Change) => void,
): void {
  const { resourceVersion, namespace, matches, sendInitialEvents } = request
  if (resourceVersion === '' || resourceVersion === '0' || sendInitialEvents) {
    for (const object of store.list(key, namespace).filter(matches)) send('ADDED', object)
    return
  }
  const changes = store.changesSince(Number(resourceVersion))
  if (changes === undefined) throw expired(`too old resource version: ${resourceVersion} (${store.revision})`)
  for (const change of changes) relevant(change)
}

/** How a change looks through a selector: coming into it is ADDED, leaving it is DELETED. */
function seenAs({ type, object, old }: Change, matches: Matches): ChangeType | undefined {
  const before = old !== undefined && matches(old)
  const after = type !== 'DELETED' && matches(object)
  if (before && after) return 'MODIFIED'
  if (after) return 'ADDED'
  return before ? 'DELETED' : undefined
}

/** The object as it last matched, with the resourceVersion of the change. */
function left({ object, old = object }: Change): KubeObject {
  return { ...old, metadata: { ...old.metadata, resourceVersion: object.metadata.resourceVersion } }
}
