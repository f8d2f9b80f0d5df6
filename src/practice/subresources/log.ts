import { badRequest } from '../failure.ts'
import type { Answer, Call } from '../answer/answer.ts'
import { storedObject } from '../answer/reads.ts'
import type { Route } from '../answer/route.ts'
import { formatLine, logIntervalMs, nextLine, pastLines } from '../containers/phrases.ts'
import { readList, readText } from '../state/objects.ts'

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
