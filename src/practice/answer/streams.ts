import { badRequest } from '../failure.ts'
import { formatLine, logIntervalMs, nextLine, pastLines } from './logs.ts'
import { readList, readText } from '../state/objects.ts'
import type { Route } from './route.ts'
import { watch, type WatchEvent } from './watch.ts'
import type { Answer, Call } from './answer.ts'
import { checkVersion, selection, storedObject } from './reads.ts'
import type { View } from './render.ts'

/** How long a watch lasts when the caller does not say: within the API server's 30 to 60 minutes. */
const watchSeconds = 2400

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
      emit = (event) => write(`${JSON.stringify(event)}\n`)
      early.forEach(emit)
      const timer = setTimeout(end, seconds * 1000)
      return () => {
        clearTimeout(timer)
        stop()
      }
    },
  }
}

function formType({ form }: View): string {
  return `application/json;as=${form.as};g=meta.k8s.io;v=${form.version}`
}

/** `pods/log`: text that looks like the container's; `follow` adds a line per second until the caller leaves. */
export function logAnswer(call: Call, route: Route): Answer {
  const { query } = call.target
  const pod = storedObject(call.store, route)
  const container = chosenContainer(
    readList(pod, 'spec.containers').map((one) => readText(one, 'name')),
    query.first('container'),
  )
  const stamps = query.flag('timestamps')
  const past = pastLines(pod, container, call.now())
  const tail = query.has('tailLines') ? query.number('tailLines') : past.length
  const shown = tail === 0 ? [] : past.slice(-tail)
  const text = shown.map((line) => formatLine(line, stamps)).join('')
  if (!query.flag('follow')) return { kind: 'text', code: 200, text }
  return {
    kind: 'stream',
    contentType: 'text/plain',
    start: (write) => {
      let index = past.length
      if (text !== '') write(text)
      const timer = setInterval(() => {
        write(formatLine(nextLine(pod, container, index, call.now()), stamps))
        index += 1
      }, logIntervalMs)
      return () => clearInterval(timer)
    },
  }
}

function chosenContainer(names: readonly string[], asked: string): string {
  if (asked === '' && names.length > 1) {
    throw badRequest(`a container name must be specified, choose one of: [${names.join(' ')}]`)
  }
  const name = asked === '' ? names[0] : names.find((one) => one === asked)
  if (name === undefined) throw badRequest(`container ${asked} is not valid for this pod`)
  return name
}
