import { encodeEvent } from './encode.ts'
import type { Route } from './route.ts'
import { watch, type WatchEvent } from './watch.ts'
import type { Answer, Call } from './answer.ts'
import { checkVersion, selection } from './reads.ts'
import { renderBookmark, type View } from './render.ts'

/** How long a watch lasts when the caller does not say: within the API server's 30 to 60 minutes. */
const watchSeconds = 2400

/** Time between two bookmarks of a watch (k8s.io/apiserver pkg/storage/cacher). */
const bookmarkMs = 60_000

export function watchAnswer(call: Call, route: Route, view: View): Answer {
  const { query } = view
  checkVersion(query.first('resourceVersion'))
  const byName = route.name === '' ? () => true : (name: string) => name === route.name
  const selected = selection(query, route.resource)
  const request = {
    view,
    namespace: route.namespace,
    matches: (object: Parameters<typeof selected>[0]) => byName(object.metadata.name) && selected(object),
    resourceVersion: query.first('resourceVersion'),
    bookmarks: query.flag('allowWatchBookmarks'),
    sendInitialEvents: query.flag('sendInitialEvents'),
  }
  const early: WatchEvent[] = []
  let emit = (event: WatchEvent): void => {
    early.push(event)
  }
  const stop = watch(call.store, request, (event) => emit(event))
  const seconds = query.number('timeoutSeconds') || watchSeconds
  return {
    kind: 'stream',
    contentType: view.form.as === 'Object' ? 'application/json' : formType(view),
    start: (write, end) => {
      emit = (event) => write(encodeEvent(event))
      early.forEach(emit)
      const timer = setTimeout(end, seconds * 1000)
      const bookmarks = setInterval(() => {
        if (request.bookmarks) emit({ type: 'BOOKMARK', object: renderBookmark(String(call.store.revision), {}, view) })
      }, bookmarkMs)
      return () => {
        clearTimeout(timer)
        clearInterval(bookmarks)
        stop()
      }
    },
  }
}

function formType({ form }: View): string {
  return `application/json;as=${form.as};g=meta.k8s.io;v=${form.version}`
}
